"""Attributes of ASF (WMA): Advanced Systems Format Specification 01.20.03, section 3."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, ClassVar
from uuid import UUID

from genretag.domain.places import COMMENT, GENRE, GROUPING, Place
from genretag.domain.stored_tags import StoredTag
from genretag.tags.container import Container, starts_with
from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError, Item, Tag, TagHandler
from genretag.tags.formats.splice import GROWTH, read_at, splice


def _guid(text: str) -> bytes:
    return UUID(text).bytes_le


_HEADER = _guid("75b22630-668e-11cf-a6d9-00aa0062ce6c")
_PADDING = _guid("1806d474-cadf-4509-a4ba-9aabcb96aae8")
_EXTENSION = _guid("5fbf03b5-a92e-11cf-8ee3-00c00c205365")
_CONTENT = _guid("d2d0a440-e307-11d2-97f0-00a0c95ea850")
_METADATA = _guid("c5f8cbea-5baf-4877-8467-aa8c44fa4cca")
_LIBRARY = _guid("44231c94-9498-49d1-a141-1d134e457054")
_DESCRIPTION = _guid("75b22633-668e-11cf-a6d9-00aa0062ce6c")
_HOLDERS = {"content": _CONTENT, "metadata": _METADATA, "library": _LIBRARY}
"""The objects that hold attributes: the first in the header, the others in its extension."""

_EMPTY_EXTENSION = _guid("abd3d211-a9ba-11cf-8ee6-00c00c205365") + b"\x06\0" + bytes(4)
_CONTENT_FIRST = b"content first"
_TEXT = 0
_NUMBERS = (2, 3, 4, 5)
"""The types of values that are numbers: a truth, and those of 4, 8 and 2 bytes."""

_DESCRIBED = "description"
"""A prefix of the names of texts that have an object of their own."""

_DESCRIPTIONS = ("Title", "Author", "Copyright", "Description", "Rating")
_COMMENT = f"{_DESCRIBED}/Description"
_MOST_DESCRIBED = 0xFFFF
"""Bytes of a text or a value beside the title; those in the library may have more."""

_HEAD = 24
"""Bytes of GUID and size before the content of an object."""


@dataclass(frozen=True)
class _Object:
    guid: bytes
    data: bytes

    @property
    def as_bytes(self) -> bytes:
        return self.guid + (_HEAD + len(self.data)).to_bytes(8, "little") + self.data


class Asf(TagHandler):
    """Repeated WM/Genre: the first beside the title, the others in the metadata library.

    An item's key is its object and its name, `content/WM/Genre`. The header of a tag says whether
    the object with the first comes first in the file: TagLib lists values as it meets them. A
    comment is the text Description in the object that has title and artist.
    """

    format = "ASF"
    place_labels: ClassVar = {
        GENRE: ("WM/Genre",), GROUPING: ("WM/ContentGroupDescription",), COMMENT: (_COMMENT,),
    }  # fmt: skip
    free_label = "{}"
    text_keys: ClassVar = {
        "title": ("Title",), "artist": ("Author",), "album_artist": ("WM/AlbumArtist",),
        "album": ("WM/AlbumTitle",), "album_id": ("MusicBrainz/Album Id",),
        "compilation": ("WM/IsCompilation",),
    }  # fmt: skip

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the attributes of all three objects, and the texts beside them."""
        items: list[Item] = []
        objects, _ = _read_header(file)
        for holder, guid in _HOLDERS.items():
            for object_ in (*objects, *_parse_extension(objects)):
                if object_.guid == guid:
                    items.extend(_parse_attributes(holder, object_.data))
        for object_ in objects:
            if object_.guid == _DESCRIPTION:
                items.extend(_parse_description(object_.data))
        return Tag(tuple(items), _read_order(objects))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the attributes; the padding object takes up the difference."""
        objects, size = _read_header(file)
        old, new = self.load(file) or Tag(), tag or Tag()
        contents = {
            guid: _pack(holder, new)
            for holder, guid in _HOLDERS.items()
            if _pack(holder, new) != _pack(holder, old)
        }
        extension = _replace(_parse_extension(objects), contents, (_METADATA, _LIBRARY))
        wrapped = _EMPTY_EXTENSION[:18] + _pack_length(extension) + _join(extension)
        if extension != _parse_extension(objects):
            contents[_EXTENSION] = wrapped
        if _pack_description(new) != _pack_description(old):
            contents[_DESCRIPTION] = _pack_description(new)
        objects = _replace(objects, contents, (_CONTENT, _DESCRIPTION, _EXTENSION))
        if new.header != _read_order(objects):
            objects = _swap_order(objects)
        splice(file, 0, size, _render(objects, size, read_at(file, 28, 2)))

    def label(self, item: Item) -> str:
        """Return its name without the object."""
        return item.key.partition("/")[2]

    def full_label(self, item: Item, tag: Tag) -> str:
        """Return its name; with the object before it, if that is the one of title and artist."""
        return item.key if item.key.startswith(_DESCRIBED) else self.label(item)

    def stored_texts(self, tag: Tag, place: Place = GENRE) -> list[str]:
        """Return the values as texts, whatever they are."""
        return [_decode_text(_read_value(item)) for item in self.items_of(tag, place)]

    def texts(self, tag: Tag) -> dict[str, str]:
        """Return the texts, title and artist from their own object before attributes called so."""
        items = sorted(tag.items, key=lambda item: not item.key.startswith(_DESCRIBED))
        return super().texts(replace(tag, items=tuple(items)))

    def decode(self, item: Item, tag: Tag) -> str:
        """Return the value of an attribute, a number in digits."""
        value = _read_value(item)
        is_number = _read_type(item) in _NUMBERS
        return str(int.from_bytes(value, "little")) if is_number else _decode_text(value)

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return the first text as content, as is the custom, each other one in the library."""
        name = self.labels(place)[0]
        if name == _COMMENT:
            return [Item(name, _encode_text(text)) for text in texts]
        items = []
        for position, text in enumerate(texts):
            holder = "library" if position else "content"
            items.append(Item(f"{holder}/{name}", _make_attribute(holder, name, text)))
        return items

    def with_values(self, tag: Tag, names: Sequence[str], place: Place = GENRE) -> Tag:
        """Put the object that holds the first of several before those with the others."""
        header = _CONTENT_FIRST if len(names) > 1 else tag.header
        return replace(super().with_values(tag, names, place), header=header)

    def undo_version(self, tag: Tag, before: Tag, written: bytes) -> tuple[Tag, tuple[Item, ...]]:
        """Put the objects back in their old order, if nobody has changed that since."""
        return (replace(tag, header=before.header) if tag.header == written else tag), ()

    def describe(self, tag: Tag) -> StoredTag:
        """Return the genres in the order of the file, and the other attributes."""
        first = tag.header == _CONTENT_FIRST
        attributes = (item for item in tag.items if not item.key.startswith(_DESCRIBED))
        items = sorted(attributes, key=lambda item: item.key.startswith("content/") != first)
        return super().describe(replace(tag, items=tuple(items)))

    def load_extras(self, file: BinaryIO) -> list[Item]:
        """Return the other objects of the header, such as markers and scripts."""
        objects, _ = _read_header(file)
        ours = {*_HOLDERS.values(), _DESCRIPTION, _PADDING, _EXTENSION}
        found = [o for o in (*objects, *_parse_extension(objects)) if o.guid not in ours]
        return [Item(str(UUID(bytes_le=o.guid)), o.data) for o in found]


def _read_header(file: BinaryIO) -> tuple[list[_Object], int]:
    """Return the objects of the header, and its size."""
    head = read_at(file, 0, 30)
    size = int.from_bytes(head[16:24], "little")
    if size < 30:
        raise BrokenTagsError("its ASF header is too short")
    return list(_parse_objects(read_at(file, 30, size - 30))), size


def _parse_objects(data: bytes) -> Iterator[_Object]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 16 : at + _HEAD], "little")
        if size < _HEAD or at + size > len(data):
            raise BrokenTagsError("an object of its ASF header is cut off")
        yield _Object(data[at : at + 16], data[at + _HEAD : at + size])
        at += size


def _parse_extension(objects: Sequence[_Object]) -> list[_Object]:
    """Return the objects in the header extension."""
    found = [object_.data for object_ in objects if object_.guid == _EXTENSION]
    return list(_parse_objects(found[0][22:])) if found else []


def _join(objects: Sequence[_Object]) -> bytes:
    return b"".join(object_.as_bytes for object_ in objects)


def _pack_length(objects: Sequence[_Object]) -> bytes:
    return len(_join(objects)).to_bytes(4, "little")


def _replace(
    objects: Sequence[_Object], contents: dict[bytes, bytes], here: Sequence[bytes]
) -> list[_Object]:
    """Return `objects` with new contents; those of `here` that are missing come last."""
    known = {object_.guid for object_ in objects}
    changed = [_Object(o.guid, contents.get(o.guid, o.data)) for o in objects]
    missing = [guid for guid in here if guid in contents and guid not in known]
    return [*changed, *(_Object(guid, contents[guid]) for guid in missing)]


def _read_order(objects: Sequence[_Object]) -> bytes:
    guids = [object_.guid for object_ in objects if object_.guid in (_CONTENT, _EXTENSION)]
    return _CONTENT_FIRST if guids[:1] == [_CONTENT] else b""


def _swap_order(objects: Sequence[_Object]) -> list[_Object]:
    """Return `objects` with the extension on the other side of the content."""
    extension = [object_ for object_ in objects if object_.guid == _EXTENSION]
    rest = [object_ for object_ in objects if object_.guid != _EXTENSION]
    places = [at for at, object_ in enumerate(rest) if object_.guid == _CONTENT]
    at = places[0] + (0 if _read_order(objects) else 1) if places else len(rest)
    return [*rest[:at], *extension, *rest[at:]]


def _render(objects: Sequence[_Object], room: int, reserved: bytes) -> bytes:
    kept = [object_ for object_ in objects if object_.guid != _PADDING]
    left = room - 30 - len(_join(kept))
    if left:
        kept.append(_Object(_PADDING, bytes(left - _HEAD if left >= _HEAD else GROWTH)))
    body = _join(kept)
    size, count = (30 + len(body)).to_bytes(8, "little"), len(kept).to_bytes(4, "little")
    return _HEADER + size + count + reserved + body


def _parse_attributes(holder: str, data: bytes) -> Iterator[Item]:
    at = 2
    for _ in range(int.from_bytes(data[:2], "little")):
        name, _, _, end = _locate(holder, data, at)
        if end > len(data):
            raise BrokenTagsError("an attribute of its ASF header is cut off")
        yield Item(f"{holder}/{name}", data[at:end])
        at = end


def _locate(holder: str, data: bytes, at: int) -> tuple[str, int, int, int]:
    """Return name and type of the attribute at `at`, where its value starts, and where it ends."""

    def read(position: int, width: int = 2) -> int:
        return int.from_bytes(data[position : position + width], "little")

    if holder == "content":
        name_at, name_size = at + 2, read(at)
        value_at = name_at + name_size + 4
        kind, end = read(value_at - 4), value_at + read(value_at - 2)
    else:
        name_at, name_size = at + 12, read(at + 4)
        value_at = name_at + name_size
        kind, end = read(at + 6), value_at + read(at + 8, 4)
    name = data[name_at : name_at + name_size].decode("utf-16-le", "replace")
    return name.rstrip("\0"), kind, value_at, end


def _parse_description(data: bytes) -> Iterator[Item]:
    """Yield the texts that the object of title and artist has, and what follows them, if any."""
    at = 2 * len(_DESCRIPTIONS)
    for position, name in enumerate(_DESCRIPTIONS):
        end = at + int.from_bytes(data[2 * position : 2 * position + 2], "little")
        if data[at:end]:
            yield Item(f"{_DESCRIBED}/{name}", data[at:end])
        at = end
    if data[at:]:
        yield Item(f"{_DESCRIBED}/", data[at:])


def _pack_description(tag: Tag) -> bytes:
    texts = dict.fromkeys((*_DESCRIPTIONS, ""), b"")
    for item in tag.items:
        holder, _, name = item.key.partition("/")
        if holder == _DESCRIBED:
            texts[name] = item.data
    *described, rest = texts.values()
    if any(len(text) > _MOST_DESCRIBED for text in described):
        raise CannotWriteError("its comment is longer than ASF allows")
    sizes = (len(text).to_bytes(2, "little") for text in described)
    return b"".join((*sizes, *described, rest))


def _read_value(item: Item) -> bytes:
    """Return the value of an attribute, or of a text that is one by itself."""
    if item.key.startswith(_DESCRIBED):
        return item.data
    _, _, start, end = _locate(item.key.partition("/")[0], item.data, 0)
    return item.data[start:end]


def _read_type(item: Item) -> int:
    """Return the type of an attribute's value."""
    if item.key.startswith(_DESCRIBED):
        return _TEXT
    return _locate(item.key.partition("/")[0], item.data, 0)[1]


def _decode_text(value: bytes) -> str:
    return value.decode("utf-16-le", "replace").rstrip("\0")


def _encode_text(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le")


def _make_attribute(holder: str, label: str, text: str) -> bytes:
    name, value = _encode_text(label), _encode_text(text)
    sizes = len(name).to_bytes(2, "little"), len(value).to_bytes(4, "little")
    if holder == "content":
        if len(value) > _MOST_DESCRIBED:
            raise CannotWriteError("a genre is longer than ASF allows")
        return sizes[0] + name + _TEXT.to_bytes(2, "little") + sizes[1][:2] + value
    return bytes(4) + sizes[0] + _TEXT.to_bytes(2, "little") + sizes[1] + name + value


def _pack(holder: str, tag: Tag) -> bytes:
    items = [item.data for item in tag.items if item.key.startswith(f"{holder}/")]
    return len(items).to_bytes(2, "little") + b"".join(items)


CONTAINERS = (Container("ASF", starts_with(_HEADER), (Asf(),)),)
