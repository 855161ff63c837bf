"""Identifies the audio in a file without decoding it."""

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from genretag.audio import bitstream
from genretag.audio.bitstream import Span, ogg

_SAMPLE = 1 << 14
_DIGEST_SIZE = 16
_MOST = 1 << 30
"""Bytes of audio beyond which scoring a few windows again takes less time than reading it all."""


def fingerprint(path: Path, span: Span | None) -> bytes | None:
    """Return sixteen bytes that stay when tags are edited or the file is renamed.

    They are a digest of all encoded audio and of what describes how to decode it, so other audio
    has another fingerprint. FLAC carries a checksum of its audio, which stands for most of it.
    Where the location of the audio is unknown, the whole file stands for it, and edited tags
    change the fingerprint.

    Args:
        path: an audio file.
        span: from which byte to which it is nothing but audio; None if that is not known.

    Returns:
        The digest; None for more than a gigabyte of audio.

    Raises:
        OSError: the file cannot be read.
    """
    hashed = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    with path.open("rb") as file:
        location = bitstream.locate_audio(file) or bitstream.AudioLocation(
            (0, bitstream.file_size(file))
        )
        start, end = span or location.audio
        if end - start > _MOST:
            return None
        hashed.update(f"{end - start}".encode())
        form = (bitstream.read_span(file, *part) for part in location.form)
        audio = _read_audio(file, start, end, location.checked)
        try:
            for piece in chain(*form, audio):
                hashed.update(piece)
        except bitstream.UnknownLayoutError:  # another process cuts it right now
            return None
    return hashed.digest()


def _read_audio(file: BinaryIO, start: int, end: int, checked: bool) -> Iterator[bytes]:
    """Yield the audio; with a known checksum only samples of it, which show damage."""
    file.seek(start)
    if checked:
        for at in (start, start + (end - start) // 2, max(start, end - _SAMPLE)):
            yield from bitstream.read_span(file, at, min(at + _SAMPLE, end))
    elif file.read(len(ogg.MAGIC)) == ogg.MAGIC:
        yield from ogg.read_bodies(file, start, end)
    else:
        yield from bitstream.read_span(file, start, end)
