"""Compares the genres of a library with a taxonomy, and finds what a map could say of them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from genretag.domain.genre import distinct, fold_name
from genretag.domain.genre_map import GenreMap, MapError
from genretag.domain.naming import LONGEST_NAME, Naming
from genretag.domain.taxonomy import Taxonomy

JunkKind = Literal["placeholder", "web address", "year", "number", "no letters", "too long"]

# Shorter names are near to too many others, and so are longer ones that differ more.
_SHORTEST_SLIP = 5
_SIMILARITY = 0.85

_BETWEEN_GENRES = re.compile(r"[;/,|\0\r\n]")
_WORD = re.compile(r"[^\W_]+")
_PATTERNS: Mapping[JunkKind, re.Pattern[str]] = {
    "web address": re.compile(r".*(://|\bwww\.|@|\w\.(com|net|org|info|ru|de|eu|fr)\b).*", re.S),
    "year": re.compile(r"[\W_]*((1[89]|20)\d\d|((1[89]|20)?\d0'?s))[\W_]*"),
    "number": re.compile(r"[\W_]*\d[\d\W_]*"),
    "no letters": re.compile(r"[\W_]*"),
}


@dataclass(frozen=True)
class NameUse:
    """A name as it stands in files, and the files that have it."""

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class UnknownName(NameUse):
    """A name that the taxonomy lacks.

    Attributes:
        genre: what it could mean; None if nothing is clear.
        reason: the source of `genre`: the words of the name, or its letters.
    """

    genre: str | None = None
    reason: Literal["words", "letters"] | None = None


@dataclass(frozen=True)
class JoinedName(NameUse):
    """A name that holds several genres.

    Attributes:
        genres: its parts.
        genre: what the whole means: the genre of that name, or else the first part that is known.
        is_known: whether the taxonomy has the whole.
    """

    genres: tuple[str, ...]
    genre: str
    is_known: bool


@dataclass(frozen=True)
class JunkName(NameUse):
    """A name that is no genre."""

    kind: JunkKind


@dataclass(frozen=True)
class SpelledGenre:
    """A genre that files call by several names.

    Attributes:
        genre: its common name; of one that the taxonomy lacks, the commonest.
        written: what `scan` writes.
        names: the commonest first.
        can_rename: whether the taxonomy has it, and no map says yet how to write it.
    """

    genre: str
    written: str
    names: tuple[NameUse, ...]
    can_rename: bool


@dataclass(frozen=True)
class NameCheck:
    """The genres of a library against a taxonomy; of names, the commonest come first.

    Attributes:
        files: how many were read.
        tagged: how many have a genre.
        known_files: how many have a genre, and none but `known` names.
        names: how many there are, each spelling by itself.
        known: how many mean one genre to the taxonomy, the model or the map.
        unknown: names that the taxonomy lacks.
        spelled: genres with several names.
        joined: names that hold several genres.
        junk: names that are no genre.
    """

    files: int
    tagged: int
    known_files: int
    names: int
    known: int
    unknown: tuple[UnknownName, ...] = ()
    spelled: tuple[SpelledGenre, ...] = ()
    joined: tuple[JoinedName, ...] = ()
    junk: tuple[JunkName, ...] = ()


def check_names(
    files: Iterable[tuple[Path, tuple[str, ...]]],
    naming: Naming,
    placeholders: frozenset[str],
    known: Iterable[str] = (),
) -> NameCheck:
    """Compare the genres of files with the taxonomy.

    Args:
        files: each with the genres of its tags.
        naming: the taxonomy, the map, and how the library spells genres.
        placeholders: folded names that count as no genre.
        known: further names that mean something, such as those of a model.
    """
    per_file = list(files)
    uses: defaultdict[str, list[Path]] = defaultdict(list)
    for path, genres in per_file:
        for name in dict.fromkeys(genres):
            uses[name].append(path)
    given = frozenset(map(fold_name, (*known, *naming.genre_map.rename.values())))
    found = [
        _judge(NameUse(name, tuple(paths)), naming, placeholders, given)
        for name, paths in sorted(uses.items(), key=lambda one: (-len(one[1]), one[0]))
    ]
    means_one = frozenset(one.name for one in found if type(one) is NameUse)
    return NameCheck(
        files=len(per_file),
        tagged=sum(bool(genres) for _, genres in per_file),
        known_files=sum(bool(genres) and means_one.issuperset(genres) for _, genres in per_file),
        names=len(found),
        known=len(means_one),
        unknown=tuple(one for one in found if isinstance(one, UnknownName)),
        spelled=tuple(_find_spelled(found, naming)),
        joined=tuple(one for one in found if isinstance(one, JoinedName)),
        junk=tuple(one for one in found if isinstance(one, JunkName)),
    )


def list_renames(spelled: Iterable[SpelledGenre]) -> dict[str, str]:
    """Return what the table `[rename]` of a map may say: how files mostly call genres."""
    return {
        one.genre: one.written
        for one in spelled
        if one.can_rename and one.written != one.genre and _can_write(one.genre, one.written)
    }


def list_aliases(names: Iterable[UnknownName | JoinedName]) -> dict[str, str]:
    """Return what the table `[aliases]` of a map may say: what names in files mean."""
    return {
        one.name: one.genre
        for one in names
        if one.genre and not (isinstance(one, JoinedName) and one.is_known)
    }


def list_placeholders(junk: Iterable[JunkName]) -> tuple[str, ...]:
    """Return the names that do not count as placeholders yet; a list cannot hold a comma."""
    return distinct(one.name for one in junk if one.kind != "placeholder" and "," not in one.name)


def find_similar(name: str, taxonomy: Taxonomy) -> str | None:
    """Return the genre with nearly the letters of `name`, and the first alike; None without one.

    >>> from genretag.domain.taxonomy import load_taxonomy
    >>> find_similar("Shoegase", load_taxonomy())
    'Shoegaze'
    """
    folded = fold_name(name)
    if len(folded) < _SHORTEST_SLIP:
        return None
    others = [
        one
        for one in taxonomy.folded_names
        if one[0] == folded[0] and abs(len(one) - len(folded)) <= 2
    ]
    near = get_close_matches(folded, others, 1, _SIMILARITY)
    return taxonomy.find(near[0]) if near else None


def find_in_words(name: str, taxonomy: Taxonomy) -> str | None:
    """Return the one genre that the longest run of words of `name` means; None for several.

    >>> from genretag.domain.taxonomy import load_taxonomy
    >>> find_in_words("Swedish Death Metal", load_taxonomy())
    'Death Metal'
    """
    words = _WORD.findall(name)
    for length in range(len(words) - 1, 0, -1):
        runs = ("".join(words[n : n + length]) for n in range(len(words) - length + 1))
        found = {genre for run in runs if (genre := taxonomy.find(run))}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _can_write(genre: str, name: str) -> bool:
    """Tell whether a map can say so: not if tags take the name for a number of ID3v1."""
    try:
        GenreMap({genre: name})
    except MapError:
        return False
    return True


def _judge(
    use: NameUse, naming: Naming, placeholders: frozenset[str], given: frozenset[str]
) -> NameUse:
    """Return a subclass that says what is odd about a name; `use` itself if it means one genre."""
    name, taxonomy = use.name, naming.taxonomy
    if fold_name(name) in given or naming.genre_map.changes(name):
        return use
    if kind := find_junk(name, placeholders):
        return JunkName(name, use.files, kind)
    whole = taxonomy.find(name)
    parts = split_name(name)
    meant = [taxonomy.find(part) for part in parts]
    known = [genre for genre in meant if genre]
    is_joined = len(known) == len(parts) if whole else known
    if is_joined and len(set(meant)) > 1:
        return JoinedName(name, use.files, tuple(parts), whole or known[0], whole is not None)
    if whole:
        return use
    if len(name) > LONGEST_NAME:
        return JunkName(name, use.files, "too long")
    if genre := find_in_words(name, taxonomy):
        return UnknownName(name, use.files, genre, "words")
    similar = find_similar(name, taxonomy)
    return UnknownName(name, use.files, similar, "letters" if similar else None)


def split_name(name: str) -> list[str]:
    """Split a name where people put something between two genres.

    >>> split_name("Rock; Pop/Dance")
    ['Rock', 'Pop', 'Dance']
    """
    return [part for one in _BETWEEN_GENRES.split(name) if (part := one.strip())]


def find_junk(name: str, placeholders: frozenset[str] = frozenset()) -> JunkKind | None:
    """Return why a name is no genre; None if nothing speaks against it."""
    if fold_name(name) in placeholders:
        return "placeholder"
    return next((kind for kind, one in _PATTERNS.items() if one.fullmatch(name)), None)


def may_be_genre(name: str) -> bool:
    """Tell whether a name may be that of a genre which nobody else knows.

    >>> may_be_genre("Schlagertechno"), may_be_genre("https://example.org"), may_be_genre("1994")
    (True, False, False)
    """
    return not find_junk(name) and len(name) <= LONGEST_NAME and name.isprintable()


def _find_spelled(uses: Sequence[NameUse], naming: Naming) -> Iterator[SpelledGenre]:
    groups: defaultdict[str, list[NameUse]] = defaultdict(list)
    for use in uses:
        if not isinstance(use, JoinedName | JunkName):
            groups[naming.taxonomy.identify(use.name)].append(use)
    for key, names in groups.items():
        genre = naming.taxonomy.find(key) or names[0].name
        written = naming.names(genre)
        if len(names) > 1 and written:
            is_known = naming.taxonomy.find(genre) is not None
            can_rename = is_known and not naming.genre_map.changes(genre)
            yield SpelledGenre(genre, written[0], tuple(names), can_rename)
