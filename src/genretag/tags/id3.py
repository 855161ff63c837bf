"""ID3v2 tags in the places where containers keep them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from genretag.domain.layout import PLAIN, Layout
from genretag.tags import id3v2, id3versions
from genretag.tags.chunks import SOUND, ChunkFile, Order
from genretag.tags.model import BrokenTagsError, CannotWriteError, Item, Kind, Tag
from genretag.tags.names import JOINT, escaped
from genretag.tags.splice import read_at, size_of, splice, write_at

_PICTURES = ("APIC", "PIC", id3v2.JUNK)
_TEXTS = re.compile("T|COMM?$|USLT$|ULT$")
_V22 = {
    "title": "TT2", "artist": "TP1", "album": "TAL", "date": "TYE", "comment": "COM",
    "track": "TRK",
}  # fmt: skip
_V23 = {
    "title": "TIT2", "artist": "TPE1", "album": "TALB", "date": "TYER", "comment": "COMM",
    "track": "TRCK",
}  # fmt: skip
_FIELDS = {2: _V22, 3: _V23, 4: _V23 | {"date": "TDRC"}}
"""The frames that hold what ID3v1 says, by version."""


class Id3v2(Kind):
    """A TCON (v2.2: TCO) frame; several names are joined before v2.4, which has lists.

    A tag keeps its version. A new one is v2.3, which everything reads that reads ID3, as
    long as there is one genre; several need v2.4, the first version to have lists.
    """

    format = "ID3v2"
    disposable = True
    numbers = True

    def span(self, file: BinaryIO) -> tuple[int, int]:
        """Where the tag is, or would be, and how many bytes it has room for, 0 for no tag."""
        return 0, id3v2.total_size(read_at(file, 0, min(10, size_of(file))))

    def load(self, file: BinaryIO) -> Tag | None:
        """The tag as whole frames."""
        offset, room = self.span(file)
        if not room:
            return None
        header = read_at(file, offset, min(id3v2.HEADER_SIZE, room))
        size = id3v2.total_size(header)
        if not size or size > room:
            raise BrokenTagsError("its ID3v2 tag is cut off")
        return id3v2.parsed(read_at(file, offset, size))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Write the tag over the old one and its padding; the file grows only if it must."""
        offset, room = self.span(file)
        splice(file, offset, room, id3v2.rendered(tag, room) if tag else b"")

    def is_genre(self, item: Item) -> bool:
        """Whether it is a TCON or TCO frame."""
        return item.key in ("TCON", "TCO")

    def texts(self, tag: Tag) -> list[str]:
        """The text of each such frame."""
        form = id3v2.Form.of(tag)
        contents = [id3v2.content(form, item) for item in tag.items if self.is_genre(item)]
        return [id3v2.text_of(content) for content in contents if content]

    def version(self, tag: Tag) -> str:
        """Such as 2.4."""
        return f"2.{id3v2.Form.of(tag).major}"

    def spelled(self, name: str) -> str:
        """A bracket at the start is doubled where it would refer to ID3v1."""
        return escaped(name)

    def encoded(self, texts: Sequence[str], tag: Tag) -> list[Item]:
        """One frame, or none; before v2.4, which has lists, with one text."""
        if not texts:
            return []
        form = id3v2.Form.of(tag)
        key = "TCO" if form.major == 2 else "TCON"
        values = texts if form.major == 4 else [JOINT.join(texts)]
        return [form.frame(key, id3v2.text_content(form, values))]

    def with_genres(self, tag: Tag, names: Sequence[str]) -> Tag:
        """A tag that is only now made gets a version first."""
        return super().with_genres(_settled(tag, _version(PLAIN, len(names))), names)

    def new(self) -> Tag:
        """No frames yet, and no version."""
        return Tag(header=_UNSETTLED)

    def hides(self, tag: Tag) -> bool:
        """TagLib looks no further for any frame, FFmpeg only for texts."""
        return any(_TEXTS.match(item.key) for item in tag.items)

    def described(self, tag: Tag, fields: Mapping[str, str]) -> Tag:
        """Frames of the version that the tag has, before its pictures."""
        form = id3v2.Form.of(tag)
        there = {item.key for item in tag.items}
        keys = {_FIELDS[form.major][field]: text for field, text in fields.items()}
        new = [_frame(form, key, text) for key, text in keys.items() if key not in there]
        at = self.place(tag.items)
        return replace(tag, items=(*tag.items[:at], *new, *tag.items[at:]))

    def laid_out(self, tag: Tag, layout: Layout, genres: int) -> Tag:
        """A new tag gets a version, another one the version that `layout` wants."""
        if tag.header == _UNSETTLED:
            return _settled(tag, _version(layout, genres))
        return id3versions.converted(tag, _wanted(tag, layout, genres))

    def rewritten(self, tag: Tag, layout: Layout) -> set[str]:
        """The frames whose name or content differs in the version that `layout` may want."""
        new = self.laid_out(tag, layout, genres=2)
        old_contents, new_contents = _contents(tag), _contents(new)
        keys = old_contents.keys() | new_contents.keys()
        return {key for key in keys if old_contents.get(key) != new_contents.get(key)}

    def costs(self, tag: Tag, layout: Layout, genres: int) -> tuple[str, ...]:
        """What a change of version costs."""
        if tag.header == _UNSETTLED:
            return ()
        return id3versions.costs(tag, _wanted(tag, layout, genres))

    def reverted(self, tag: Tag, before: Tag, written: bytes) -> tuple[Tag, tuple[Item, ...]]:
        """Frames that somebody has changed since are put into the old version as they are now."""
        old, made, now = (_major(header) for header in (before.header, written, tag.header))
        if old == made or now != made:
            return tag, ()
        rest, unchanged = list(tag.items), []
        for group in id3versions.grouped(before.items):
            frames = id3versions.converted(replace(before, items=tuple(group)), made).items
            if all(frame in rest for frame in frames):
                rest = [item for item in rest if item not in frames]
                unchanged.extend(group)
        if old == 2 and rest:
            return tag, ()  # other programs write no such old version either
        try:
            # A list that the old version had all the same is among them.
            tag = id3versions.converted(replace(tag, items=tuple(rest)), old, joined=False)
        except CannotWriteError:
            return tag, ()  # it keeps its version: the genre matters more
        return replace(tag, header=before.header), tuple(unchanged)

    def adopted(self, items: Sequence[Item], header: bytes, tag: Tag) -> list[Item]:
        """The frames as they were where the version is the same, else with the same texts."""
        old, now = id3v2.Form.of(Tag(header=header)), id3v2.Form.of(tag)
        if old == now:
            return list(items)
        texts = "\0".join(self.texts(Tag(tuple(items), header))).split("\0")
        return self.encoded(texts, tag) if items else []

    def place(self, items: Sequence[Item]) -> int:
        """Before the pictures, which some players do not read past."""
        keys = [item.key for item in items]
        return next((n for n, key in enumerate(keys) if key in _PICTURES), len(items))


_UNSETTLED = b""
"""The header of a tag that is only now made: its version depends on how many genres it gets."""


def _settled(tag: Tag, major: int) -> Tag:
    """`tag` with a version, if it has none yet."""
    return replace(tag, header=id3v2.Form(major).header) if tag.header == _UNSETTLED else tag


def _major(header: bytes) -> int:
    return id3v2.Form.of(Tag(header=header)).major


def _frame(form: id3v2.Form, key: str, text: str) -> Item:
    # What it said in Latin-1 keeps its bytes: a player may guess that they are something else.
    latin = text.encode("latin-1", "replace")
    same = latin.decode("latin-1") == text
    content = b"\0" + latin if same else id3v2.text_content(form, [text])
    if key in ("COMM", "COM"):
        # A language and an empty description, in the same encoding, stand before the text.
        empty = b"\xff\xfe\0\0" if content[:1] == b"\1" else b"\0"
        content = content[:1] + b"XXX" + empty + content[1:]
    return form.frame(key, content)


def _version(layout: Layout, genres: int) -> int:
    """The version of a new tag: v2.4 if it gets a list, else v2.3, which every player reads."""
    by_default = 4 if genres > 1 and "ID3v2" not in layout.joined else 3
    return {"v2.4": 4, "v2.3": 3}.get(layout.id3, by_default)


def _wanted(tag: Tag, layout: Layout, genres: int) -> int:
    """The version that `layout` wants for a tag."""
    own = id3v2.Form.of(tag).major
    raised = layout.id3_lists and genres > 1 and "ID3v2" not in layout.joined
    return {"v2.4": 4, "v2.3": 3}.get(layout.id3, 4 if raised else own)


def _contents(tag: Tag) -> dict[str, list[bytes]]:
    """The contents of the frames by their keys, without headers."""
    size = id3v2.Form.of(tag).frame_header_size
    found: dict[str, list[bytes]] = {}
    for item in tag.items:
        found.setdefault(item.key, []).append(item.data[size:])
    return found


class LeadingId3v2(Id3v2):
    """At the start of the file, before the sound."""


class ChunkId3v2(Id3v2):
    """In a chunk of a WAV or AIFF file, whose name stays as it is."""

    def __init__(self, order: Order, *names: bytes) -> None:
        super().__init__()
        self._order: Order = order
        self._names = names

    def _chunks(self, file: BinaryIO) -> ChunkFile:
        return ChunkFile(file, self._order)

    def span(self, file: BinaryIO) -> tuple[int, int]:
        """The content of the chunk."""
        chunk = self._chunks(file).find(*self._names)
        return (chunk.offset, chunk.size) if chunk else (0, 0)

    def extras(self, file: BinaryIO) -> list[Item]:
        """The other chunks, but for the sound and what other kinds of tag read."""
        found = []
        for chunk in self._chunks(file).chunks():
            size = min(chunk.size, size_of(file) - chunk.offset)
            data = b"" if chunk.name in SOUND else read_at(file, chunk.offset, size)
            if chunk.name not in (*SOUND, *self._names) and not data.startswith(b"INFO"):
                found.append(Item(f"chunk {chunk.name.decode('latin-1')}", data))
        return found

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the chunk, or append one."""
        chunks = self._chunks(file)
        chunk = chunks.find(*self._names)
        content = id3v2.rendered(tag, chunk.size if chunk else 0) if tag else None
        if chunk or content:
            chunks.replace(chunk, self._names[0], content)


class TrailingId3v2(Id3v2):
    """At the end of a DSF file, whose header points to it.

    DSF File Format Specification 1.01, Sony, section 2.
    """

    def span(self, file: BinaryIO) -> tuple[int, int]:
        """Return where the header points; other tags may follow."""
        end = size_of(file)
        pointer = int.from_bytes(read_at(file, 20, 8), "little")
        if pointer > end:
            raise BrokenTagsError("its header points past its end")
        if not pointer:
            return end, 0
        left = end - pointer
        size = id3v2.total_size(read_at(file, pointer, min(id3v2.HEADER_SIZE, left)))
        return pointer, size if 0 < size <= left else left

    def extras(self, file: BinaryIO) -> list[Item]:
        """Return what follows the tag."""
        end = sum(self.span(file))
        rest = read_at(file, end, size_of(file) - end)
        return [Item("after the tag", rest)] if rest else []

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the tag and tell the header."""
        offset, room = self.span(file)
        if offset < _end_of_sound(file):
            raise CannotWriteError("its sound is cut off, so that nothing can follow it")
        data = id3v2.rendered(tag, room) if tag else b""
        splice(file, offset, room, data)
        write_at(file, 12, size_of(file).to_bytes(8, "little"))
        write_at(file, 20, (offset if data else 0).to_bytes(8, "little"))


def _end_of_sound(file: BinaryIO) -> int:
    """Return where the chunk of sound in a DSF file says that it ends."""
    at = 28
    while at + 12 <= size_of(file):
        header = read_at(file, at, 12)
        size = int.from_bytes(header[4:], "little")
        if header.startswith(b"data"):
            return at + size
        at += max(size, 12)
    return 0
