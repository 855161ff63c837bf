"""Bytes in the middle of a file: reading them for sure, and replacing them."""

import os
from typing import BinaryIO

from genretag.tags.formats.handler import BrokenTagsError

_CHUNK = 1 << 20

GROWTH = 1024
"""Bytes of padding that a tag gets when it must grow anyway, so that it need not next time."""


def size_of(file: BinaryIO) -> int:
    """Return the length of `file` in bytes."""
    return file.seek(0, os.SEEK_END)


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """Return exactly `size` bytes from `offset`; BrokenTagsError if the file ends before."""
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
