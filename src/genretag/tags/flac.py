"""FLAC, which keeps Vorbis comments in a metadata block: RFC 9639 section 8."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from genretag.tags.container import Container, starts_with
from genretag.tags.formats.apev2 import Apev2
from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError, Item, Tag
from genretag.tags.formats.id3v1 import Id3v1
from genretag.tags.formats.id3v2 import Id3v2
from genretag.tags.formats.id3v2_frames import skip_tags
from genretag.tags.formats.splice import GROWTH, read_at, size_of, splice
from genretag.tags.formats.vorbis import VorbisComments, parse, render

_PADDING, _COMMENTS = 1, 4
_LARGEST = (1 << 24) - 1
_NOT_SHOWN = {_PADDING, _COMMENTS}


@dataclass(frozen=True)
class _Block:
    code: int
    data: bytes


class Flac(VorbisComments):
    """In a metadata block of a FLAC file, which may have an ID3v2 tag before it."""

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the first comment block; there must not be a second."""
        _, blocks, _ = _read_metadata(file)
        for block in blocks:
            if block.code == _COMMENTS:
                return parse(block.data)[0]
        return None

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the block; padding blocks become one and take up the difference."""
        start, blocks, end = _read_metadata(file)
        kept = [block for block in blocks if block.code != _PADDING]
        codes = [block.code for block in kept]
        at = codes.index(_COMMENTS) if _COMMENTS in codes else len(kept)
        rest = parse(kept[at].data)[1] if at < len(kept) else b""
        new = [_Block(_COMMENTS, render(tag) + rest)] if tag else []
        splice(file, start, end - start, _render([*kept[:at], *new, *kept[at + 1 :]], end - start))

    def load_extras(self, file: BinaryIO) -> list[Item]:
        """Return the other blocks: pictures, cue sheets, what programs keep there."""
        _, blocks, _ = _read_metadata(file)
        return [Item(f"block {b.code}", b.data) for b in blocks if b.code not in _NOT_SHOWN]


def _read_metadata(file: BinaryIO) -> tuple[int, list[_Block], int]:
    """Return where the metadata blocks start, what they are, and where the audio starts."""
    start = at = skip_tags(file) + 4
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


def _render(blocks: Sequence[_Block], room: int) -> bytes:
    needed = sum(4 + len(block.data) for block in blocks)
    left = room - needed
    padding = left - 4 if left >= 4 else GROWTH
    all_blocks = [*blocks] if left == 0 else [*blocks, *_make_padding(padding)]
    last = all_blocks[-1]
    return b"".join(
        part for block in all_blocks for part in (_make_header(block, block is last), block.data)
    )


def _make_padding(size: int) -> Iterator[_Block]:
    while size > _LARGEST:
        part = min(_LARGEST, size - 4)
        yield _Block(_PADDING, bytes(part))
        size -= part + 4
    yield _Block(_PADDING, bytes(size))


def _make_header(block: _Block, last: bool) -> bytes:
    if len(block.data) > _LARGEST:
        raise CannotWriteError("its metadata would be larger than FLAC allows")
    return bytes([block.code | (0x80 if last else 0)]) + len(block.data).to_bytes(3, "big")


def _find_audio(file: BinaryIO) -> int:
    """Return where the frames of audio begin, after the last block."""
    return _read_metadata(file)[2]


CONTAINERS = (
    Container(
        "FLAC",
        starts_with(b"fLaC"),
        (Flac(), Id3v2()),
        secondary=(Id3v1(), Apev2()),
        audio_start=_find_audio,
    ),
)
