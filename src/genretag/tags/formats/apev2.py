"""APEv2 at the end of a file: https://wiki.hydrogenaud.io/index.php?title=APEv2_specification."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, ClassVar

from genretag.domain.places import COMMENT, GENRE, GROUPING, Place
from genretag.tags.formats import id3v1
from genretag.tags.formats.handler import BrokenTagsError, Item, Tag, TagHandler
from genretag.tags.formats.names import decode_text
from genretag.tags.formats.splice import read_at, size_of, splice

_MAGIC = b"APETAGEX"
_ENDS = 32
_HAS_HEADER, _IS_HEADER = 1 << 31, 1 << 29
_TEXT, _BINARY = 0, 2


@dataclass(frozen=True)
class _Span:
    """Where a tag lies: from `start` to `end`, its items from `items` to the footer."""

    start: int
    items: int
    end: int


class Apev2(TagHandler):
    """A Genre item, and others for other places, whose values are separated by nulls."""

    format = "APEv2"
    place_labels: ClassVar = {
        GENRE: ("Genre",), GROUPING: ("Grouping",), COMMENT: ("Comment",),
    }  # fmt: skip
    free_label = "{}"
    is_caseless = True
    text_keys: ClassVar = {
        "title": ("Title",), "artist": ("Artist",), "album": ("Album",), "date": ("Year",),
        "comment": ("Comment",), "track": ("Track",),
        "album_artist": ("Album Artist", "AlbumArtist", "album_artist"),
        "album_id": ("MUSICBRAINZ_ALBUMID",), "compilation": ("Compilation",),
    }  # fmt: skip
    removed_when_empty = True

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the items as they are stored; the header of the tag is its version and flags."""
        span = _find_span(file)
        if span is None:
            return None
        footer = read_at(file, span.end - _ENDS, _ENDS)
        data = read_at(file, span.items, span.end - _ENDS - span.items)
        return Tag(tuple(_parse_items(data)), footer[8:12] + footer[20:32])

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the tag; one that is new goes before an ID3v1 tag."""
        span = _find_span(file)
        start = find_audio_end(file)
        size = span.end - start if span else 0
        splice(file, start, size, _render(tag) if tag else b"")

    def decode(self, item: Item, tag: Tag) -> str:
        """Return what comes after the key."""
        return decode_text(item.data[8 + len(item.key) + 1 :])

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return one item for all texts."""
        return [_make_item(self.labels(place)[0], "\0".join(texts))] if texts else []

    def may_end_search(self, tag: Tag) -> bool:
        """Return whether it holds any text: pictures alone keep nobody from looking further."""
        return any(not item.data[4] & _BINARY for item in tag.items)

    def with_texts(self, tag: Tag, fields: Mapping[str, str]) -> Tag:
        """Add items named as is the custom."""
        there = {item.key.lower() for item in tag.items}
        names = {self.text_keys[field][0]: text for field, text in fields.items()}
        new = (_make_item(key, text) for key, text in names.items() if key.lower() not in there)
        return replace(tag, items=(*tag.items, *new))

    def new_tag(self) -> Tag:
        """Return a tag of version 2, with a header."""
        version, flags = (2000).to_bytes(4, "little"), _HAS_HEADER.to_bytes(4, "little")
        return Tag(header=version + flags + bytes(8))


def _make_item(key: str, text: str) -> Item:
    value = text.encode("utf-8")
    size, flags = len(value).to_bytes(4, "little"), _TEXT.to_bytes(4, "little")
    return Item(key, size + flags + key.encode("ascii") + b"\0" + value)


def _find_span(file: BinaryIO) -> _Span | None:
    end = _find_end(file)
    if end is None:
        return None
    footer = read_at(file, end - _ENDS, _ENDS)
    size, flags = (int.from_bytes(footer[at : at + 4], "little") for at in (12, 20))
    if flags & _IS_HEADER or size < _ENDS or size > end:
        raise BrokenTagsError("the footer of its APEv2 tag is wrong")
    items = end - size
    start = items - _ENDS if flags & _HAS_HEADER else items
    if flags & _HAS_HEADER and read_at(file, start, 8) != _MAGIC:
        raise BrokenTagsError("its APEv2 tag has no header where it must be")
    return _Span(start, items, end)


def find_audio_end(file: BinaryIO) -> int:
    """Return where an APEv2 tag begins; without one, where one would."""
    span = _find_span(file)
    return span.start if span else size_of(file) - (id3v1.SIZE if id3v1.find(file) else 0)


def _find_end(file: BinaryIO) -> int | None:
    """Return where the footer ends: at the end, before ID3v1, or before Lyrics3v2 and that."""
    size = size_of(file)
    ends = [size]
    if id3v1.find(file):
        ends.append(size - id3v1.SIZE)
        if size > id3v1.SIZE + 15:
            mark = read_at(file, size - id3v1.SIZE - 15, 15)
            if mark.endswith(b"LYRICS200") and mark[:6].isdigit():
                ends.append(size - id3v1.SIZE - 15 - int(mark[:6]))
    found = (end for end in ends if end >= _ENDS and read_at(file, end - _ENDS, 8) == _MAGIC)
    return next(found, None)


def _parse_items(data: bytes) -> Iterator[Item]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        null = data.find(b"\0", at + 8)
        end = null + 1 + size
        if null < 0 or end > len(data):
            raise BrokenTagsError("an item of its APEv2 tag is cut off")
        yield Item(data[at + 8 : null].decode("latin-1"), data[at:end])
        at = end


def _render(tag: Tag) -> bytes:
    version, flags, reserved = tag.header[:4], tag.header[4:8], tag.header[8:]
    data = b"".join(item.data for item in tag.items)
    counts = (len(data) + _ENDS).to_bytes(4, "little") + len(tag.items).to_bytes(4, "little")
    mark = int.from_bytes(flags, "little")
    footer = _MAGIC + version + counts + flags + reserved
    if not mark & _HAS_HEADER:
        return data + footer
    header = _MAGIC + version + counts + (mark | _IS_HEADER).to_bytes(4, "little") + reserved
    return header + data + footer
