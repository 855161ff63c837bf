"""Decisions of a person: which genres which files get."""

from dataclasses import dataclass
from pathlib import Path

from genretag.domain.genre import Names
from genretag.domain.naming import LONGEST_NAME
from genretag.domain.placeholder import drop_placeholders, parse_placeholders
from genretag.domain.unit import Unit

MOST_GENRES = 20
"""Genres that a person may give a file, at most: more are a mistake in a table."""


COLUMNS = (
    "genre", "kind", "name", "tracks", "before",
    "guess_1", "score_1", "guess_2", "score_2", "guess_3", "score_3", "folder", "files",
    "calibrated",
)  # fmt: skip
"""Of a table in which a person fills in `genre`. `files` is a JSON list of paths in ASCII, so that
no spreadsheet can change them; `calibrated` is False for scores that are not, else empty."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t")
"""Characters that make a formula of a cell; a `'` is written before them."""


@dataclass(frozen=True)
class Decision:
    """The genres that a person wants in some files.

    Attributes:
        genres: the most important first, one at least.
        paths: the files.
        unit: the tracks that were decided together; None for files that have nothing in common.
        expected: names that the files may have now: one with another name is left alone, as
            somebody gave it that meanwhile; None if they may have any.
    """

    genres: Names
    paths: tuple[Path, ...]
    unit: Unit | None = None
    expected: frozenset[str] | None = None


def parse_genres(text: str) -> Names:
    """Read genres that a person typed, several with `;` between.

    >>> parse_genres("Trip Hop;  Downtempo")
    ('Trip Hop', 'Downtempo')

    Raises:
        ValueError: there is none, one is given twice, or tags could not keep one; says which.
    """
    names = tuple(name for part in text.split(";") if (name := " ".join(part.split())))
    if not names:
        raise ValueError("no genre is given")
    if len(names) > MOST_GENRES:
        raise ValueError(f"{len(names)} genres are too many; {MOST_GENRES} are allowed")
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError("a genre is given twice")
    for name in names:
        _check_name(name)
    return names


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise ValueError(f'"{name[:20]}..." is longer than {LONGEST_NAME} characters')
    if not name.isprintable():
        raise ValueError(f"{name!r} has characters that nobody sees")
    if not any(map(str.isalpha, name)):
        raise ValueError(f'"{name}" has no letter')
    if not drop_placeholders((name,), parse_placeholders()):
        raise ValueError(f'"{name}" counts as no genre')
