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
PAGE = b"OggS"
"""Every page of an Ogg stream begins with it."""
_PAGE_HEADER = 27
_OBJECT_HEADER = 24
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")


# What comes of sizes that are wrong: the system refuses places that no file can have.
_MISLED = (struct.error, ValueError, OverflowError, OSError)


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
        except _MISLED as error:
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


def size(file: BinaryIO) -> int:
    """Bytes in an open file."""
    return os.fstat(file.fileno()).st_size


def extent(file: BinaryIO) -> tuple[int, int] | None:
    """From which byte to which the sound lies in a container that keeps it in one piece.

    None for other containers, and for those that are not built in the usual way.
    """
    file.seek(0)
    head = file.read(16)
    find = next((find for magic, find in _EXTENTS.items() if magic in head), None)
    try:
        found = find(file) if find else None
    except (OddError, *_MISLED):
        return None
    return found if found and found[0] <= found[1] <= size(file) else None


def without_page_headers(pages: bytes) -> bytes:
    """A stretch of an Ogg stream, cut anywhere, without the headers of its pages.

    Its first bytes go too, as they may be the end of one, and so does what follows bytes
    of the sound that look like one: the same bytes in each copy of a stream.
    """
    return b"".join(part[_PAGE_HEADER:] for part in pages.split(PAGE))


def _flac(file: BinaryIO) -> tuple[int, int]:
    """All that follows the metadata blocks (RFC 9639, section 8)."""
    at, last = 4, False
    while not last:
        file.seek(at)
        (header,) = struct.unpack(">I", file.read(4))
        last = bool(header >> 31)
        at += 4 + (header & 0xFFFFFF)
    return at, size(file)


def _chunk(order: str, name: bytes) -> Callable[[BinaryIO], tuple[int, int]]:
    """The chunk `name` of a RIFF or AIFF file."""

    def found(file: BinaryIO) -> tuple[int, int]:
        at = 12
        while True:
            file.seek(at)
            key, length = struct.unpack(f"{order}4sI", file.read(8))
            if key == name:
                return at + 8, at + 8 + length
            at += 8 + length + length % 2

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
        header = file.read(_PAGE_HEADER)
        magic, position, serial, check, count = struct.unpack("<4s2xQI4xIB", header)
        lacing = file.read(count)
        body = file.read(sum(lacing))
        if magic != PAGE:
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
    yield from span(file, at, size(file))


def _checksum(page: bytes) -> int:
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


_AROUND_OFFSETS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_ASIDE = (b"mdat", b"udta", b"meta", b"free", b"skip")


def _mp4(file: BinaryIO) -> Iterator[bytes]:
    """All but tags and padding (ISO 14496-12, section 8)."""
    atoms = list(_atoms(file, 0, size(file)))
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


def _object(file: BinaryIO) -> tuple[int, int]:
    """The data object of an ASF file (Advanced Systems Format Specification, section 5)."""
    at = 0
    while True:
        file.seek(at)
        guid, length = struct.unpack("<16sQ", file.read(_OBJECT_HEADER))
        if guid == _ASF_DATA:
            return at + _OBJECT_HEADER, at + length
        if length < _OBJECT_HEADER:
            raise OddError
        at += length


def _dsf(file: BinaryIO) -> tuple[int, int]:
    """The chunk `data` of a DSF file (Sony, DSF File Format Specification 1.01)."""
    at = 28
    while True:
        file.seek(at)
        key, length = struct.unpack("<4sQ", file.read(12))
        if key == b"data":
            return at + 12, at + length
        if length < 12:
            raise OddError
        at += length


def _media_data(file: BinaryIO) -> tuple[int, int]:
    """The one atom of an MP4 file that holds the samples."""
    found = [(a, b) for name, a, b in _atoms(file, 0, size(file)) if name == b"mdat"]
    if len(found) != 1:
        raise OddError
    return found[0]


def _pages(file: BinaryIO) -> tuple[int, int]:
    """The pages of an Ogg file from the first of sound on."""
    at = 0
    while True:
        file.seek(at)
        magic, position, count = struct.unpack("<4s2xQ12xB", file.read(_PAGE_HEADER))
        if magic != PAGE:
            raise OddError
        if position not in (0, _NO_PACKET_ENDS):
            return at, size(file)
        at += _PAGE_HEADER + count + sum(file.read(count))


def _all(find: Callable[[BinaryIO], tuple[int, int]]) -> Callable[[BinaryIO], Iterator[bytes]]:
    return lambda file: span(file, *find(file))


_EXTENTS: Mapping[bytes, Callable[[BinaryIO], tuple[int, int]]] = MappingProxyType(
    {
        b"fLaC": _flac,
        PAGE: _pages,
        b"ftyp": _media_data,
        b"WAVE": _chunk("<", b"data"),
        b"AIFF": _chunk(">", b"SSND"),
        b"AIFC": _chunk(">", b"SSND"),
        b"DSD ": _dsf,
        _ASF: _object,
    }
)
"""Where the sound lies, by a sign in the first sixteen bytes."""

_CONTAINERS: Mapping[bytes, Callable[[BinaryIO], Iterator[bytes]]] = MappingProxyType(
    {
        PAGE: _ogg,
        b"ftyp": _mp4,
        **{name: _all(_EXTENTS[name]) for name in (b"fLaC", b"WAVE", b"AIFF", b"AIFC")},
    }
)
"""How the sound is found, by a sign in the first twelve bytes."""
