"""Attributes of ASF (WMA): Advanced Systems Format Specification 01.20.03, section 3."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO
from uuid import UUID

from genretag.domain.stored_tags import StoredTag
from genretag.tags.model import BrokenTagsError, CannotWriteError, Item, Kind, Tag
from genretag.tags.splice import GROWTH, read_at, splice


def _guid(text: str) -> bytes:
    return UUID(text).bytes_le


HEADER = _guid("75b22630-668e-11cf-a6d9-00aa0062ce6c")
_PADDING = _guid("1806d474-cadf-4509-a4ba-9aabcb96aae8")
_EXTENSION = _guid("5fbf03b5-a92e-11cf-8ee3-00c00c205365")
_CONTENT = _guid("d2d0a440-e307-11d2-97f0-00a0c95ea850")
_METADATA = _guid("c5f8cbea-5baf-4877-8467-aa8c44fa4cca")
_LIBRARY = _guid("44231c94-9498-49d1-a141-1d134e457054")
_PLACES = {"content": _CONTENT, "metadata": _METADATA, "library": _LIBRARY}
"""The objects that hold attributes: the first in the header, the others in its extension."""

_EMPTY_EXTENSION = _guid("abd3d211-a9ba-11cf-8ee6-00c00c205365") + b"\x06\0" + bytes(4)
_CONTENT_FIRST = b"content first"
_NAME = "WM/Genre"
_TEXT = 0
_HEAD = 24
"""Bytes of GUID and size before the content of an object."""


@dataclass(frozen=True)
class _Object:
    guid: bytes
    data: bytes

    @property
    def rendered(self) -> bytes:
        return self.guid + (_HEAD + len(self.data)).to_bytes(8, "little") + self.data


class Asf(Kind):
    """Repeated WM/Genre: the first beside the title, the others in the metadata library.

    An item's key is its object and its name, `content/WM/Genre`. The header of a tag says whether
    the object with the first comes first in the file: TagLib lists values as it meets them.
    """

    format = "ASF"

    def load(self, file: BinaryIO) -> Tag | None:
        """The attributes of all three objects."""
        items: list[Item] = []
        objects, _ = _header(file)
        for place, guid in _PLACES.items():
            for object_ in (*objects, *_extended(objects)):
                if object_.guid == guid:
                    items.extend(_attributes(place, object_.data))
        return Tag(tuple(items), _order(objects))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the attributes; the padding object takes up the difference."""
        objects, size = _header(file)
        old, new = self.load(file) or Tag(), tag or Tag()
        contents = {
            guid: _packed(place, new)
            for place, guid in _PLACES.items()
            if _packed(place, new) != _packed(place, old)
        }
        extension = _replaced(_extended(objects), contents, (_METADATA, _LIBRARY))
        wrapped = _EMPTY_EXTENSION[:18] + _length(extension) + _joined(extension)
        if extension != _extended(objects):
            contents[_EXTENSION] = wrapped
        objects = _replaced(objects, contents, (_CONTENT, _EXTENSION))
        if new.header != _order(objects):
            objects = _turned(objects)
        splice(file, 0, size, _rendered(objects, size, read_at(file, 28, 2)))

    def is_genre(self, item: Item) -> bool:
        """Whether it is WM/Genre, wherever it stands."""
        return self.label(item) == _NAME

    def label(self, item: Item) -> str:
        """Its name without the object."""
        return item.key.partition("/")[2]

    def texts(self, tag: Tag) -> list[str]:
        """The values that are texts."""
        found = [item for item in tag.items if self.is_genre(item)]
        values = [_value(item) for item in found]
        return [value.decode("utf-16-le", "replace").rstrip("\0") for value in values]

    def encoded(self, names: Sequence[str], tag: Tag) -> list[Item]:
        """The first name as content, as is the custom, each other one in the library."""
        items = []
        for position, name in enumerate(names):
            place = "library" if position else "content"
            items.append(Item(f"{place}/{_NAME}", _attribute(place, name)))
        return items

    def with_genres(self, tag: Tag, names: Sequence[str]) -> Tag:
        """With several, the object that holds the first goes before those with the others."""
        header = _CONTENT_FIRST if len(names) > 1 else tag.header
        return replace(super().with_genres(tag, names), header=header)

    def reverted(self, tag: Tag, before: Tag, written: bytes) -> tuple[Tag, tuple[Item, ...]]:
        """With the objects in their old order, if nobody has changed that since."""
        return (replace(tag, header=before.header) if tag.header == written else tag), ()

    def stored(self, tag: Tag) -> StoredTag:
        """The genres in the order of the file."""
        first = tag.header == _CONTENT_FIRST
        items = sorted(tag.items, key=lambda item: item.key.startswith("content/") != first)
        return super().stored(replace(tag, items=tuple(items)))

    def extras(self, file: BinaryIO) -> list[Item]:
        """The other objects of the header: title and artist, markers, scripts."""
        objects, _ = _header(file)
        ours = {*_PLACES.values(), _PADDING, _EXTENSION}
        found = [o for o in (*objects, *_extended(objects)) if o.guid not in ours]
        return [Item(str(UUID(bytes_le=o.guid)), o.data) for o in found]


def _header(file: BinaryIO) -> tuple[list[_Object], int]:
    """The objects of the header, and its size."""
    head = read_at(file, 0, 30)
    size = int.from_bytes(head[16:24], "little")
    if size < 30:
        raise BrokenTagsError("its ASF header is too short")
    return list(_objects(read_at(file, 30, size - 30))), size


def _objects(data: bytes) -> Iterator[_Object]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 16 : at + _HEAD], "little")
        if size < _HEAD or at + size > len(data):
            raise BrokenTagsError("an object of its ASF header is cut off")
        yield _Object(data[at : at + 16], data[at + _HEAD : at + size])
        at += size


def _extended(objects: Sequence[_Object]) -> list[_Object]:
    """The objects in the header extension."""
    found = [object_.data for object_ in objects if object_.guid == _EXTENSION]
    return list(_objects(found[0][22:])) if found else []


def _joined(objects: Sequence[_Object]) -> bytes:
    return b"".join(object_.rendered for object_ in objects)


def _length(objects: Sequence[_Object]) -> bytes:
    return len(_joined(objects)).to_bytes(4, "little")


def _replaced(
    objects: Sequence[_Object], contents: dict[bytes, bytes], here: Sequence[bytes]
) -> list[_Object]:
    """`objects` with new contents; those of `here` that are missing come last."""
    known = {object_.guid for object_ in objects}
    changed = [_Object(o.guid, contents.get(o.guid, o.data)) for o in objects]
    missing = [guid for guid in here if guid in contents and guid not in known]
    return [*changed, *(_Object(guid, contents[guid]) for guid in missing)]


def _order(objects: Sequence[_Object]) -> bytes:
    guids = [object_.guid for object_ in objects if object_.guid in (_CONTENT, _EXTENSION)]
    return _CONTENT_FIRST if guids[:1] == [_CONTENT] else b""


def _turned(objects: Sequence[_Object]) -> list[_Object]:
    """`objects` with the extension on the other side of the content."""
    extension = [object_ for object_ in objects if object_.guid == _EXTENSION]
    rest = [object_ for object_ in objects if object_.guid != _EXTENSION]
    places = [at for at, object_ in enumerate(rest) if object_.guid == _CONTENT]
    at = places[0] + (0 if _order(objects) else 1) if places else len(rest)
    return [*rest[:at], *extension, *rest[at:]]


def _rendered(objects: Sequence[_Object], room: int, reserved: bytes) -> bytes:
    kept = [object_ for object_ in objects if object_.guid != _PADDING]
    left = room - 30 - len(_joined(kept))
    if left:
        kept.append(_Object(_PADDING, bytes(left - _HEAD if left >= _HEAD else GROWTH)))
    body = _joined(kept)
    size, count = (30 + len(body)).to_bytes(8, "little"), len(kept).to_bytes(4, "little")
    return HEADER + size + count + reserved + body


def _attributes(place: str, data: bytes) -> Iterator[Item]:
    at = 2
    for _ in range(int.from_bytes(data[:2], "little")):
        name, _, end = _fields(place, data, at)
        if end > len(data):
            raise BrokenTagsError("an attribute of its ASF header is cut off")
        yield Item(f"{place}/{name}", data[at:end])
        at = end


def _fields(place: str, data: bytes, at: int) -> tuple[str, int, int]:
    """The name of the attribute at `at`, where its value starts, and where it ends."""

    def number(position: int, width: int = 2) -> int:
        return int.from_bytes(data[position : position + width], "little")

    if place == "content":
        name_at, name_size = at + 2, number(at)
        value_at = name_at + name_size + 4
        end = value_at + number(value_at - 2)
    else:
        name_at, name_size = at + 12, number(at + 4)
        value_at = name_at + name_size
        end = value_at + number(at + 8, 4)
    name = data[name_at : name_at + name_size].decode("utf-16-le", "replace")
    return name.rstrip("\0"), value_at, end


def _value(item: Item) -> bytes:
    place = item.key.partition("/")[0]
    _, start, end = _fields(place, item.data, 0)
    return item.data[start:end]


def _attribute(place: str, text: str) -> bytes:
    name = f"{_NAME}\0".encode("utf-16-le")
    value = f"{text}\0".encode("utf-16-le")
    sizes = len(name).to_bytes(2, "little"), len(value).to_bytes(4, "little")
    if place == "content":
        if len(value) > 0xFFFF:
            raise CannotWriteError("a genre is longer than ASF allows")
        return sizes[0] + name + _TEXT.to_bytes(2, "little") + sizes[1][:2] + value
    return bytes(4) + sizes[0] + _TEXT.to_bytes(2, "little") + sizes[1] + name + value


def _packed(place: str, tag: Tag) -> bytes:
    items = [item.data for item in tag.items if item.key.startswith(f"{place}/")]
    return len(items).to_bytes(2, "little") + b"".join(items)
