"""Finds the encoded audio in common containers byte by byte, much faster than demuxing it.

Each container family knows only the usual ways of building a file, and refuses others with
UnknownLayoutError: FFmpeg can read those.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from genretag.audio.bitstream import chunks, mp4, ogg
from genretag.audio.bitstream.location import (
    AudioLocation,
    Span,
    UnknownLayoutError,
    file_size,
    read_location,
    read_span,
)

__all__ = [
    "AudioLocation",
    "Span",
    "UnknownLayoutError",
    "file_size",
    "locate_audio",
    "read_essence",
    "read_span",
]

# What wrong sizes lead to: the system refuses offsets that no file can have.
_MISLED = (struct.error, ValueError, OverflowError, OSError)

_LOCATORS: Mapping[bytes, Callable[[BinaryIO], AudioLocation]] = MappingProxyType(
    {
        b"fLaC": chunks.locate_flac,
        ogg.MAGIC: ogg.locate,
        b"ftyp": mp4.locate,
        b"WAVE": chunks.locate_riff,
        b"AIFF": chunks.locate_aiff,
        b"AIFC": chunks.locate_aiff,
        b"DSD ": chunks.locate_dsf,
        chunks.ASF_MAGIC: chunks.locate_asf,
    }
)
"""Functions that locate the audio, by a magic number in the first sixteen bytes."""

_READERS: Mapping[bytes, Callable[[BinaryIO], Iterator[bytes]]] = MappingProxyType(
    {ogg.MAGIC: ogg.read_essence, b"ftyp": mp4.read_essence}
)
"""Functions that read the audio where its location alone does not identify it."""

_COMPARABLE = (*_READERS, b"fLaC", b"WAVE", b"AIFF", b"AIFC")


def locate_audio(file: BinaryIO) -> AudioLocation | None:
    """Locate the audio in a container that keeps it in one piece.

    None for other containers, and for those that are not built in the usual way.
    """
    file.seek(0)
    head = file.read(16)
    locate = next((locate for magic, locate in _LOCATORS.items() if magic in head), None)
    try:
        found = locate(file) if locate else None
    except (UnknownLayoutError, *_MISLED):
        return None
    if found and all(start <= end <= file_size(file) for start, end in (*found.form, found.audio)):
        return found
    return None


def read_essence(path: Path) -> Iterator[bytes]:
    """Yield the audio of `path` and what describes it: equal bytes mean equal audio.

    Raises:
        UnknownLayoutError: only FFmpeg can tell, or the file is cut off.
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(12)
        magic = next((magic for magic in _COMPARABLE if magic in head), None)
        if magic is None:
            raise UnknownLayoutError
        try:
            if magic in _READERS:
                yield from _READERS[magic](file)
            else:
                yield from read_location(file, _LOCATORS[magic](file))
        except _MISLED as error:
            raise UnknownLayoutError from error
