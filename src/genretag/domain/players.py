"""What players show of the genres in a file.

By their sources where these are open: the comments name them. What TagLib and FFmpeg do was
measured as well. iTunes and foobar2000 show no sources, so little is said of them, and that by
what others observed. The settings are those that a player comes with, and names of numbered
genres are spelled as elsewhere here.

MPD is asked itself by the tests; 0.23.12 shows what is said here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.layout import TagFormat
from genretag.domain.stored_tags import StoredItem, StoredTag

Pairs = tuple[tuple[TagFormat, TagFormat], ...]
"""Formats, of which the first hides the second."""

References = Callable[[Sequence[str], str], Iterable[str]]
"""From the values of an ID3v2 genre frame, and the version of the tag, to genres."""

_WORDS = {"RX": "Remix", "CR": "Cover"}


def _by_number(text: str, otherwise: str = "") -> str:
    number = int(text)
    return ID3V1_GENRES[number] if 0 <= number < len(ID3V1_GENRES) else otherwise


def _by_digits(text: str) -> str:
    """The genre of a text that is nothing but a number, else the text."""
    return _by_number(text, text) if re.fullmatch("[0-9]{1,9}", text) else text


def _standard(texts: Sequence[str], version: str) -> Iterator[str]:
    """As ID3v2.3 has it in section 4.2.1: `(17)`, `(RX)`, `((` for a bracket, `17` alone."""
    for text in texts:
        left = text
        while left.startswith("(") and not left.startswith("(("):
            inside, _, left = left[1:].partition(")")
            yield _word(inside)
        yield _word(left.removeprefix("(") if left.startswith("((") else left)


def _word(text: str) -> str:
    return _WORDS.get(text, _by_digits(text))


def _by_libid3tag(texts: Sequence[str], version: str) -> Iterator[str]:
    """Only the first value before v2.4, and no brackets in v2.4.

    libid3tag, compat.gperf (translate_TCON) and genre.c (id3_genre_name).
    """
    return map(_word, texts) if version == "2.4" else _standard(texts[:1], version)


def _by_taglib(texts: Sequence[str], version: str) -> Iterator[str]:
    """Whatever stands in brackets at the start goes, unless it is a number, RX or CR.

    taglib/taglib, mpeg/id3v2/id3v2framefactory.cpp (updateGenre); measured with 2.1.
    """
    for text in texts:
        left = text
        while left.startswith("(") and ")" in left:
            inside, _, left = left[1:].partition(")")
            if inside in _WORDS:
                yield inside
            elif re.fullmatch("[0-9]{1,3}", inside):
                yield _by_number(inside)
        yield _by_number(left) if re.fullmatch(r"\s*[+-]?[0-9]{1,9}", left) else left


def _by_atl(texts: Sequence[str], version: str) -> Iterator[str]:
    """Every bracket separates genres.

    Zeugma440/atldotnet, ATL/AudioData/IO/ID3v2.cs (extractGenreFromID3v2Code).
    """
    return (_by_digits(part) for text in texts for part in re.split("[()]", text))


def _by_ffmpeg(texts: Sequence[str], version: str) -> Iterator[str]:
    """Of the first value alone; a number at its start is all of it, even in `80s Pop`.

    FFmpeg, libavformat/id3v2.c (read_ttag); measured with 5.1.
    """
    for text in texts[:1]:
        found = re.match(r"\(?\s*\+?([0-9]{1,9})", text)
        yield _by_number(found[1], text) if found else text


@dataclass(frozen=True)
class Reading:
    """How a program gets genres from the tags of one container.

    Attributes:
        order: the formats that it reads, the most telling first; none for those that are
            there, as they come.
        stops: whether the first tag that holds anything counts, with a genre or without.
        sees: the names of what it must hold for that, if not just anything.
        hides: pairs of formats; where a tag of the first is seen, one of the second is not.
        items: which of several genre frames or atoms in a tag count.
        references: how it understands the genre of ID3v2.
        digits: whether a number alone is a genre of ID3v1 in other tags as well.
        values: which values count; `joined` makes them one text with `;` between.
        splits: a regular expression at which it takes a value apart.
        alone: whether it does so only where there is no other value.
    """

    order: tuple[TagFormat, ...] = ()
    stops: bool = False
    sees: frozenset[str] = frozenset()
    hides: Pairs = ()
    items: Literal["all", "first", "last"] = "all"
    references: References = _standard
    digits: bool = False
    values: Literal["all", "first", "joined"] = "all"
    splits: str = ""
    alone: bool = False

    def genres(self, tags: Sequence[StoredTag]) -> tuple[str, ...]:
        """The genres that it finds in `tags`, each once."""
        read = sorted(self._read(tags), key=self._rank)
        read = list(filter(self._is_there, read))[:1] if self.stops else read
        found = (self._of(tag) for tag in read)
        return next((genres for genres in found if genres), ())

    def _read(self, tags: Sequence[StoredTag]) -> list[StoredTag]:
        seen = {tag.format for tag in tags}
        for hider, hidden in self.hides:
            if hider in seen:
                seen.discard(hidden)
        return [tag for tag in tags if tag.format in seen and tag.format in (self.order or seen)]

    def _is_there(self, tag: StoredTag) -> bool:
        names = {*(item.key for item in tag.items), *tag.others}
        return bool(names & self.sees if self.sees else names)

    def _rank(self, tag: StoredTag) -> int:
        return self.order.index(tag.format) if self.order else 0

    def _of(self, tag: StoredTag) -> tuple[str, ...]:
        which = {"all": slice(None), "first": slice(1), "last": slice(-1, None)}
        items = tag.items[which[self.items]]
        texts = [text.strip() for item in items for text in self._understood(item, tag)]
        parts = self._split(self._counted([text for text in texts if text]))
        return _distinct(part.strip() for part in parts)

    def _understood(self, item: StoredItem, tag: StoredTag) -> Iterable[str]:
        if tag.format == "ID3v1" or item.key == "gnre":
            return item.names
        if tag.format == "ID3v2":
            return self.references(item.texts, tag.version)
        return map(_by_digits, item.texts) if self.digits else item.texts

    def _counted(self, texts: list[str]) -> list[str]:
        return {"all": texts, "first": texts[:1], "joined": [";".join(texts)]}[self.values]

    def _split(self, texts: list[str]) -> list[str]:
        if not self.splits or (self.alone and len(texts) > 1):
            return texts
        return [part for text in texts for part in re.split(self.splits, text)]


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for name in filter(None, names):
        first.setdefault(name.casefold(), name)
    return tuple(first.values())


@dataclass(frozen=True)
class Player:
    """A player and how it reads the containers that it plays."""

    name: str
    readings: Mapping[str, Reading]

    def shows(self, container: str, tags: Sequence[StoredTag]) -> tuple[str, ...]:
        """The genres that it shows of a file with these tags, each once."""
        reading = self.readings.get(container)
        return reading.genres(tags) if reading else ()


def _table(*rows: tuple[str, Reading]) -> Mapping[str, Reading]:
    """Readings by container, of which a row names several with `|` between."""
    return MappingProxyType(
        {container: reading for names, reading in rows for container in names.split("|")}
    )


_XIPH = "Opus|Ogg Vorbis|Ogg FLAC"
_COMMENTS = Reading(("Vorbis comments",))
_ANY = "MP3|AAC|WAV|AIFF|DSF|TTA|FLAC|Speex|MP4|ASF|WavPack|Musepack|Monkey's Audio|OptimFROG"


def _taglib(*order: TagFormat, items: Literal["all", "first"] = "all") -> Reading:
    return Reading(order, stops=True, items=items, references=_by_taglib)


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
    return Reading(order, hides=hides, references=_by_ffmpeg, values="first")


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
    plain = Reading(references=_by_taglib, digits=True, splits=" / ", alone=True)
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
        references=_by_libid3tag,
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
    Player("Jellyfin", _table((f"{_ANY}|{_XIPH}", Reading(_ATL, references=_by_atl)))),
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
