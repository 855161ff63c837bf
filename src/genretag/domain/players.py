"""The genres that players show of a file with given tags.

Taken from the sources of players where these are open: comments name the files. TagLib and
FFmpeg were measured as well. iTunes and foobar2000 have no open sources, so there is little about
them, from what others observed. The settings are those that a player comes with, and names of
numbered genres are spelled as elsewhere in genretag.

The tests ask MPD itself; 0.23.12 agrees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from genretag.domain.genre_reading import (
    Pairs,
    Reading,
    resolve_as_atl,
    resolve_as_ffmpeg,
    resolve_as_libid3tag,
    resolve_as_taglib,
)
from genretag.domain.layout import TagFormat
from genretag.domain.stored_tags import StoredTag


@dataclass(frozen=True)
class Player:
    """A player and how it reads the containers that it plays."""

    name: str
    readings: Mapping[str, Reading]

    def shows(self, container: str, tags: Sequence[StoredTag]) -> tuple[str, ...]:
        """Return the genres that it shows of a file with these tags, each once."""
        reading = self.readings.get(container)
        return reading.genres(tags) if reading else ()


def _table(*rows: tuple[str, Reading]) -> Mapping[str, Reading]:
    """Return readings by container; a row names several containers with `|` between."""
    return MappingProxyType(
        {container: reading for names, reading in rows for container in names.split("|")}
    )


_XIPH = "Opus|Ogg Vorbis|Ogg FLAC"
_COMMENTS = Reading(("Vorbis comments",))
_ANY = "MP3|AAC|WAV|AIFF|DSF|TTA|FLAC|Speex|MP4|ASF|WavPack|Musepack|Monkey's Audio|OptimFROG"


def _taglib(*order: TagFormat, items: Literal["all", "first"] = "all") -> Reading:
    return Reading(order, stops=True, items=items, references=resolve_as_taglib)


TAGLIB: Mapping[str, Reading] = _table(
    ("MP3|AAC", _taglib("ID3v2", "APEv2", "ID3v1")),
    ("TTA", _taglib("ID3v2", "ID3v1")),
    ("WAV", _taglib("ID3v2", "RIFF INFO")),
    ("AIFF|DSF", _taglib("ID3v2")),
    ("FLAC", _taglib("Vorbis comments", "ID3v2", "ID3v1")),
    (f"{_XIPH}|Speex", _COMMENTS),
    ("MP4", _taglib("MP4", items="first")),
    ("ASF", _taglib("ASF")),
    ("WavPack|Musepack|Monkey's Audio", _taglib("APEv2", "ID3v1")),
)
"""TagLib's properties: those of the first tag that is there (taglib/tagunion.cpp and the files of
each format), all its frames, but the first atom of MP4."""


# APEv2 is looked for at the very end of the file (libavformat/apetag.c), and ID3v2 is dropped
# where there are other tags (libavformat/demux.c, avformat_open_input).
_APE_FOR_FFMPEG: Pairs = (("ID3v1", "APEv2"), ("APEv2", "ID3v2"))


def _ffmpeg(*order: TagFormat, hides: Pairs = ()) -> Reading:
    return Reading(order, hides=hides, references=resolve_as_ffmpeg, values="first")


FFMPEG: Mapping[str, Reading] = _table(
    ("Monkey's Audio", _ffmpeg("APEv2", "ID3v2", hides=_APE_FOR_FFMPEG)),
    (
        "TTA",
        _ffmpeg("ID3v1", "APEv2", "ID3v2", hides=(*_APE_FOR_FFMPEG, ("ID3v1", "ID3v2"))),
    ),
    ("DSF", _ffmpeg("ID3v2")),
    # A second atom of the same meaning replaces the first (libavformat/mov.c).
    ("MP4", Reading(("MP4",), items="last", values="first")),
    # Of repeated attributes the last replaces the others (libavformat/asfdec_f.c).
    ("ASF", Reading(("ASF",), items="last", values="first")),
    ("Speex", Reading(("Vorbis comments",), values="joined")),
)
"""FFmpeg where a player leaves the tags to it: one text for a genre."""


def _navidrome() -> Mapping[str, Reading]:
    return MappingProxyType(
        {container: replace(reading, splits="[;/,]") for container, reading in TAGLIB.items()}
    )


def _kodi() -> Mapping[str, Reading]:
    # APEv2 counts only without ID3v2 (Load), of several frames the first (GetID3v2StringList).
    # A value that is alone is split (CMusicInfoTag::SetGenre), and numbers are resolved wherever
    # they stand (CTagLoaderTagLib::SetGenre of Kodi 21).
    plain = Reading(references=resolve_as_taglib, digits=True, splits=" / ", alone=True)
    id3 = replace(plain, items="first")
    return _table(
        ("MP3|AAC", replace(id3, order=("ID3v2", "APEv2", "ID3v1"), hides=(("ID3v2", "APEv2"),))),
        ("WAV|AIFF|TTA", replace(id3, order=("ID3v2",))),
        ("FLAC", replace(plain, order=("Vorbis comments", "ID3v2"))),
        (_XIPH, replace(plain, order=("Vorbis comments",))),
        ("MP4", replace(id3, order=("MP4",))),
        ("ASF", replace(plain, order=("ASF",))),
        ("WavPack|Musepack|Monkey's Audio", replace(plain, order=("APEv2",))),
        # MusicInfoTagLoaderFactory.cpp leaves it to FFmpeg, and knows no Speex and OptimFROG.
        ("DSF", replace(FFMPEG["DSF"], splits=" / ")),
    )


# What libsndfile hands on of RIFF INFO and MPD takes by default, and where ID3v2 has its genre.
_BY_SNDFILE = frozenset({"INAM", "IART", "ICRD", "IPRD", "IGNR", "TCON", "TCO"})


def _mpd() -> Mapping[str, Reading]:
    # Where a decoder finds no tags, APEv2 at the very end of the file is tried and then ID3.
    generic = Reading(
        ("APEv2", "ID3v2", "ID3v1"),
        stops=True,
        hides=(("ID3v1", "APEv2"), ("ID3v2", "ID3v1")),
        references=resolve_as_libid3tag,
    )
    return _table(
        # No decoder of these reads tags.
        ("MP3|AAC|WavPack|Musepack", generic),
        ("FLAC", replace(generic, order=("Vorbis comments", *generic.order))),
        (_XIPH, _COMMENTS),
        ("WAV", replace(generic, order=("RIFF INFO", "ID3v2"), sees=_BY_SNDFILE)),
        ("AIFF", replace(generic, order=("AIFF text", "ID3v2"))),
        ("DSF", replace(generic, order=("ID3v2",))),
        ("Monkey's Audio", replace(FFMPEG["Monkey's Audio"], order=generic.order, stops=True)),
        *((name, FFMPEG[name]) for name in ("TTA", "MP4", "ASF", "Speex")),
    )


_ATL: tuple[TagFormat, ...] = (
    "ID3v2", "APEv2", "Vorbis comments", "MP4", "ASF", "RIFF INFO", "ID3v1",
)  # fmt: skip

PLAYERS: tuple[Player, ...] = (
    # adapters/gotaglib/gotaglib.go hands on what TagLib gives; resources/mappings.yaml says where
    # it is split. Version 0.58 split only a value that was alone (issue 4516).
    Player("Navidrome", _navidrome()),
    # ATL reads every tag, ID3v2 first, until one has a genre (ATL/AudioData/MetaDataIOFactory.cs);
    # ID3v2_separatev2v3Values and UseCustomTagDelimiters, which split texts, are off
    # (MediaBrowser.Providers/MediaInfo/AudioFileProber.cs).
    Player("Jellyfin", _table((f"{_ANY}|{_XIPH}", Reading(_ATL, references=resolve_as_atl)))),
    # xbmc/music/tags/TagLoaderTagLib.cpp and MusicInfoTag.cpp.
    Player("Kodi", _kodi()),
    # Observed by others, for MP4 with iTunes 11.4 (mutagen-specs.readthedocs.io/en/latest/mp4):
    # one field with the first value. Its numbers are assumed to be those of the standard.
    Player(
        "iTunes",
        _table(
            ("MP3|AAC", Reading(("ID3v2", "ID3v1"), items="first", values="first")),
            ("WAV|AIFF", Reading(("ID3v2", "RIFF INFO"), items="first", values="first")),
            ("MP4", Reading(("MP4",), items="first", values="first")),
        ),
    ),
    # src/TagFile.cxx, src/tag/Generic.cxx, ApeTag.cxx, Id3Load.cxx, Id3Scan.cxx,
    # src/decoder/plugins/SndfileDecoderPlugin.cxx; for some containers FFmpeg.
    Player("MPD", _mpd()),
    # Observed by others: of MP4 the first atom alone, with foobar2000 1.3.3 (the page on
    # mutagen-specs); texts are not split (issue 222 of gchudov/cuetools.net). Which of several
    # tags counts and what numbers mean is assumed: the usual tag, and the standard.
    Player(
        "foobar2000",
        _table(
            (f"{_ANY}|{_XIPH}", Reading()),
            ("MP4", Reading(items="first", values="first")),
        ),
    ),
)
"""The players that `layout.PLAYERS` knows."""
