"""The sound in a file as it is stored, apart from everything that tags can change."""

import hashlib
from contextlib import suppress
from pathlib import Path

import av
import av.error


def digest(path: Path) -> str | None:
    """A digest of all encoded audio packets of `path`, in order; None where FFmpeg finds none.

    Two files with the same digest play the same sound, whatever their tags say. Nothing
    is decoded, but the whole file is read.
    """
    hashed = hashlib.blake2b(digest_size=16)
    packets = 0
    with (
        suppress(av.error.FFmpegError),
        av.open(f"file:{path.absolute()}", metadata_errors="ignore") as container,
    ):
        for packet in container.demux(*container.streams.audio):
            # The flush packet at the end has no bytes.
            if packet.size:
                hashed.update(packet)
                packets += 1
    return hashed.hexdigest() if packets else None
