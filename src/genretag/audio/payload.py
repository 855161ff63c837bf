"""The sound in a file as it is stored, apart from everything that tags can change."""

import hashlib
from contextlib import suppress
from pathlib import Path

import av.error

from genretag.audio.decode import opened
from genretag.errors import FileError

_DIGEST_SIZE = 16
_CHUNK = 1 << 20


def digest(path: Path, span: tuple[int, int] | None = None) -> str | None:
    """A digest of the encoded sound of `path`, whatever its tags say.

    Nothing is decoded, but the whole file is read.

    Args:
        path: an audio file.
        span: the bytes from which to which it is nothing but sound, where that is known.
            Otherwise all audio packets that FFmpeg finds are digested, in order.

    Returns:
        Hexadecimal digits; None if FFmpeg finds no packets.
    """
    hashed = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    if span is not None:
        with path.open("rb") as file:
            file.seek(span[0])
            left = span[1] - span[0]
            while chunk := file.read(min(_CHUNK, left)):
                hashed.update(chunk)
                left -= len(chunk)
        return hashed.hexdigest()
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
