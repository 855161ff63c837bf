"""Audio in containers that are a row of chunks: FLAC, RIFF, AIFF, DSF and ASF."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from genretag.audio.bitstream.location import AudioLocation, Span, UnknownLayoutError, file_size

ASF_MAGIC = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
"""GUID of the first object of an ASF file."""

_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_ASF_STREAM = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_ASF_FIRST_OBJECT = 30


def locate_flac(file: BinaryIO) -> AudioLocation:
    """Locate the first metadata block, and all that follows the last (RFC 9639, section 8)."""
    at, is_last = 4, False
    while not is_last:
        file.seek(at)
        (header,) = struct.unpack(">I", file.read(4))
        is_last = bool(header >> 31)
        at += 4 + (header & 0xFFFFFF)
    file.seek(26)
    return AudioLocation((at, file_size(file)), ((8, 42),), checked=any(file.read(16)))


def locate_riff(file: BinaryIO) -> AudioLocation:
    """Locate the chunks `fmt ` and `data` of a RIFF file."""
    return _locate_pair(_riff_chunks(file, "<"), b"fmt ", b"data")


def locate_aiff(file: BinaryIO) -> AudioLocation:
    """Locate the chunks `COMM` and `SSND` of an AIFF or AIFC file."""
    return _locate_pair(_riff_chunks(file, ">"), b"COMM", b"SSND")


def locate_dsf(file: BinaryIO) -> AudioLocation:
    """Locate the chunks `fmt ` and `data` (Sony, DSF File Format Specification 1.01)."""
    return _locate_pair(_sized_chunks(file, 28, "<4sQ"), b"fmt ", b"data")


def locate_asf(file: BinaryIO) -> AudioLocation:
    """Locate stream properties and data of an ASF file (its specification, sections 3 and 5)."""
    objects = _sized_chunks(file, 0, "<16sQ")
    _, (_, end) = next(objects)
    form = []
    for guid, span in _sized_chunks(file, _ASF_FIRST_OBJECT, "<16sQ"):
        if span[1] > end:
            break
        if guid == _ASF_STREAM:
            form.append(span)
    return AudioLocation(next(span for guid, span in objects if guid == _ASF_DATA), tuple(form))


def _locate_pair(chunks: Iterator[tuple[bytes, Span]], form: bytes, audio: bytes) -> AudioLocation:
    spans = dict[bytes, Span]()
    while not {form, audio} <= spans.keys():
        key, span = next(chunks)
        spans.setdefault(key, span)
    return AudioLocation(spans[audio], (spans[form],))


def _riff_chunks(file: BinaryIO, order: str) -> Iterator[tuple[bytes, Span]]:
    """Yield name and content of each chunk; their length does not count the header."""
    at = 12
    while True:
        file.seek(at)
        key, length = struct.unpack(f"{order}4sI", file.read(8))
        if not any(key):  # a stretch of zeros would be read eight bytes at a time
            raise UnknownLayoutError
        yield key, (at + 8, at + 8 + length)
        at += 8 + length + length % 2


def _sized_chunks(file: BinaryIO, at: int, header: str) -> Iterator[tuple[bytes, Span]]:
    """Yield name and content of each chunk; their length counts the header."""
    head = struct.calcsize(header)
    while True:
        file.seek(at)
        key, length = struct.unpack(header, file.read(head))
        if length < head:
            raise UnknownLayoutError
        yield key, (at + head, at + length)
        at += length
