"""Which sound a file holds, told without a decoder."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from genretag.audio import bitstream

_SAMPLE = 1 << 14
_DIGEST_SIZE = 16
_MOST = 1 << 30
"""Bytes of sound beyond which hearing a few places again takes less time than reading it all."""


def identity(path: Path, span: tuple[int, int] | None) -> bytes | None:
    """Sixteen bytes that stay when tags are edited or the file is renamed.

    They are a digest of the whole stored sound and of what tells how to read it, so no two
    sounds have the same. FLAC carries a checksum of its sound, which stands for most of it.
    Where nobody knows the sound's place in a container, the whole file stands for it, and
    edited tags make it another.

    Args:
        path: an audio file.
        span: from which byte to which it is nothing but sound, if that is known.

    Returns:
        The digest, or None for a sound of more than a gigabyte.

    Raises:
        OSError: it cannot be read.
    """
    hashed = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    with path.open("rb") as file:
        place = bitstream.place(file) or bitstream.Place((0, bitstream.size(file)))
        start, end = span or place.sound
        if end - start > _MOST:
            return None
        hashed.update(f"{end - start}".encode())
        try:
            for inside in place.form:
                for piece in bitstream.span(file, *inside):
                    hashed.update(piece)
            for piece in _pieces(file, start, end, place.checked):
                hashed.update(piece)
        except bitstream.OddError:  # somebody cuts it right now
            return None
    return hashed.digest()


def _pieces(file: BinaryIO, start: int, end: int, checked: bool) -> Iterator[bytes]:
    """The sound; of one whose checksum is known a little, so that damage to it is seen."""
    file.seek(start)
    if checked:
        for at in (start, start + (end - start) // 2, max(start, end - _SAMPLE)):
            yield from bitstream.span(file, at, min(at + _SAMPLE, end))
    elif file.read(len(bitstream.PAGE)) == bitstream.PAGE:
        yield from bitstream.pages(file, start, end)
    else:
        yield from bitstream.span(file, start, end)
