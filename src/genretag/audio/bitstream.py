"""Finds the sound in common containers byte by byte, which is much faster than demuxing it.

Each function yields what must stay the same for the sound to be the same. They know only the
usual ways of building a file and refuse the others: FFmpeg knows those.
"""

import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
_ASF_STREAM = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_ASF_FIRST_OBJECT = 30

Span = tuple[int, int]
"""From which byte to which of a file."""

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


@dataclass(frozen=True)
class Place:
    """Where the sound of a file lies, and where else it is told how to read that.

    `checked` says that the latter holds a checksum of the sound.
    """

    sound: Span
    form: tuple[Span, ...] = ()
    checked: bool = False


def place(file: BinaryIO) -> Place | None:
    """Find the sound in a container that keeps it in one piece.

    None for other containers, and for those that are not built in the usual way.
    """
    file.seek(0)
    head = file.read(16)
    find = next((find for magic, find in _PLACES.items() if magic in head), None)
    try:
        found = find(file) if find else None
    except (OddError, *_MISLED):
        return None
    if found and all(start <= end <= size(file) for start, end in (*found.form, found.sound)):
        return found
    return None


def pages(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield what the pages of an Ogg stream hold, without their headers.

    The number of a page, and so its checksum, change with the size of the tags.
    """
    while start < end:
        file.seek(start)
        header = file.read(_PAGE_HEADER)
        if len(header) < _PAGE_HEADER or not header.startswith(PAGE):
            yield from span(file, start, end)
            return
        length = sum(file.read(header[-1]))
        yield file.read(length)
        start += _PAGE_HEADER + header[-1] + length


def _flac(file: BinaryIO) -> Place:
    """The first metadata block, and all that follows the last (RFC 9639, section 8)."""
    at, last = 4, False
    while not last:
        file.seek(at)
        (header,) = struct.unpack(">I", file.read(4))
        last = bool(header >> 31)
        at += 4 + (header & 0xFFFFFF)
    file.seek(26)
    return Place((at, size(file)), ((8, 42),), checked=any(file.read(16)))


def _chunks(order: str, form: bytes, sound: bytes) -> Callable[[BinaryIO], Place]:
    """Two chunks of a RIFF or AIFF file, by their names."""

    def found(file: BinaryIO) -> Place:
        at, spans = 12, dict[bytes, Span]()
        while not {form, sound} <= spans.keys():
            file.seek(at)
            key, length = struct.unpack(f"{order}4sI", file.read(8))
            if not any(key):  # a stretch of zeros would be gone through eight by eight
                raise OddError
            spans.setdefault(key, (at + 8, at + 8 + length))
            at += 8 + length + length % 2
        return Place(spans[sound], (spans[form],))

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


def _object(file: BinaryIO) -> Place:
    """Stream properties and data of an ASF file (its specification, sections 3 and 5)."""
    objects = _objects(file, 0)
    _, end = next(objects)[1]
    form = []
    for guid, inside in _objects(file, _ASF_FIRST_OBJECT):
        if inside[1] > end:
            break
        if guid == _ASF_STREAM:
            form.append(inside)
    return Place(next(inside for guid, inside in objects if guid == _ASF_DATA), tuple(form))


def _objects(file: BinaryIO, at: int) -> Iterator[tuple[bytes, Span]]:
    """The objects of an ASF file one after the other: GUID, and where its content is."""
    while True:
        file.seek(at)
        guid, length = struct.unpack("<16sQ", file.read(_OBJECT_HEADER))
        if length < _OBJECT_HEADER:
            raise OddError
        yield guid, (at + _OBJECT_HEADER, at + length)
        at += length


def _dsf(file: BinaryIO) -> Place:
    """The chunks `fmt ` and `data` of a DSF file (Sony, DSF File Format Specification 1.01)."""
    at, spans = 28, dict[bytes, Span]()
    while not {b"fmt ", b"data"} <= spans.keys():
        file.seek(at)
        key, length = struct.unpack("<4sQ", file.read(12))
        if length < 12:
            raise OddError
        spans.setdefault(key, (at + 12, at + length))
        at += length
    return Place(spans[b"data"], (spans[b"fmt "],))


def _media_data(file: BinaryIO) -> Place:
    """The one atom of an MP4 file that holds the samples, and what describes them."""
    found = [(a, b) for name, a, b in _atoms(file, 0, size(file)) if name == b"mdat"]
    if len(found) != 1:
        raise OddError
    return Place(found[0], tuple(_descriptions(file, 0, size(file))))


def _descriptions(file: BinaryIO, start: int, end: int) -> Iterator[Span]:
    for name, first, last in _atoms(file, start, end):
        if name in _AROUND_OFFSETS:
            yield from _descriptions(file, first, last)
        elif name == b"stsd":
            yield first, last


def _pages(file: BinaryIO) -> Place:
    """The first page of an Ogg file, and the pages from the first of sound on."""
    at, first = 0, None
    while True:
        file.seek(at)
        magic, position, count = struct.unpack("<4s2xQ12xB", file.read(_PAGE_HEADER))
        if magic != PAGE:
            raise OddError
        if position not in (0, _NO_PACKET_ENDS):
            return Place((at, size(file)), (first,) if first else ())
        inside = at + _PAGE_HEADER + count
        at = inside + sum(file.read(count))
        first = first or (inside, at)


def _all(find: Callable[[BinaryIO], Place]) -> Callable[[BinaryIO], Iterator[bytes]]:
    def found(file: BinaryIO) -> Iterator[bytes]:
        place = find(file)
        for start, end in (*place.form, place.sound):
            yield from span(file, start, end)

    return found


_PLACES: Mapping[bytes, Callable[[BinaryIO], Place]] = MappingProxyType(
    {
        b"fLaC": _flac,
        PAGE: _pages,
        b"ftyp": _media_data,
        b"WAVE": _chunks("<", b"fmt ", b"data"),
        b"AIFF": _chunks(">", b"COMM", b"SSND"),
        b"AIFC": _chunks(">", b"COMM", b"SSND"),
        b"DSD ": _dsf,
        _ASF: _object,
    }
)
"""Where the sound lies, by a sign in the first sixteen bytes."""

_CONTAINERS: Mapping[bytes, Callable[[BinaryIO], Iterator[bytes]]] = MappingProxyType(
    {
        PAGE: _ogg,
        b"ftyp": _mp4,
        **{name: _all(_PLACES[name]) for name in (b"fLaC", b"WAVE", b"AIFF", b"AIFC")},
    }
)
"""How the sound is found, by a sign in the first twelve bytes."""
