"""Compares the encoded audio of files, apart from everything that tags can change."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

import av.error
import av.logging

from genretag.audio import bitstream
from genretag.audio.bitstream import Span
from genretag.audio.decode import open_audio
from genretag.errors import FileError

_DIGEST_SIZE = 16


def same_audio(one: Path, other: Path, span_of: Callable[[Path], Span | None]) -> bool:
    """Tell whether two files hold the same encoded audio, whatever their tags say.

    Nothing is decoded, but both files are read whole. Bytes are compared where the container
    is known to keep its audio in one place; what differs there is left to `digest`.

    Args:
        one: an audio file.
        other: another.
        span_of: from which byte to which a file is nothing but audio; None if not known.
    """
    spans = span_of(one), span_of(other)
    if spans[0] is not None and spans[1] is not None:
        return _equal(_read(one, spans[0]), _read(other, spans[1]))
    return _equal(bitstream.read_essence(one), bitstream.read_essence(other)) or digest(
        one
    ) == digest(other)


def digest(path: Path) -> str | None:
    """Return a hexadecimal digest of all audio packets in `path`, in their order.

    None if FFmpeg finds no packets.
    """
    hashed = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    packets = 0
    with suppress(av.error.FFmpegError, FileError), open_audio(path) as container:
        for packet in container.demux(*container.streams.audio):
            # The flush packet at the end has no bytes.
            if packet.size:
                hashed.update(packet)
                packets += 1
    return hashed.hexdigest() if packets else None


def is_damaged(path: Path) -> bool:
    """Tell whether FFmpeg complains about the encoded audio of `path`."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    has_audio = is_corrupt = False
    try:
        with (
            av.logging.Capture() as complaints,
            suppress(av.error.FFmpegError, FileError),
            open_audio(path) as container,
        ):
            for packet in container.demux(*container.streams.audio):
                has_audio = has_audio or packet.size > 0
                is_corrupt = is_corrupt or packet.is_corrupt
        return is_corrupt or not has_audio or bool(complaints)
    finally:
        av.logging.set_level(level)


def _read(path: Path, span: Span) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from bitstream.read_span(file, *span)


def _equal(one: Iterator[bytes], other: Iterator[bytes]) -> bool:
    """Tell whether both yield the same bytes; False if a layout is unknown."""
    with suppress(bitstream.UnknownLayoutError):
        return all(a == b for a, b in zip_longest(one, other))
    return False
