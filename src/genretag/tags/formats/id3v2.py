"""ID3v2 tags in the places where containers keep them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, ClassVar

from genretag.domain.layout import PLAIN, Layout
from genretag.domain.places import COMMENT, GENRE, GROUPING, Place
from genretag.tags.formats import id3v2_frames, id3v2_versions
from genretag.tags.formats.chunks import SOUND, ChunkFile, Order
from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError, Item, Tag, TagHandler
from genretag.tags.formats.names import SEPARATOR, escape_name
from genretag.tags.formats.splice import read_at, size_of, splice

_PICTURES = ("APIC", "PIC", id3v2_frames.JUNK)
_TEXTS = re.compile("T|COMM?$|USLT$|ULT$")
_NAMED = ("TXX", "TXXX")
_GROUPINGS = ("GRP1", "TIT1")
_COMMENT = "COMM:"
_LANGUAGE = b"eng"
"""Of new comments, as Picard writes them."""
_DESCRIBED = {"TXXX": 1, "COMM": 4}
"""Frames with a description before their text, and the byte where that begins."""
_MOST_DESCRIPTION = 256
_END = "\0"
_COMPRESSED = 0x88
"""The flags of v2.3 and v2.4 for that; each means nothing in the other version."""


class Id3v2(TagHandler):
    """A TCON (v2.2: TCO) frame; several names are joined before v2.4, which has lists.

    A tag keeps its version. A new one is v2.3, which everything reads that reads ID3, as
    long as there is one genre; several need v2.4, the first version to have lists.

    A grouping is in GRP1, as iTunes and TagLib have it, but in TIT1 where a tag has that alone:
    before iTunes 12 all programs wrote it there, and Picard and beets still do. Beside a GRP1 it
    is the work that a movement belongs to. A comment is a COMM without a description, the one that
    players show; others are notes of programs.
    """

    format = "ID3v2"
    place_labels: ClassVar = {GENRE: ("TCON",), GROUPING: _GROUPINGS, COMMENT: (_COMMENT,)}
    free_label = "TXXX:{}"
    # In v2.2, v2.3 and v2.4.
    text_keys: ClassVar = {
        "title": ("TT2", "TIT2", "TIT2"), "artist": ("TP1", "TPE1", "TPE1"),
        "album": ("TAL", "TALB", "TALB"), "date": ("TYE", "TYER", "TDRC"),
        "comment": ("COM", "COMM", "COMM"), "track": ("TRK", "TRCK", "TRCK"),
        "album_artist": ("TP2", "TPE2"), "album_id": _NAMED, "compilation": ("TCP", "TCMP"),
    }  # fmt: skip
    removed_when_empty = True
    reads_numbers = True

    def locate(self, file: BinaryIO) -> tuple[int, int]:
        """Return where the tag is or would be and for how many bytes it has room, 0 for no tag."""
        return 0, id3v2_frames.read_total_size(read_at(file, 0, min(10, size_of(file))))

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the tag as whole frames."""
        offset, room = self.locate(file)
        if not room:
            return None
        header = read_at(file, offset, min(id3v2_frames.HEADER_SIZE, room))
        size = id3v2_frames.read_total_size(header)
        if not size or size > room:
            raise BrokenTagsError("its ID3v2 tag is cut off")
        return id3v2_frames.parse(read_at(file, offset, size))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Write the tag over the old one and its padding; the file grows only if it must."""
        offset, room = self.locate(file)
        splice(file, offset, room, id3v2_frames.render(tag, room) if tag else b"")

    def full_label(self, item: Item, tag: Tag) -> str:
        """Return its name in v2.4, and the description of a TXXX or COMM: `TXXX:STYLE`."""
        key = id3v2_versions.SUCCESSORS.get(item.key, item.key)
        if key not in _DESCRIBED:
            return key
        content, start = _unpack_small(id3v2_frames.Form.of(tag), item), _DESCRIBED[key]
        text = id3v2_frames.decode_text(content[:1] + content[start : start + _MOST_DESCRIPTION])
        return f"{key}:{text.partition(_END)[0]}" if content else key

    def items_of(self, tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return the frames that hold `place`; of a grouping those of one name."""
        items = super().items_of(tag, place)
        if place != GROUPING:
            return items
        keys = [self.full_label(item, tag) for item in items]
        chosen = next((key for key in _GROUPINGS if key in keys), "")
        return [item for item, key in zip(items, keys, strict=True) if key == chosen]

    def stored_texts(self, tag: Tag, place: Place = GENRE) -> list[str]:
        """Return the text of each such frame, without its description."""
        form = id3v2_frames.Form.of(tag)
        found = []
        for item in self.items_of(tag, place):
            content = id3v2_frames.unpack(form, item)
            if content:
                start = _DESCRIBED.get(id3v2_versions.SUCCESSORS.get(item.key, item.key))
                text = id3v2_frames.decode_text(content[:1] + content[start or 1 :])
                found.append(text if start is None else text.partition(_END)[2])
        return found

    def decode(self, item: Item, tag: Tag) -> str:
        """Return the text of a frame; of those that hold a name, only the album's id.

        Compressed ones may become as large as they like, so they have none.
        """
        named = item.key in _NAMED
        # Most of these are others, which need not be decoded to be told apart.
        if named and self.album_id_name not in item.data.replace(b"\0", b"").lower():
            return ""
        text = id3v2_frames.decode_text(_unpack_small(id3v2_frames.Form.of(tag), item))
        if not named:
            return text
        name, _, value = text.partition("\0")
        return value if name.lower().encode() == self.album_id_name else ""

    def version(self, tag: Tag) -> str:
        """Return a version such as 2.4."""
        return f"2.{id3v2_frames.Form.of(tag).major}"

    def escape(self, name: str) -> str:
        """Double a bracket at the start where it would refer to ID3v1."""
        return escape_name(name)

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return one frame, or none; before v2.4, which has lists, with one text."""
        if not texts:
            return []
        form = id3v2_frames.Form.of(tag)
        there = self.items_of(tag, place) if place == GROUPING else ()
        label = self.full_label(there[0], tag) if there else self.labels(place)[0]
        key, _, description = label.partition(":")
        has_lists = form.major == 4 and key != "COMM"
        values = list(texts) if has_lists else [SEPARATOR.join(texts)]
        content = id3v2_frames.encode_text(form, [description] * (key == "TXXX") + values)
        if key == "COMM":
            content = _put_language(content, _LANGUAGE)
        return [form.frame(id3v2_versions.PREDECESSORS[key] if form.major == 2 else key, content)]

    def with_values(self, tag: Tag, names: Sequence[str], place: Place = GENRE) -> Tag:
        """Put `names` into it; a tag that is only now created gets a version first."""
        tag = _set_version(tag, _choose_new_version(PLAIN, len(names)))
        return super().with_values(tag, names, place)

    def new_tag(self) -> Tag:
        """Return a tag without frames and without a version."""
        return Tag(header=_NO_VERSION)

    def ends_search(self, tag: Tag) -> bool:
        """Return whether it has texts: TagLib stops at any frame, FFmpeg only at these."""
        return any(_TEXTS.match(item.key) for item in tag.items)

    def with_texts(self, tag: Tag, fields: Mapping[str, str]) -> Tag:
        """Add frames of the version that the tag has, before its pictures."""
        form = id3v2_frames.Form.of(tag)
        there = {item.key for item in tag.items}
        keys = {self.text_keys[field][form.major - 2]: text for field, text in fields.items()}
        new = [_make_frame(form, key, text) for key, text in keys.items() if key not in there]
        at = self.find_position(tag.items)
        return replace(tag, items=(*tag.items[:at], *new, *tag.items[at:]))

    def with_version(self, tag: Tag, layout: Layout, n_genres: int) -> Tag:
        """Give a new tag a version, another one the version that `layout` wants."""
        if tag.header == _NO_VERSION:
            return _set_version(tag, _choose_new_version(layout, n_genres))
        return id3v2_versions.convert(tag, _choose_version(tag, layout, n_genres))

    def changed_keys(self, tag: Tag, layout: Layout) -> set[str]:
        """Return the frames whose name or content differs in the version that `layout` may want."""
        new = self.with_version(tag, layout, n_genres=2)
        old_contents, new_contents = _group_contents(tag), _group_contents(new)
        keys = old_contents.keys() | new_contents.keys()
        return {key for key in keys if old_contents.get(key) != new_contents.get(key)}

    def version_costs(self, tag: Tag, layout: Layout, n_genres: int) -> tuple[str, ...]:
        """Return what a change of version costs."""
        if tag.header == _NO_VERSION:
            return ()
        return id3v2_versions.describe_costs(tag, _choose_version(tag, layout, n_genres))

    def undo_version(self, tag: Tag, before: Tag, written: bytes) -> tuple[Tag, tuple[Item, ...]]:
        """Put frames that somebody has changed since into the old version as they are now."""
        headers = (before.header, written, tag.header)
        old, changed, now = (_major_version(header) for header in headers)
        if old == changed or now != changed:
            return tag, ()
        rest, unchanged = list(tag.items), []
        for group in id3v2_versions.group_items(before.items):
            frames = id3v2_versions.convert(replace(before, items=tuple(group)), changed).items
            if all(frame in rest for frame in frames):
                rest = [item for item in rest if item not in frames]
                unchanged.extend(group)
        if old == 2 and rest:
            return tag, ()  # other programs write no such old version either
        try:
            # A list that the old version had all the same is among them.
            tag = id3v2_versions.convert(replace(tag, items=tuple(rest)), old, joined=False)
        except CannotWriteError:
            return tag, ()  # it keeps its version: the genre matters more
        return replace(tag, header=before.header), tuple(unchanged)

    def convert_items(
        self, items: Sequence[Item], header: bytes, tag: Tag, place: Place
    ) -> list[Item]:
        """Return the frames as they were if the version is the same, else with the same texts."""
        old, now = id3v2_frames.Form.of(Tag(header=header)), id3v2_frames.Form.of(tag)
        if old == now:
            return list(items)
        texts = "\0".join(self.stored_texts(Tag(tuple(items), header), place)).split("\0")
        return self.encode(texts, replace(tag, items=tuple(items)), place) if items else []

    def find_position(self, items: Sequence[Item]) -> int:
        """Return the position before the pictures, which some players do not read past."""
        keys = [item.key for item in items]
        return next((n for n, key in enumerate(keys) if key in _PICTURES), len(items))


_NO_VERSION = b""
"""The header of a tag that is only now made: its version depends on how many genres it gets."""


def _set_version(tag: Tag, major: int) -> Tag:
    """Return `tag` with a version, if it has none yet."""
    return (
        replace(tag, header=id3v2_frames.Form(major).header) if tag.header == _NO_VERSION else tag
    )


def _major_version(header: bytes) -> int:
    return id3v2_frames.Form.of(Tag(header=header)).major


def _unpack_small(form: id3v2_frames.Form, item: Item) -> bytes:
    """Return the content of a frame; none of one that may become as large as it likes."""
    if form.major > 2 and item.data[9] & _COMPRESSED:
        return b""
    return id3v2_frames.unpack(form, item) or b""


def _put_language(content: bytes, language: bytes) -> bytes:
    """Return the content of a comment, from that of a text: an empty description comes before."""
    empty = b"\xff\xfe\0\0" if content[:1] == b"\1" else b"\0"
    return content[:1] + language + empty + content[1:]


def _make_frame(form: id3v2_frames.Form, key: str, text: str) -> Item:
    # What it said in Latin-1 keeps its bytes: a player may guess that they are something else.
    latin = text.encode("latin-1", "replace")
    same = latin.decode("latin-1") == text
    content = b"\0" + latin if same else id3v2_frames.encode_text(form, [text])
    return form.frame(key, _put_language(content, b"XXX") if key in ("COMM", "COM") else content)


def _choose_new_version(layout: Layout, n_genres: int) -> int:
    """Return the version of a new tag: v2.4 for a list, else v2.3, which all players read."""
    default = 4 if n_genres > 1 and "ID3v2" not in layout.joined else 3
    return {"v2.4": 4, "v2.3": 3}.get(layout.id3, default)


def _choose_version(tag: Tag, layout: Layout, n_genres: int) -> int:
    """Return the version that `layout` wants for a tag."""
    own = id3v2_frames.Form.of(tag).major
    raised = layout.id3_lists and n_genres > 1 and "ID3v2" not in layout.joined
    return {"v2.4": 4, "v2.3": 3}.get(layout.id3, 4 if raised else own)


def _group_contents(tag: Tag) -> dict[str, list[bytes]]:
    """Return the contents of the frames by their keys, without headers."""
    size = id3v2_frames.Form.of(tag).frame_header_size
    found: dict[str, list[bytes]] = {}
    for item in tag.items:
        found.setdefault(item.key, []).append(item.data[size:])
    return found


class ChunkId3v2(Id3v2):
    """In a chunk of a WAV or AIFF file, whose name stays as it is."""

    def __init__(self, order: Order, *names: bytes) -> None:
        self._order: Order = order
        self._names = names

    def _open_chunks(self, file: BinaryIO) -> ChunkFile:
        return ChunkFile(file, self._order)

    def locate(self, file: BinaryIO) -> tuple[int, int]:
        """Return where the content of the chunk is, and how long it is."""
        chunk = self._open_chunks(file).find(*self._names)
        return (chunk.offset, chunk.size) if chunk else (0, 0)

    def load_extras(self, file: BinaryIO) -> list[Item]:
        """Return the other chunks, but for the audio and what other handlers read."""
        found = []
        for chunk in self._open_chunks(file).chunks():
            size = min(chunk.size, size_of(file) - chunk.offset)
            data = b"" if chunk.name in SOUND else read_at(file, chunk.offset, size)
            if chunk.name not in (*SOUND, *self._names) and not data.startswith(b"INFO"):
                found.append(Item(f"chunk {chunk.name.decode('latin-1')}", data))
        return found

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the chunk, or append one."""
        chunks = self._open_chunks(file)
        chunk = chunks.find(*self._names)
        content = id3v2_frames.render(tag, chunk.size if chunk else 0) if tag else None
        if chunk or content:
            chunks.replace(chunk, self._names[0], content)
