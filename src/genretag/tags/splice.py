"""Bytes in the middle of a file: reading them for sure, and replacing them."""

import os
from typing import BinaryIO

from genretag.tags.model import BrokenTagsError

_CHUNK = 1 << 20

GROWTH = 1024
"""Bytes of padding that a tag gets when it must grow anyway, so that it need not next time."""


def size_of(file: BinaryIO) -> int:
    """The length of `file` in bytes."""
    return file.seek(0, os.SEEK_END)


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """Exactly `size` bytes from `offset`; BrokenTagsError if the file ends before."""
    if offset < 0 or offset + size > size_of(file):
        raise BrokenTagsError("it promises more bytes than the file has")
    file.seek(offset)
    return file.read(size)


def write_at(file: BinaryIO, offset: int, data: bytes) -> None:
    """Overwrite what is at `offset`."""
    file.seek(offset)
    file.write(data)


def splice(file: BinaryIO, offset: int, size: int, data: bytes) -> None:
    """Put `data` where `size` bytes from `offset` were; what follows moves up or down."""
    end = size_of(file)
    growth = len(data) - size
    rest = range(offset + size, end, _CHUNK)
    for at in reversed(rest) if growth > 0 else rest:
        if growth == 0:
            break
        file.seek(at)
        chunk = file.read(min(_CHUNK, end - at))
        write_at(file, at + growth, chunk)
    if growth < 0:
        file.truncate(end + growth)
    write_at(file, offset, data)


def skip_id3v2(file: BinaryIO) -> int:
    """Where the file proper begins, after the ID3v2 tags that somebody put before it."""
    offset = 0
    while True:
        file.seek(offset)
        header = file.read(10)
        if len(header) < 10 or not header.startswith(b"ID3") or max(header[6:10]) > 127:
            return offset
        offset += 10 + syncsafe(header[6:10]) + (10 if header[5] & 0x10 else 0)


def syncsafe(data: bytes) -> int:
    """The number in `data`, seven bits a byte."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def to_syncsafe(number: int) -> bytes:
    """Four bytes, seven bits each; BrokenTagsError is for the reader, here OverflowError."""
    if number >= 1 << 28:
        raise OverflowError("an ID3v2 tag cannot be larger than 256 MB")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
