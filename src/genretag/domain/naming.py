"""Turns genres of a model into the names that files get, by a library's spelling and a taxonomy."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from genretag.domain.genre import fold_name, player_safe
from genretag.domain.genre_map import IDENTITY_MAP, GenreMap
from genretag.domain.taxonomy import Taxonomy, load_taxonomy

LONGEST_NAME = 60
"""Characters of a genre's name, at most."""

Spellings = Mapping[str, str]
"""The spellings of genres in a library: by common names, or folded names of unknown genres."""


@dataclass(frozen=True)
class Naming:
    """The names under which genres are written.

    Attributes:
        genre_map: a person's names, which go before all others.
        taxonomy: the genres that are narrower and broader than each other.
        spellings: those of the library; a genre without one gets its common name.
        only: all names that may be written, as they are written; None if any may.
        adds_parents: whether the families of a genre are added after it.
        broad: whether a genre may be written beside a narrower one, or in its place.
    """

    genre_map: GenreMap = IDENTITY_MAP
    taxonomy: Taxonomy = field(default_factory=load_taxonomy)
    spellings: Spellings = field(default_factory=dict)
    only: tuple[str, ...] | None = None
    adds_parents: bool = False
    broad: bool = False

    def with_spellings(self, spellings: Spellings) -> "Naming":
        """Return the same with the spellings of a library before those that it has."""
        return replace(self, spellings={**self.spellings, **spellings})

    def names(self, genre: str) -> tuple[str, ...]:
        """Return what to write for a genre of the model; nothing if map or whitelist forbid it."""
        mapped = self.genre_map.names(genre)
        if mapped and not self.genre_map.changes(genre):
            mapped = (self.spell(genre), *mapped[1:])
        return self._complete(mapped)

    def keep(self, name: str) -> tuple[str, ...]:
        """Return what to write for a genre that a person gave: itself, unless the map changes it.

        >>> Naming(only=("Hip Hop",)).keep("Hip-Hop")
        ('Hip Hop',)
        """
        mapped = self.genre_map.names(name)
        return self._complete(mapped if self.genre_map.changes(name) else (name, *mapped[1:]))

    def spell(self, genre: str) -> str:
        """Return how the library writes a genre, or else its common name."""
        found = self.spellings.get(self.taxonomy.identify(genre))
        return found or player_safe(self.taxonomy.find(genre) or genre)

    def distinct(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return `names` in their order, the first of those that mean the same genre."""
        first: dict[str, str] = {}
        for name in names:
            first.setdefault(self.taxonomy.identify(name), name)
        return tuple(first.values())

    def allows(self, name: str) -> bool:
        """Tell whether a genre itself may be written."""
        return self.only is None or any(self.taxonomy.is_same(name, one) for one in self.only)

    def says_more(self, name: str, genres: Iterable[str], members: Iterable[str] = ()) -> bool:
        """Tell whether a name is narrower than one of `genres`, or is in a family of `members`.

        Never if what is narrow does not go before what is broad.
        """
        taxonomy, members = self.taxonomy, tuple(members)
        return not self.broad and (
            any(taxonomy.is_same(one, name) for one in members)
            or any(taxonomy.is_broader(one, name) for one in (*genres, *members))
        )

    def is_related(self, name: str, other: str) -> bool:
        """Tell whether two names do not contradict each other: one may be narrower."""
        related = self.taxonomy.is_same if self.broad else self.taxonomy.is_related
        return related(name, other)

    def _complete(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return names with the families of the first, as far as they may be written."""
        if names and self.adds_parents:
            names += tuple(map(self.spell, self.taxonomy.families(names[0])))
        if self.only is not None:
            names = tuple(one for name in names for one in self.taxonomy.nearest(name, self.only))
        return self.distinct(names)


def is_plain(name: str) -> bool:
    """Tell whether a name may be written into files that do not have it.

    It has no character at which players split or that a terminal cannot show, begins and ends with
    a letter or a digit, and is no longer than 60 characters.

    >>> is_plain("Hip Hop"), is_plain("hip hop!!!"), is_plain("Rock; Pop")
    (True, False, False)
    """
    ends = name[:1].isalnum() and name[-1:].isalnum()
    return ends and len(name) <= LONGEST_NAME and name.isprintable() and player_safe(name) == name


def find_spellings(
    files: Iterable[tuple[str, ...]], naming: Naming, placeholders: frozenset[str]
) -> Spellings:
    """Return the spelling of each genre that most files have; of equal ones the first by name.

    Placeholders are no genres, only plain names are spread, see `is_plain`, and what the map of
    `naming` changes is never written.

    >>> sorted(find_spellings([("Hip Hop",), ("Rap", "Jazz"), ("Hip Hop",)], Naming(), frozenset())
    ...        .items())
    [('Hip-Hop', 'Hip Hop'), ('Jazz', 'Jazz')]
    """
    counts = Counter(name for genres in files for name in genres)
    usable = {
        name: count
        for name, count in counts.items()
        if is_plain(name)
        and fold_name(name) not in placeholders
        and not naming.genre_map.changes(name)
    }
    return pick_spellings(usable, naming.taxonomy)


def pick_spellings(counts: Mapping[str, int], taxonomy: Taxonomy) -> Spellings:
    """Return the most frequent name of each genre; of equal ones the first by name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in counts:
        found[taxonomy.identify(name)].append(name)
    return {
        genre: min(names, key=lambda name: (-counts[name], name)) for genre, names in found.items()
    }
