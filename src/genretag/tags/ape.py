"""Lossless and other codecs that keep APEv2 at the end: Monkey's Audio, WavPack, Musepack, TTA."""

from genretag.tags.container import Container, starts_with
from genretag.tags.formats.apev2 import Apev2
from genretag.tags.formats.id3v1 import Id3v1
from genretag.tags.formats.id3v2 import Id3v2
from genretag.tags.formats.id3v2_frames import skip_tags

_APEV2, _ID3V1, _ID3V2 = Apev2(), Id3v1(), Id3v2()


def _with_apev2(name: str, *magics: bytes) -> Container:
    return Container(
        name, starts_with(*magics), (_APEV2, _ID3V2), synced=(_ID3V1,), audio_start=skip_tags
    )


CONTAINERS = (
    _with_apev2("Monkey's Audio", b"MAC "),
    _with_apev2("WavPack", b"wvpk"),
    _with_apev2("Musepack", b"MP+", b"MPCK"),
    _with_apev2("OptimFROG", b"OFR "),
    # TagLib and mutagen look for ID3 alone in TTA, and FFmpeg for APEv2 first.
    Container(
        "TTA",
        starts_with(b"TTA1", b"TTA2"),
        (_ID3V2,),
        synced=(_APEV2, _ID3V1),
        audio_start=skip_tags,
    ),
)
