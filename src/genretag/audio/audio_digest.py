"""The sound in a file as it is stored, apart from everything that tags can change."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

import av.error
import av.logging

from genretag.audio import bitstream
from genretag.audio.decode import opened
from genretag.errors import FileError

_DIGEST_SIZE = 16

Span = tuple[int, int]
"""From which byte to which a file is nothing but sound."""


def same(one: Path, other: Path, span_of: Callable[[Path], Span | None]) -> bool:
    """Whether two files hold the same encoded sound, whatever their tags say.

    Nothing is decoded, but both files are read whole. Bytes are compared where the container
    is known to keep its sound in one place; what differs there is left to `digest`.

    Args:
        one: an audio file.
        other: another.
        span_of: where a file is nothing but sound, or None if it is not known.
    """
    spans = span_of(one), span_of(other)
    if spans[0] is not None and spans[1] is not None:
        return _equal(_between(one, spans[0]), _between(other, spans[1]))
    return _equal(bitstream.parts(one), bitstream.parts(other)) or digest(one) == digest(other)


def digest(path: Path) -> str | None:
    """Hexadecimal digits that stand for all packets of sound in `path`, in their order.

    None if FFmpeg finds no packets.
    """
    hashed = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    packets = 0
    with (
        suppress(av.error.FFmpegError, FileError),
        opened(path) as container,
    ):
        for packet in container.demux(*container.streams.audio):
            # The flush packet at the end has no bytes.
            if packet.size:
                hashed.update(packet)
                packets += 1
    return hashed.hexdigest() if packets else None


def is_damaged(path: Path) -> bool:
    """Whether FFmpeg finds fault with how the sound of `path` is stored."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    sound = corrupt = False
    try:
        with (
            av.logging.Capture() as complaints,
            suppress(av.error.FFmpegError, FileError),
            opened(path) as container,
        ):
            for packet in container.demux(*container.streams.audio):
                sound = sound or packet.size > 0
                corrupt = corrupt or packet.is_corrupt
        return corrupt or not sound or bool(complaints)
    finally:
        av.logging.set_level(level)


def _between(path: Path, span: Span) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from bitstream.span(file, *span)


def _equal(one: Iterator[bytes], other: Iterator[bytes]) -> bool:
    """Whether both yield the same; not if one of them does not know."""
    with suppress(bitstream.OddError):
        return all(a == b for a, b in zip_longest(one, other))
    return False
