"""Vorbis comments, and FLAC, the file format that holds them as a metadata block.

https://xiph.org/vorbis/doc/v-comment.html, RFC 9639 section 8.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from genretag.tags.model import BrokenTagsError, CannotWriteError, Item, Kind, Tag
from genretag.tags.names import decoded
from genretag.tags.splice import GROWTH, read_at, size_of, skip_id3v2, splice

_VENDOR = b"genretag"
_PADDING, _COMMENTS = 1, 4
_LARGEST = (1 << 24) - 1
_NOT_SHOWN = {_PADDING, _COMMENTS}
_KEYS = {"track": "TRACKNUMBER"}


class VorbisComments(Kind):
    """Repeated GENRE comments; the header of the tag is the vendor's name."""

    format = "Vorbis comments"
    signed = True

    def is_genre(self, item: Item) -> bool:
        """Whether it is GENRE, in any case."""
        return item.key == "GENRE"

    def texts(self, tag: Tag) -> list[str]:
        """What comes after GENRE=."""
        found = [item.data for item in tag.items if self.is_genre(item)]
        return [decoded(data.partition(b"=")[2]) for data in found]

    def encoded(self, texts: Sequence[str], tag: Tag) -> list[Item]:
        """One comment for each text."""
        return [_comment("GENRE", text) for text in texts]

    def described(self, tag: Tag, fields: Mapping[str, str]) -> Tag:
        """Comments named as is the custom."""
        there = {item.key for item in tag.items}
        names = {_KEYS.get(field, field.upper()): text for field, text in fields.items()}
        new = (_comment(key, text) for key, text in names.items() if key not in there)
        return replace(tag, items=(*tag.items, *new))

    def new(self) -> Tag:
        """No comments, and genretag for the vendor."""
        return Tag(header=_VENDOR)


def _comment(key: str, text: str) -> Item:
    return Item(key, f"{key}={text}".encode())


def parsed(data: bytes) -> tuple[Tag, bytes]:
    """The comments in `data`, and what follows them; BrokenTagsError if one is cut off."""
    at = 0

    def take(size: int) -> bytes:
        nonlocal at
        if at + size > len(data):
            raise BrokenTagsError("its Vorbis comments are cut off")
        at += size
        return data[at - size : at]

    def number() -> int:
        return int.from_bytes(take(4), "little")

    vendor = take(number())
    comments = [take(number()) for _ in range(number())]
    items = tuple(Item(_key(comment), comment) for comment in comments)
    return Tag(items, vendor), data[at:]


def _key(comment: bytes) -> str:
    name, equals, _ = comment.partition(b"=")
    return name.decode("latin-1").upper() if equals else ""


def rendered(tag: Tag) -> bytes:
    """The bytes that `parsed` reads."""
    parts = [tag.header, *(item.data for item in tag.items)]
    sized = [len(part).to_bytes(4, "little") + part for part in parts]
    return sized[0] + len(tag.items).to_bytes(4, "little") + b"".join(sized[1:])


@dataclass(frozen=True)
class _Block:
    code: int
    data: bytes


class Flac(VorbisComments):
    """In a metadata block of a FLAC file, which may have an ID3v2 tag before it."""

    def load(self, file: BinaryIO) -> Tag | None:
        """The first comment block; there must not be a second."""
        _, blocks, _ = _metadata(file)
        for block in blocks:
            if block.code == _COMMENTS:
                return parsed(block.data)[0]
        return None

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the block; padding blocks become one and take up the difference."""
        start, blocks, end = _metadata(file)
        kept = [block for block in blocks if block.code != _PADDING]
        codes = [block.code for block in kept]
        at = codes.index(_COMMENTS) if _COMMENTS in codes else len(kept)
        rest = parsed(kept[at].data)[1] if at < len(kept) else b""
        new = [_Block(_COMMENTS, rendered(tag) + rest)] if tag else []
        splice(
            file, start, end - start, _rendered([*kept[:at], *new, *kept[at + 1 :]], end - start)
        )

    def sound_start(self, file: BinaryIO) -> int:
        """Return where the frames of sound begin, after the last block."""
        return _metadata(file)[2]

    def extras(self, file: BinaryIO) -> list[Item]:
        """The other blocks: pictures, cue sheets, what programs keep there."""
        _, blocks, _ = _metadata(file)
        return [Item(f"block {b.code}", b.data) for b in blocks if b.code not in _NOT_SHOWN]


def _metadata(file: BinaryIO) -> tuple[int, list[_Block], int]:
    """Where the metadata blocks start, what they are, and where the sound starts."""
    start = at = skip_id3v2(file) + 4
    blocks = []
    last = False
    while not last:
        header = read_at(file, at, 4)
        last = bool(header[0] & 0x80)
        size = int.from_bytes(header[1:], "big")
        blocks.append(_Block(header[0] & 0x7F, read_at(file, at + 4, size)))
        at += 4 + size
    if at + 2 <= size_of(file) and read_at(file, at, 2)[:1] != b"\xff":
        raise BrokenTagsError("its FLAC metadata does not end where the sound starts")
    return start, blocks, at


def _rendered(blocks: Sequence[_Block], room: int) -> bytes:
    needed = sum(4 + len(block.data) for block in blocks)
    left = room - needed
    padding = left - 4 if left >= 4 else GROWTH
    all_blocks = [*blocks] if left == 0 else [*blocks, *_paddings(padding)]
    last = all_blocks[-1]
    return b"".join(
        part for block in all_blocks for part in (_header(block, block is last), block.data)
    )


def _paddings(size: int) -> Iterator[_Block]:
    while size > _LARGEST:
        part = min(_LARGEST, size - 4)
        yield _Block(_PADDING, bytes(part))
        size -= part + 4
    yield _Block(_PADDING, bytes(size))


def _header(block: _Block, last: bool) -> bytes:
    if len(block.data) > _LARGEST:
        raise CannotWriteError("its metadata would be larger than FLAC allows")
    return bytes([block.code | (0x80 if last else 0)]) + len(block.data).to_bytes(3, "big")
