"""A taxonomy of genres: their common names, other names, and parents, up to some twenty families.

The genres are in `taxonomy.csv`, family by family, each genre below the first of its parents. They
are facts of the genre list of MusicBrainz, the genre tree of FMA, and common knowledge. A name that
people give to two kinds of music, such as Hardcore, has both as parents.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from genretag.domain.genre import distinct, fold_name

_FILE = "taxonomy.csv"
_SEPARATOR = ";"


@dataclass(frozen=True, slots=True)
class TaxonomyGenre:
    """A genre, the names of its parents, and its other names; a family has no parents."""

    name: str
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Taxonomy:
    """Genres that are narrower and broader than each other.

    All methods take any spelling of a name, and its aliases, and return common names.

    >>> rock = Taxonomy([TaxonomyGenre("Rock"), TaxonomyGenre("Punk", ("Rock",), ("Punk Rock",))])
    >>> rock.find("punk-rock"), rock.ancestors("punk-rock")
    ('Punk', ('Rock',))

    Raises:
        ValueError: two genres share a name or an alias, a parent is unknown, or a genre is its own
            ancestor.
    """

    def __init__(self, genres: Iterable[TaxonomyGenre]) -> None:
        self._genres = {genre.name: genre for genre in genres}
        self._names: dict[str, str] = {}
        for genre in self._genres.values():
            for name in (genre.name, *genre.aliases):
                if self._names.setdefault(fold_name(name), genre.name) != genre.name:
                    raise ValueError(f"{name!r} is a name of two genres")
        for genre in self._genres.values():
            unknown = [name for name in genre.parents if name not in self._genres]
            if unknown:
                raise ValueError(f"the parents {unknown} of {genre.name!r} are no genres")
        self._ancestors = {name: tuple(self._list_ancestors(name)) for name in self._genres}

    def __len__(self) -> int:
        return len(self._genres)

    def __iter__(self) -> Iterator[TaxonomyGenre]:
        return iter(self._genres.values())

    @property
    def folded_names(self) -> Iterable[str]:
        """All names and aliases, as `fold_name` returns them."""
        return self._names.keys()

    def find(self, name: str) -> str | None:
        """Return the common name of a genre; None if the taxonomy does not have it."""
        return self._names.get(fold_name(name))

    def parents(self, name: str) -> tuple[str, ...]:
        """Return the parents of a genre; none of a family, nor of a name that is unknown."""
        genre = self.find(name)
        return self._genres[genre].parents if genre else ()

    def children(self, name: str) -> tuple[str, ...]:
        """Return the genres that have this one as a parent."""
        genre = self.find(name)
        return tuple(one.name for one in self if genre in one.parents)

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Return all broader genres, the nearest first, each once."""
        genre = self.find(name)
        return self._ancestors[genre] if genre else ()

    def families(self, name: str) -> tuple[str, ...]:
        """Return the families that a genre belongs to; of a family, itself."""
        genre = self.find(name)
        lineage = (genre, *self._ancestors[genre]) if genre else ()
        return tuple(one for one in lineage if not self._genres[one].parents)

    def is_same(self, name: str, other: str) -> bool:
        """Tell whether two names are of one genre, known or not."""
        return self.identify(name) == self.identify(other)

    def is_broader(self, broad: str, narrow: str) -> bool:
        """Tell whether the first genre is an ancestor of the second."""
        return self.find(broad) in self.ancestors(narrow)

    def is_related(self, name: str, other: str) -> bool:
        """Tell whether two names are of one genre, or one is broader than the other."""
        return (
            self.is_same(name, other)
            or self.is_broader(name, other)
            or self.is_broader(other, name)
        )

    def nearest(self, name: str, among: Iterable[str]) -> tuple[str, ...]:
        """Return those of some names that mean a genre, or else its nearest ancestors among them.

        Several are returned if they are equally near; none if there is none.

        >>> metal = Taxonomy([TaxonomyGenre("Rock"), TaxonomyGenre("Metal", ("Rock",))])
        >>> metal.nearest("metal", ["Jazz", "rock"])
        ('rock',)
        """
        given: dict[str, str] = {}
        for one in among:
            given.setdefault(self.identify(one), one)
        level = [self.identify(name)]
        while level:
            found = distinct(given[genre] for genre in level if genre in given)
            if found:
                return found
            level = [parent for genre in level for parent in self.parents(genre)]
        return ()

    def extend(self, parents: Mapping[str, str], aliases: Mapping[str, str]) -> "Taxonomy":
        """Return a taxonomy with further parents and aliases, of genres that are new or known.

        What they say goes before what was known: a genre that becomes another name of a second one
        is merged into it, and where a new parent was narrower than its child, it no longer is.

        >>> rock = Taxonomy([TaxonomyGenre("Rock"), TaxonomyGenre("Metal", ("Rock",))])
        >>> rock.extend({"Rock": "Metal"}, {"Loud": "Rock"}).ancestors("loud")
        ('Metal',)
        """
        if not (parents or aliases):
            return self
        spelled = {fold_name(name): name for one in self for name in (one.name, *one.aliases)}
        names = dict(self._names)
        for name in (*aliases.values(), *aliases, *parents, *parents.values()):
            names.setdefault(fold_name(name), spelled.setdefault(fold_name(name), name))
        for alias, name in aliases.items():
            before, genre = names[fold_name(alias)], names[fold_name(name)]
            merged = [one for one in names if names[one] == before]
            names |= dict.fromkeys(merged if before == spelled[fold_name(alias)] else (), genre)
            names[fold_name(alias)] = genre
        for pair in parents.items():
            if names[fold_name(pair[0])] == names[fold_name(pair[1])]:  # they become two genres
                names |= {fold_name(name): spelled[fold_name(name)] for name in pair}
        above: dict[str, tuple[str, ...]] = {}
        new = [(names[fold_name(child)], names[fold_name(name)]) for child, name in parents.items()]
        known = [
            (one.name, names[fold_name(name)])
            for one in self
            if names[fold_name(one.name)] == one.name and one.name not in dict(new)
            for name in one.parents
        ]
        for child, parent in (*new, *known):
            if not _reaches(above, parent, child):
                above[child] = distinct((*above.get(child, ()), parent))
        others: dict[str, list[str]] = {name: [] for name in names.values()}
        for folded, name in names.items():
            others[name] += [spelled[folded]] if spelled[folded] != name else []
        return Taxonomy(
            TaxonomyGenre(name, above.get(name, ()), tuple(found)) for name, found in others.items()
        )

    def identify(self, name: str) -> str:
        """Return what is the same for all names of a genre: its common name, or a folded name."""
        return self.find(name) or fold_name(name)

    def _list_ancestors(self, name: str) -> Iterator[str]:
        seen: set[str] = set()
        level = list(self._genres[name].parents)
        while level:
            fresh = [genre for genre in dict.fromkeys(level) if genre not in seen]
            if name in fresh:
                raise ValueError(f"{name!r} is its own ancestor")
            seen.update(fresh)
            yield from fresh
            level = [parent for genre in fresh for parent in self._genres[genre].parents]


def _reaches(above: Mapping[str, tuple[str, ...]], name: str, ancestor: str) -> bool:
    """Tell whether `ancestor` is `name` or above it."""
    return name == ancestor or any(_reaches(above, one, ancestor) for one in above.get(name, ()))


@cache
def load_taxonomy() -> Taxonomy:
    """Load the taxonomy that comes with genretag."""
    text = files("genretag.domain").joinpath(_FILE).read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return Taxonomy(
        TaxonomyGenre(row["name"], _split(row["parents"]), _split(row["aliases"])) for row in rows
    )


def _split(names: str) -> tuple[str, ...]:
    return tuple(name for name in names.split(_SEPARATOR) if name)
