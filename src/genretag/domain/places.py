"""Places in tags where genres go: the genre field, and others beside it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from genretag.domain.genre import Names

Place = str
"""`genre`, `style`, `grouping`, `comment`, or `TXXX:NAME` for a field of that name."""

Values = Mapping[Place, Names]
"""Values of several places of one file."""

GENRE, STYLE, GROUPING, COMMENT = PLACES = ("genre", "style", "grouping", "comment")
"""The places that have a name of their own."""

KINDS = ("family", "style")
"""Kinds of values: a narrow genre is a style, the broad one above it its family."""

_FREE = "TXXX:"
_NAME = re.compile(r"[A-Z][A-Z0-9 _./-]{0,38}[A-Z0-9]", re.ASCII)
_TAKEN = """
    ALBUM ALBUMARTIST ALBUMSORT ARTIST ARTISTS ARTISTSORT ASIN AUTHOR BARCODE BPM CATALOGNUMBER
    COMPILATION COMPOSER CONDUCTOR CONTENTGROUP COPYRIGHT COVERART DATE DESCRIPTION DISC
    DISCNUMBER ENCODEDBY ENCODER ENCODERSETTINGS ENSEMBLE FILE INDEX ISRC KEY LABEL LANGUAGE
    LICENSE LOCATION LYRICIST LYRICS MEDIA METADATABLOCKPICTURE OGGS ORGANIZATION ORIGINALDATE
    PERFORMER PRODUCER PUBLISHER RATING REMIXER SUBTITLE TITLE TITLESORT TOTALDISCS TOTALTRACKS
    TRACK TRACKNUMBER UPC VERSION WORK YEAR
"""
_TAKEN_NAMES = frozenset(_TAKEN.split())
"""Names of fields in which other programs keep what is no genre."""
_TAKEN_STARTS = ("ACOUSTID", "ITUN", "MUSICBRAINZ", "REPLAYGAIN", "R128", "WM/")


@dataclass(frozen=True)
class FieldChange:
    """Values of one place beside the genre before and after a write."""

    place: Place
    before: Names
    after: Names


@dataclass(frozen=True)
class Routing:
    """The places where families and styles are written; by default both where genres are."""

    family: Place = GENRE
    style: Place = GENRE

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that may be written, each once."""
        return tuple(dict.fromkeys((self.family, self.style)))

    @property
    def splits(self) -> bool:
        """Whether families and styles go to different places."""
        return self.family != self.style

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the genre is written."""
        return self.places == (GENRE,)


PLAIN_ROUTING = Routing()
"""Nothing but the genre is written."""


def parse_routing(texts: Iterable[str]) -> Routing:
    """Read `KIND=PLACE` texts; a place alone is that of the styles.

    >>> parse_routing(["style"]), parse_routing(["family=grouping"])
    (Routing(family='genre', style='style'), Routing(family='grouping', style='genre'))

    Raises:
        ValueError: a kind or a place is unknown, or a kind has two places.
    """
    found: dict[str, Place] = {}
    for text in texts:
        head, equals, tail = text.partition("=")
        kind = head.strip().casefold() if equals else "style"
        if kind not in KINDS:
            raise ValueError(f"{head.strip()!r} is no kind of genre; use family or style")
        place = parse_place(tail if equals else head)
        if found.setdefault(kind, place) != place:
            raise ValueError(f"{kind} has two places, {found[kind]} and {place}")
    return Routing(**found)


def parse_place(text: str) -> Place:
    """Read the name of a place; free fields are named in capital letters.

    >>> parse_place("Grouping"), parse_place("txxx:My style")
    ('grouping', 'TXXX:MY STYLE')

    Raises:
        ValueError: there is no such place, or its name cannot be used in every kind of tag.
    """
    word, name = text.strip(), text.strip()[len(_FREE) :].strip().upper()
    if word.casefold() in PLACES:
        return word.casefold()
    if not word.upper().startswith(_FREE):
        known = ", ".join(PLACES)
        raise ValueError(f"{word!r} is no place for genres; use {known} or TXXX:NAME")
    if name.casefold() in PLACES:
        raise ValueError(f"a field named {name} is the place {name.casefold()}; write that")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot name a field in every kind of tag; use 2 to 40 letters A to Z, "
            "digits, blanks and _ . / -, beginning with a letter"
        )
    bare = re.sub(r"[ _-]", "", name)
    if bare in _TAKEN_NAMES or bare.startswith(_TAKEN_STARTS):
        raise ValueError(f"the field {name} has a meaning of its own; use another name")
    return _FREE + name


def free_name(place: Place) -> str | None:
    """Return the name of a place that is a field of its own name everywhere; None for others.

    >>> free_name("style"), free_name("TXXX:MOOD"), free_name("grouping")
    ('STYLE', 'MOOD', None)
    """
    if place == STYLE:
        return STYLE.upper()
    return place.removeprefix(_FREE) if place.startswith(_FREE) else None


def fields_to_dict(fields: Iterable[FieldChange]) -> dict[str, dict[str, list[str]]]:
    """Return changes of fields as JSON can hold them, for plans, the journal and scripts."""
    return {
        field.place: {"before": list(field.before), "after": list(field.after)} for field in fields
    }


def fields_from_dict(entries: Mapping[str, Mapping[str, Iterable[str]]]) -> tuple[FieldChange, ...]:
    """Read what `fields_to_dict` made; ValueError, KeyError or TypeError for anything else."""
    if GENRE in entries:
        raise ValueError("the genre itself is no other field")
    changes = tuple(
        FieldChange(parse_place(place), tuple(entry["before"]), tuple(entry["after"]))
        for place, entry in entries.items()
    )
    if len({change.place for change in changes}) != len(changes):
        raise ValueError("a field stands there twice")
    return changes
