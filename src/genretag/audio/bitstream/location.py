"""The location of the audio in a file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 1 << 20

Span = tuple[int, int]
"""From which byte to which of a file."""


class UnknownLayoutError(Exception):
    """The container is another, or not built in the usual way."""


@dataclass(frozen=True)
class AudioLocation:
    """The location of the audio in a file.

    Attributes:
        audio: the encoded audio.
        form: what describes how to decode it.
        checked: whether `form` holds a checksum of the audio.
    """

    audio: Span
    form: tuple[Span, ...] = ()
    checked: bool = False


def read_span(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to `end`; UnknownLayoutError if the file is shorter."""
    file.seek(start)
    for at in range(start, end, _CHUNK):
        size = min(_CHUNK, end - at)
        chunk = file.read(size)
        if len(chunk) < size:
            raise UnknownLayoutError
        yield chunk


def read_location(file: BinaryIO, location: AudioLocation) -> Iterator[bytes]:
    """Yield the bytes of a location: what describes the audio, then the audio."""
    for start, end in (*location.form, location.audio):
        yield from read_span(file, start, end)


def file_size(file: BinaryIO) -> int:
    """Return the size of an open file in bytes."""
    return os.fstat(file.fileno()).st_size
