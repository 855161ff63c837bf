"""Maps the genres in files to those of a model, and suggests what unknown ones could mean."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from genretag.domain.family import Choice, best_family
from genretag.domain.genre import GenreVocabulary, distinct, fold_name, is_same_name
from genretag.domain.genre_map import GenreMap
from genretag.domain.prediction import ScoredGenre
from genretag.domain.taxonomy import Taxonomy

_WORD = re.compile(r"[^\W_]+")

# Predictions suggest what a name means if most files with it get the same genre, and a few of
# them with a high score.
_MOST_FILES = 2 / 3
_HIGH_SCORE = 0.5
_MIN_HIGH = 3


class GenreClasses:
    """The classes of an evaluation: the genres that a model would write, under a map.

    Genres with the same name under the map are one class, and dropped ones are none. Families are
    no classes, but names for several.

    Attributes:
        names: of the classes, in the model's order.

    Args:
        genres: of the model.
        genre_map: a person's names for them.
        taxonomy: tells what other names mean: the nearest classes that are broader. Without, only
            names count that the model and the map know.
    """

    def __init__(
        self, genres: GenreVocabulary, genre_map: GenreMap, taxonomy: Taxonomy | None = None
    ) -> None:
        def written(name: str) -> str:
            return next(iter(genre_map.names(name)), "")

        self.names = distinct(filter(None, map(written, genres.names)))
        indices = {fold_name(name): index for index, name in enumerate(self.names)}
        renamed = (*genre_map.rename, *genre_map.rename.values())
        known = (*genre_map.drop, *renamed, *genres.names)
        meant = {fold_name(name): indices.get(fold_name(written(name))) for name in known} | indices
        meant |= {
            fold_name(alias): indices.get(fold_name(written(genre)))
            for alias, genre in genres.aliases.items()
        }
        # A person's alias means what its genre means without those: they make no chains.
        aliases = {
            fold_name(name): meant.get(fold_name(to)) for name, to in genre_map.aliases.items()
        }
        self._by_genre = {genre: meant[fold_name(genre)] for genre in genres.names}
        self._indices: dict[str, int | None] = meant | aliases
        self._taxonomy = taxonomy
        self._known = (*known, *self.names, *genres.aliases)
        self._nearest: dict[str, tuple[int | None, ...]] = {}
        self._agreeing: dict[tuple[str, ...], set[int]] = {}
        self._families = genres.families
        # Folded; none for a family that the map drops.
        self._family_names = {
            family.name: {fold_name(one) for one in (*names, *genre_map.other_names(names))}
            for family in genres.families
            for name in [written(family.name)]
            for names in [(family.name, name) if name else ()]
        }
        self._parents = {
            (fold_name(parent), written(child))
            for child in genres.names
            for parent in (*genre_map.names(child)[1:], genres.parents.get(child, ""))
        }

    def __len__(self) -> int:
        return len(self.names)

    def knows(self, name: str) -> bool:
        """Tell whether a name means a genre of the model, even one that the map drops."""
        return bool(self._find(name))

    def is_narrow(self, names: Sequence[str]) -> bool:
        """Tell whether the first of `names` that means a class is narrower than that class."""
        first = next((name for name in names if self.indices_of([name])), None)
        return first is not None and fold_name(first) not in self._indices

    def is_in_taxonomy(self, name: str) -> bool:
        """Tell whether a name needs no suggestion, as the taxonomy has it."""
        return self._taxonomy is not None and self._taxonomy.find(name) is not None

    def agreeing(self, names: Sequence[str]) -> set[int]:
        """Return the classes that `names` mean, and all that are broader or narrower than one.

        Without a taxonomy these are `indices_of`.
        """
        key = tuple(names)
        if key not in self._agreeing:
            related = self._taxonomy.is_related if self._taxonomy else is_same_name
            near = (
                n for n, one in enumerate(self.names) if any(related(one, name) for name in key)
            )
            self._agreeing[key] = {*self.indices_of(key), *near}
        return self._agreeing[key]

    def indices_of(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return the indices of the classes that names mean, in their order, each once."""
        indices = (index for name in names for index in self._find(name))
        return tuple(dict.fromkeys(index for index in indices if index is not None))

    def _find(self, name: str) -> tuple[int | None, ...]:
        """Return the classes that a name means, None for a dropped one; none if it is unknown."""
        folded = fold_name(name)
        if folded in self._indices:
            return (self._indices[folded],)
        if folded not in self._nearest and self._taxonomy:
            near = self._taxonomy.nearest(name, self._known)
            self._nearest[folded] = tuple(self._indices[fold_name(one)] for one in near)
        return self._nearest.get(folded, ())

    def index_of(self, genre: str) -> int | None:
        """Return the class of a genre of the model; None if the map drops it."""
        return self._by_genre[genre]

    def is_family(self, name: str) -> bool:
        """Tell whether a name is that of a family, by the model or by the map."""
        return any(fold_name(name) in names for names in self._family_names.values())

    def best_family(self, genres: Sequence[ScoredGenre]) -> Choice | None:
        """Return the family with the highest score; None if there is none or the map drops it."""
        family = best_family(genres, self._families)
        return family if family and self._family_names[family.best.name] else None

    def fits_family(self, choice: Choice, names: Iterable[str], index: int) -> bool:
        """Tell whether a family is right for a file: its class is of it, or it says its name."""
        said = self._family_names[choice.best.name]
        is_of_it = choice.family and index in map(self.index_of, choice.family.genres)
        return bool(is_of_it) or not said.isdisjoint(map(fold_name, names))

    def find_in_words(self, name: str) -> str | None:
        """Return the one class whose name, or whose parent's, is among the words of `name`.

        >>> classes = GenreClasses(GenreVocabulary(("Rock", "Hip-Hop")), GenreMap())
        >>> classes.find_in_words("Alternative Rock")
        'Rock'
        """
        words = _WORD.findall(name.casefold())
        runs = {
            fold_name("".join(words[start:end])): (start, end)
            for start in range(len(words))
            for end in range(start + 1, len(words) + 1)
        }
        found = {one: runs[fold_name(one)] for one in self.names if fold_name(one) in runs}
        # Of "punk" and "punk rock", the longer is meant.
        longest = [
            one
            for one, (start, end) in found.items()
            if not any(
                low <= start and end <= high and (low, high) != (start, end)
                for low, high in found.values()
            )
        ]
        children = {child for parent, child in self._parents if child and parent in runs}
        return _only(longest or children)


@dataclass(frozen=True)
class UnmappedGenre:
    """A name in files that means no genre of the model, and what it could mean.

    Attributes:
        name: in one of its spellings.
        files: how many have this name, and none that means a genre of the model.
        genre: the class that it could mean; None if there is not exactly one.
        reason: the source of `genre`: the words of the `name`, or predictions of the `model`.
    """

    name: str
    files: int
    genre: str | None = None
    reason: Literal["name", "model"] | None = None


def describe_unmapped(
    name: str, files: int, predicted: Sequence[ScoredGenre], classes: GenreClasses
) -> UnmappedGenre:
    """Suggest what a name could mean, from its words or from the predictions for its files.

    What the taxonomy has is no class if it means none, and needs no suggestion.
    """
    if classes.is_in_taxonomy(name):
        return UnmappedGenre(name, files)
    genre = classes.find_in_words(name)
    if genre is not None:
        return UnmappedGenre(name, files, genre, "name")
    genre = _most_predicted(predicted)
    return UnmappedGenre(name, files, genre, "model" if genre else None)


def _most_predicted(predicted: Sequence[ScoredGenre]) -> str | None:
    files = Counter(genre.name for genre in predicted)
    high = Counter(genre.name for genre in predicted if genre.score >= _HIGH_SCORE)
    most = _MOST_FILES * len(predicted)
    return next((n for n in files if files[n] >= most and high[n] >= _MIN_HIGH), None)


def _only(names: Iterable[str]) -> str | None:
    found = list(names)
    return found[0] if len(found) == 1 else None
