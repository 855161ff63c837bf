"""The table of all containers that genretag can tag, one module for each family."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import BinaryIO

from genretag.tags import aiff, ape, asf, dsf, flac, mp4, mpeg, ogg, riff
from genretag.tags.container import Container
from genretag.tags.formats.handler import BrokenTagsError
from genretag.tags.formats.id3v2_frames import skip_tags
from genretag.tags.formats.splice import size_of

_HEAD = 5 << 14
"""How many bytes are looked at, the most that any sign of a container may need."""

_MOST_ZEROS = 1 << 20
"""The most bytes of zeros that may come before frames of audio."""

_FAMILIES = (
    flac.CONTAINERS,
    ogg.CONTAINERS,
    mp4.CONTAINERS,
    asf.CONTAINERS,
    riff.CONTAINERS,
    aiff.CONTAINERS,
    dsf.CONTAINERS,
    ape.CONTAINERS,
    mpeg.CONTAINERS,  # last, because frames of audio are the weakest sign
)

CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {row.name: row for rows in _FAMILIES for row in rows}
)
"""Every container that genretag can tag, by name; the first row that recognises a file has it."""


def recognise(file: BinaryIO) -> Container | None:
    """Return the container that `file` is by its content, or None.

    Raises:
        BrokenTagsError: an ID3v2 tag is longer than the file.
    """
    tagged = skip_tags(file)
    if tagged > size_of(file):
        raise BrokenTagsError("its ID3v2 tag is cut off")
    head = _read_head(file, tagged)
    return next((row for row in CONTAINERS.values() if row.recognises(head, tagged)), None)


def _read_head(file: BinaryIO, start: int) -> bytes:
    """Return the bytes from `start` on; where they are all zeros, from the last of these on."""
    file.seek(start)
    head = file.read(_HEAD)
    if any(head):
        return head
    while head and not any(head) and file.tell() < start + _MOST_ZEROS:
        head = file.read(_HEAD)
    audio = file.tell() - len(head.lstrip(b"\0"))
    file.seek(max(start, audio - 1))
    return file.read(_HEAD)
