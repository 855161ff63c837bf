"""Audio in MP4 (ISO 14496-12, section 8)."""

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

from genretag.audio.bitstream.location import (
    AudioLocation,
    Span,
    UnknownLayoutError,
    file_size,
    read_span,
)

Atom = tuple[bytes, int, int]
"""Name, start and end of the content."""

_AROUND_OFFSETS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_ASIDE = (b"mdat", b"udta", b"meta", b"free", b"skip")


def locate(file: BinaryIO) -> AudioLocation:
    """Locate the one atom that holds the samples, and what describes them."""
    size = file_size(file)
    return AudioLocation(_samples(_atoms(file, 0, size)), tuple(_descriptions(file, 0, size)))


def read_essence(file: BinaryIO) -> Iterator[bytes]:
    """Yield all but tags and padding."""
    atoms = list(_atoms(file, 0, file_size(file)))
    if any(name == b"moof" for name, _, _ in atoms):
        raise UnknownLayoutError
    first, last = _samples(atoms)
    yield from _read_structure(file, atoms, first)
    yield from read_span(file, first, last)


def _samples(atoms: Iterable[Atom]) -> Span:
    found = [(start, end) for name, start, end in atoms if name == b"mdat"]
    if len(found) != 1:
        raise UnknownLayoutError
    return found[0]


def _descriptions(file: BinaryIO, start: int, end: int) -> Iterator[Span]:
    for name, first, last in _atoms(file, start, end):
        if name in _AROUND_OFFSETS:
            yield from _descriptions(file, first, last)
        elif name == b"stsd":
            yield first, last


def _read_structure(file: BinaryIO, atoms: list[Atom], first: int) -> Iterator[bytes]:
    """Yield what describes the samples, with their offsets counted from `first`."""
    for name, start, end in atoms:
        if name in _AROUND_OFFSETS:
            yield from _read_structure(file, list(_atoms(file, start, end)), first)
        elif name in (b"stco", b"co64"):
            table = b"".join(read_span(file, start + 8, end))
            offsets = np.frombuffer(table, ">u4" if name == b"stco" else ">u8")
            yield (offsets.astype(np.int64) - first).tobytes()
        elif name not in _ASIDE:
            yield name
            yield from read_span(file, start, end)


def _atoms(file: BinaryIO, start: int, end: int) -> Iterator[Atom]:
    while start < end:
        file.seek(start)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            head = 16
        size = size or end - start
        if size < head or start + size > end:
            raise UnknownLayoutError
        yield name, start + head, start + size
        start += size
