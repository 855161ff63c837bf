"""Streams of frames without a container: MPEG audio (MP1, MP2, MP3) and AAC in ADTS.

ISO/IEC 11172-3 section 2.4.1.3, ISO/IEC 13818-7 section 6.2.
"""

import re
from collections.abc import Callable

from genretag.tags.container import Container, Test
from genretag.tags.formats.apev2 import Apev2
from genretag.tags.formats.handler import TagHandler
from genretag.tags.formats.id3v1 import Id3v1
from genretag.tags.formats.id3v2 import Id3v2
from genretag.tags.formats.id3v2_frames import skip_tags

_MPEG = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]", re.DOTALL)
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]", re.DOTALL)

# kbit/s by index 1 to 14: MPEG 1 layers I, II and III, MPEG 2 layer I, MPEG 2 layers II and III.
_V1_L1 = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_V1_L2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_V1_L3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_V2_L1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_V2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ = (44100, 48000, 32000)

_ADTS_RATES, _ADTS_HEADER = 13, 7

Size = Callable[[bytes], int]
"""From the header of a frame to its length."""

_CHAIN = 4
"""So many frames of one kind in a row are no coincidence."""

_LONG_CHAIN = 8
"""So many are none where other things may be as well: in sound that is not compressed."""

_LARGEST_START = 2048
"""A stream that was cut out of another one starts in the middle of a frame, at most this long."""

_TRAILERS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")
"""Tags that may follow the last frame."""

_FOREIGN = (
    b"\x1aE\xdf\xa3", b"RIFF", b"RF64", b"BW64", b"riff", b"FORM", b"caff", b".snd", b"OggS",
    b"FLV", b"FWS", b".RMF", b"nut/", b"\0\0\1\xba", b"\x06\x0e+4", b"PK\3\4", b"Rar!",
    b"7z\xbc\xaf",
)  # fmt: skip
_FOREIGN_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""Containers and archives that may hold such frames in a row and are none of ours."""

_ID3V2_HEADER = re.compile(rb"ID3[\x02-\x04][\x00-\x0f][\x00-\xff][\x00-\x7f]{4}")


def is_mpeg(head: bytes, tagged: int) -> bool:
    """Return whether MPEG audio follows `tagged` bytes of ID3v2."""
    return _has_frames(head, tagged, _MPEG, _mpeg_size, b"\xff\xfe\x0c\0")


def is_adts(head: bytes, tagged: int) -> bool:
    """Return whether AAC follows `tagged` bytes of ID3v2."""
    return _has_frames(head, tagged, _ADTS, _adts_size, b"\xff\xff\xff\xf0")


def _has_frames(
    head: bytes, tagged: int, sync: re.Pattern[bytes], size: Size, fixed: bytes
) -> bool:
    """Return whether frames follow; `fixed` are the bits of a header that all in a stream share."""
    if head.startswith(_FOREIGN) or head[4:8] in _FOREIGN_ATOMS or head[257:262] == b"ustar":
        return False
    near = len(head) - len(head.lstrip(b"\0")) + _LARGEST_START
    starts = (match.start() for match in sync.finditer(head))
    chains = ((at, _CHAIN if at <= near else _LONG_CHAIN) for at in starts)
    start = next(
        (at for at, count in chains if _is_chain(head, at, count, sync, size, fixed)), None
    )
    # A tag that is not at the start is found by some all the same, unless another hides it.
    return start is not None and (tagged > 0 or not _ID3V2_HEADER.search(head, 0, start))


def _is_chain(
    head: bytes, at: int, wanted: int, sync: re.Pattern[bytes], size: Size, fixed: bytes
) -> bool:
    """Return whether `wanted` frames of one stream follow from `at`; fewer may end a file."""
    first = _mask(head[at : at + 4], fixed)
    for count in range(wanted):
        ends = at == len(head) or head.startswith(_TRAILERS, at)
        if count and ends and wanted == _CHAIN:
            return True
        header = head[at : at + 6]
        if not sync.match(header) or _mask(header, fixed) != first:
            return False
        length = size(header)
        if not length:
            return False
        at += length
    return True


def _mask(header: bytes, mask: bytes) -> list[int]:
    return [byte & bits for byte, bits in zip(header, mask, strict=False)]


def _adts_size(header: bytes) -> int:
    """Return the length of a frame in bytes, 0 if it cannot be one."""
    if len(header) < 6 or header[2] >> 2 & 15 >= _ADTS_RATES:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > _ADTS_HEADER else 0


def _mpeg_size(header: bytes) -> int:
    """Return the length of a frame in bytes, 0 if it cannot be known."""
    if len(header) < 4:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    index, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if rate == 3 or index in (0, 15) or version == 1 or layer == 4:
        return 0
    first = version == 3
    table = {1: _V1_L1, 2: _V1_L2, 3: _V1_L3} if first else {1: _V2_L1, 2: _V2, 3: _V2}
    rate_hz = _RATES_HZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bits = table[layer][index - 1] * 1000
    if layer == 1:
        return (12 * bits // rate_hz + padding) * 4
    return (72 if layer == 3 and not first else 144) * bits // rate_hz + padding


_ID3V2, _APEV2, _ID3V1 = Id3v2(), Apev2(), Id3v1()


def _container(name: str, recognises: Test, created: TagHandler) -> Container:
    return Container(
        name,
        recognises,
        (_ID3V2, _APEV2),
        synced=(_ID3V1,),
        created=created,
        audio_start=skip_tags,
    )


CONTAINERS = (
    # mutagen takes AAC behind an ID3v2 tag for MP3 and cannot open it.
    _container("AAC", is_adts, created=_APEV2),
    _container("MP3", is_mpeg, created=_ID3V2),
)
