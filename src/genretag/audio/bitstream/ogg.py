"""Audio in Ogg (RFC 3533)."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from genretag.audio.bitstream.location import (
    AudioLocation,
    UnknownLayoutError,
    file_size,
    read_span,
)

MAGIC = b"OggS"
"""Every page begins with it."""

_HEADER_SIZE = 27
_NO_PACKET_ENDS = (1 << 64) - 1

# zlib has the CRC of Ogg, but for the order of the bits.
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def locate(file: BinaryIO) -> AudioLocation:
    """Locate the first page, and the pages from the first with audio on."""
    at, first = 0, None
    while True:
        file.seek(at)
        magic, position, count = struct.unpack("<4s2xQ12xB", file.read(_HEADER_SIZE))
        if magic != MAGIC:
            raise UnknownLayoutError
        if position not in (0, _NO_PACKET_ENDS):
            return AudioLocation((at, file_size(file)), (first,) if first else ())
        body = at + _HEADER_SIZE + count
        at = body + sum(file.read(count))
        first = first or (body, at)


def read_bodies(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield the pages between two offsets without their headers.

    The number of a page, and so its checksum, change with the size of the tags.
    """
    while start < end:
        file.seek(start)
        header = file.read(_HEADER_SIZE)
        if len(header) < _HEADER_SIZE or not header.startswith(MAGIC):
            yield from read_span(file, start, end)
            return
        length = sum(file.read(header[-1]))
        yield file.read(length)
        start += _HEADER_SIZE + header[-1] + length


def read_essence(file: BinaryIO) -> Iterator[bytes]:
    """Yield header packets but for the comments, then all from the first page of audio on.

    Pages whose numbers have changed are not the same.
    """
    packets: dict[int, list[bytes]] = {}
    at = 0
    while page := _read_header_page(file, at):
        serial, lacing, body, size = page
        stream = packets.setdefault(serial, [b""])
        start = 0
        for length in lacing:
            stream[-1] += body[start : start + length]
            start += length
            if length < 255:
                stream.append(b"")
        at += size
    for stream in packets.values():
        if stream.pop():  # a header that goes on where audio begins
            raise UnknownLayoutError
        del stream[1:2]  # the comments are the second packet in every codec
        yield from stream
    yield from read_span(file, at, file_size(file))


def _read_header_page(file: BinaryIO, at: int) -> tuple[int, bytes, bytes, int] | None:
    """Return serial, lacing, body and size of a page; None if audio begins there."""
    file.seek(at)
    header = file.read(_HEADER_SIZE)
    magic, position, serial, checksum, count = struct.unpack("<4s2xQI4xIB", header)
    lacing = file.read(count)
    body = file.read(sum(lacing))
    if magic != MAGIC:
        raise UnknownLayoutError
    if position not in (0, _NO_PACKET_ENDS):  # of the last sample on the page
        return None
    if checksum != _checksum(header[:22] + bytes(4) + header[26:] + lacing + body):
        raise UnknownLayoutError
    return serial, lacing, body, len(header) + len(lacing) + len(body)


def _checksum(page: bytes) -> int:
    crc = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
