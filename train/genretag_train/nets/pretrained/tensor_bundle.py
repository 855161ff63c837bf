"""Reads the checkpoints of TensorFlow 1 without TensorFlow.

A checkpoint is two files: bare numbers, and an index of what lies where. The index is a sorted
string table (github.com/google/leveldb, doc/table_format.md) from a variable's name to a
protocol buffer (github.com/tensorflow/tensorflow, core/protobuf/tensor_bundle.proto).
"""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genretag.errors import Code, RunError

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_FLOAT32 = 1
_VARINT, _BYTES, _FIXED32 = 0, 2, 5


class _Field(NamedTuple):
    """A field of a protocol buffer: a number, or bytes that may be another buffer."""

    key: int
    number: int = 0
    content: bytes = b""


def read_tensors(index: bytes, data: bytes, names: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """Return the float32 variables `names`, each checked by its checksum.

    Args:
        index: content of the file `.index`, without compression.
        data: content of the only file `.data-00000-of-00001`.
        names: as the checkpoint has them, like `dense/kernel`.

    Returns:
        Arrays in TensorFlow's layout by name.

    Raises:
        RunError: `model-invalid`, a variable is missing, damaged, or of another kind.
    """
    entries = _read_entries(index)
    return {name: _read_tensor(name, entries.get(name.encode()), data) for name in names}


def _read_tensor(name: str, entry: bytes | None, data: bytes) -> NDArray[np.float32]:
    if entry is None:
        raise _invalid(f"it has no variable {name}")
    fields = {field.key: field for field in _read_fields(entry)}
    kind, shard, offset, size, checksum = (
        fields.get(key, _Field(key)).number for key in (1, 3, 4, 5, 6)
    )
    shape = tuple(
        sum(part.number for part in _read_fields(dimension.content) if part.key == 1)
        for dimension in _read_fields(fields.get(2, _Field(2)).content)
        if dimension.key == 2
    )
    if kind != _FLOAT32 or shard or size != 4 * math.prod(shape) or offset + size > len(data):
        raise _invalid(f"{name} is no whole float32 array in one file")
    content = data[offset : offset + size]
    _check_crc(name, content, checksum)
    return np.frombuffer(content, "<f4").reshape(shape).astype(np.float32)


def _read_entries(index: bytes) -> dict[bytes, bytes]:
    """Read the whole table: blocks of keys and values, and a block that lists the blocks."""
    if len(index) < _FOOTER or int.from_bytes(index[-8:], "little") != _MAGIC:
        raise _invalid("its index is no such table")
    (_, _, offset, size), _ = _read_varints(index, len(index) - _FOOTER, 4)
    entries: dict[bytes, bytes] = {}
    for _, handle in _read_block(index, offset, size):
        (offset, size), _ = _read_varints(handle, 0, 2)
        entries.update(_read_block(index, offset, size))
    return entries


def _read_block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    end = offset + size
    if len(table) < end + 5 or table[end] != 0:
        raise _invalid("its index is compressed or cut short")
    _check_crc("index", table[offset : end + 1], int.from_bytes(table[end + 1 : end + 5], "little"))
    # Behind the entries: where keys stand in full, 4 bytes each, and how many do.
    last = end - 4 - 4 * int.from_bytes(table[end - 4 : end], "little")
    key, at = b"", offset
    while at < last:
        # A key says how much of it is as in the key before.
        (shared, fresh, length), at = _read_varints(table, at, 3)
        key = key[:shared] + table[at : at + fresh]
        at += fresh + length
        yield key, table[at - length : at]


def _read_fields(message: bytes) -> Iterator[_Field]:
    at = 0
    while at < len(message):
        (tag,), at = _read_varints(message, at, 1)
        key, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            (number,), at = _read_varints(message, at, 1)
            yield _Field(key, number)
        elif kind == _FIXED32:
            at += 4
            yield _Field(key, int.from_bytes(message[at - 4 : at], "little"))
        elif kind == _BYTES:
            (length,), at = _read_varints(message, at, 1)
            at += length
            yield _Field(key, content=message[at - length : at])
        else:
            raise _invalid(f"its index has a field of an unknown kind, {kind}")


def _read_varints(message: bytes, at: int, count: int) -> tuple[list[int], int]:
    """Read `count` numbers of 7 bits a byte, lowest first; gives where the next thing starts."""
    numbers = []
    for _ in range(count):
        number = shift = 0
        while message[at] & 0x80:
            number |= (message[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
        numbers.append(number | message[at] << shift)
        at += 1
    return numbers, at


def _check_crc(name: str, content: bytes, expected: int) -> None:
    """Check a CRC-32C, rotated and shifted lest a checksum be taken of checksums."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    if ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF != expected:
        raise _invalid(f"the checksum of {name} is wrong")


def _crc_of_byte(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc


_CRC = tuple(map(_crc_of_byte, range(256)))


def _invalid(what: str) -> RunError:
    return RunError(
        Code.MODEL_INVALID, f"The checkpoint cannot be read: {what}", "Fetch it once more."
    )
