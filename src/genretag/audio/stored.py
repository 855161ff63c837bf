"""Finds the sound in common containers byte by byte, which is much faster than demuxing it.

Each function yields what must stay the same for the sound to be the same. They know only the
usual ways of building a file and refuse the others: FFmpeg knows those.
"""

import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import numpy as np

_CHUNK = 1 << 20


class OddError(Exception):
    """The container is another, or not built in the usual way."""


def parts(path: Path) -> Iterator[bytes]:
    """The sound of `path` and what leads to it; OddError if only FFmpeg can tell."""
    with path.open("rb") as file:
        head = file.read(12)
        found = next((find for magic, find in _CONTAINERS.items() if magic in head), None)
        if found is None:
            raise OddError
        try:
            yield from found(file)
        except (struct.error, ValueError) as error:
            raise OddError from error


def span(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to `end`; OddError if the file is shorter."""
    file.seek(start)
    for at in range(start, end, _CHUNK):
        size = min(_CHUNK, end - at)
        chunk = file.read(size)
        if len(chunk) < size:
            raise OddError
        yield chunk


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _flac(file: BinaryIO) -> Iterator[bytes]:
    """All that follows the metadata blocks (RFC 9639, section 8)."""
    at, last = 4, False
    while not last:
        file.seek(at)
        (header,) = struct.unpack(">I", file.read(4))
        last = bool(header >> 31)
        at += 4 + (header & 0xFFFFFF)
    return span(file, at, _size(file))


def _chunks(order: str, name: bytes) -> Callable[[BinaryIO], Iterator[bytes]]:
    """The chunk `name` of a RIFF or AIFF file."""

    def found(file: BinaryIO) -> Iterator[bytes]:
        at = 12
        while True:
            file.seek(at)
            key, size = struct.unpack(f"{order}4sI", file.read(8))
            if key == name:
                return span(file, at + 8, at + 8 + size)
            at += 8 + size + size % 2

    return found


# zlib has the CRC of Ogg, but for the order of the bits.
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


_NO_PACKET_ENDS = (1 << 64) - 1


def _ogg(file: BinaryIO) -> Iterator[bytes]:
    """Headers but for the comments, then all from the first page of sound on (RFC 3533).

    If the numbers of those pages have changed, they are not the same.
    """
    packets: dict[int, list[bytes]] = {}
    at = 0
    while True:
        file.seek(at)
        header = file.read(27)
        magic, position, serial, check, count = struct.unpack("<4s2xQI4xIB", header)
        lacing = file.read(count)
        body = file.read(sum(lacing))
        if magic != b"OggS":
            raise OddError
        if position not in (0, _NO_PACKET_ENDS):  # of the last sample on the page
            break
        if check != _checksum(header[:22] + bytes(4) + header[26:] + lacing + body):
            raise OddError
        stream = packets.setdefault(serial, [b""])
        start = 0
        for length in lacing:
            stream[-1] += body[start : start + length]
            start += length
            if length < 255:
                stream.append(b"")
        at += len(header) + len(lacing) + len(body)
    for stream in packets.values():
        if stream.pop():  # a header that goes on where sound begins
            raise OddError
        del stream[1:2]  # the comments are the second packet in every codec
        yield from stream
    yield from span(file, at, _size(file))


def _checksum(page: bytes) -> int:
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


_AROUND_OFFSETS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_ASIDE = (b"mdat", b"udta", b"meta", b"free", b"skip")


def _mp4(file: BinaryIO) -> Iterator[bytes]:
    """All but tags and padding (ISO 14496-12, section 8)."""
    atoms = list(_atoms(file, 0, _size(file)))
    data = [(start, end) for name, start, end in atoms if name == b"mdat"]
    if len(data) != 1 or any(name == b"moof" for name, _, _ in atoms):
        raise OddError
    ((first, last),) = data
    yield from _structure(file, atoms, first)
    yield from span(file, first, last)


def _structure(file: BinaryIO, atoms: list[tuple[bytes, int, int]], first: int) -> Iterator[bytes]:
    """What leads to the samples, their offsets counted from `first`."""
    for name, start, end in atoms:
        if name in _AROUND_OFFSETS:
            yield from _structure(file, list(_atoms(file, start, end)), first)
        elif name in (b"stco", b"co64"):
            table = b"".join(span(file, start + 8, end))
            offsets = np.frombuffer(table, ">u4" if name == b"stco" else ">u8")
            yield (offsets.astype(np.int64) - first).tobytes()
        elif name not in _ASIDE:
            yield name
            yield from span(file, start, end)


def _atoms(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the content of each atom between `start` and `end`."""
    while start < end:
        file.seek(start)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            head = 16
        size = size or end - start
        if size < head or start + size > end:
            raise OddError
        yield name, start + head, start + size
        start += size


_CONTAINERS: Mapping[bytes, Callable[[BinaryIO], Iterator[bytes]]] = MappingProxyType(
    {
        b"fLaC": _flac,
        b"OggS": _ogg,
        b"ftyp": _mp4,
        b"WAVE": _chunks("<", b"data"),
        b"AIFF": _chunks(">", b"SSND"),
        b"AIFC": _chunks(">", b"SSND"),
    }
)
"""How the sound is found, by a sign in the first twelve bytes."""
