"""Streams of frames without a container: MPEG audio (MP1, MP2, MP3) and AAC in ADTS.

ISO/IEC 11172-3 section 2.4.1.3, ISO/IEC 13818-7 section 6.2.
"""

import re
from collections.abc import Callable

_MPEG = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]", re.DOTALL)
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]", re.DOTALL)

# kbit/s by index 1 to 14: MPEG 1 layers I, II and III, MPEG 2 layer I, MPEG 2 layers II and III.
_V1_L1 = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_V1_L2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_V1_L3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_V2_L1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_V2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ = (44100, 48000, 32000)

_CHAIN = 3
"""So many frames in a row are no coincidence."""

_LARGEST_START = 2048
"""A stream that was cut out of another one starts in the middle of a frame, at most this long."""

_TRAILERS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")
"""Tags that may follow the last frame."""

_FOREIGN = (b"\x1aE\xdf\xa3", b"RIFF", b"FORM", b"OggS", b"FLV", b"\0\0\1\xba")
"""Containers that may hold such frames in a row and are none of ours."""


def mpeg(head: bytes, tagged: int) -> bool:
    """Whether MPEG audio follows `tagged` bytes of ID3v2."""
    return _follows(head, tagged, _MPEG, _mpeg_size)


def adts(head: bytes, tagged: int) -> bool:
    """Whether AAC follows `tagged` bytes of ID3v2."""
    return _follows(head, tagged, _ADTS, _adts_size)


def _follows(
    head: bytes, tagged: int, sync: re.Pattern[bytes], size: Callable[[bytes], int]
) -> bool:
    if head.startswith(_FOREIGN):
        return False
    junk = len(head) - len(head.lstrip(b"\0"))
    furthest = len(head) if tagged else junk + _LARGEST_START
    starts = (match.start() for match in sync.finditer(head) if match.start() <= furthest)
    return any(_chained(head, start, sync, size) for start in starts)


def _chained(head: bytes, at: int, sync: re.Pattern[bytes], size: Callable[[bytes], int]) -> bool:
    """Whether frames follow each other from `at`, three or as many as there are."""
    for count in range(_CHAIN):
        if count and (at == len(head) or head.startswith(_TRAILERS, at)):
            return True
        if not sync.match(head, at) or not (length := size(head[at : at + 6])):
            return False
        at += length
    return True


def _adts_size(header: bytes) -> int:
    if len(header) < 6:
        return 0
    return (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5


def _mpeg_size(header: bytes) -> int:
    """The length of a frame in bytes, 0 if it cannot be told."""
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
