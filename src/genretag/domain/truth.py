"""What the genres in files mean in the words of a model, and what unknown ones could mean."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from genretag.domain.genre import GenreVocabulary, distinct, folded
from genretag.domain.genre_map import GenreMap
from genretag.domain.prediction import ScoredGenre

_WORD = re.compile(r"[^\W_]+")

# What the model says of files tells what their genre means if it says so of most of them,
# and is sure of a few.
_MOST = 2 / 3
_SURE = 0.5
_FEW = 3


class Classes:
    """The genres by which a model is judged: those that it would write, under a map.

    Genres to which the map gives one name are one class, and dropped ones are none.

    Attributes:
        names: of the classes, in the model's order.
    """

    def __init__(self, genres: GenreVocabulary, genre_map: GenreMap) -> None:
        def written(name: str) -> str:
            return next(iter(genre_map.names(name)), "")

        self.names = distinct(filter(None, map(written, genres.names)))
        places = {folded(name): place for place, name in enumerate(self.names)}
        renamed = (*genre_map.rename, *genre_map.rename.values())
        known = (*genre_map.drop, *renamed, *genres.names)
        meant = {folded(name): places.get(folded(written(name))) for name in known} | places
        # An alias means what its genre means without aliases: they make no chains.
        aliases = {folded(name): meant.get(folded(to)) for name, to in genre_map.aliases.items()}
        self._own = {genre: meant[folded(genre)] for genre in genres.names}
        self._places: dict[str, int | None] = meant | aliases
        self._parents = {
            (folded(parent), written(child))
            for child in genres.names
            for parent in (*genre_map.names(child)[1:], genres.parents.get(child, ""))
        }

    def __len__(self) -> int:
        return len(self.names)

    def knows(self, name: str) -> bool:
        """Whether a name means a genre of the model, be it one that the map drops."""
        return folded(name) in self._places

    def meant(self, names: Iterable[str]) -> tuple[int, ...]:
        """The classes that these names mean, in their order, each once."""
        places = (self._places.get(folded(name)) for name in names)
        return tuple(dict.fromkeys(place for place in places if place is not None))

    def of(self, genre: str) -> int | None:
        """The class of one of the model's genres; None if the map drops it."""
        return self._own[genre]

    def within(self, name: str) -> str | None:
        """The one class whose name, or whose parent's, is among the words of `name`.

        >>> Classes(GenreVocabulary(("Rock", "Hip-Hop")), GenreMap()).within("Alternative Rock")
        'Rock'
        """
        words = _WORD.findall(name.casefold())
        runs = {
            folded("".join(words[start:end])): (start, end)
            for start in range(len(words))
            for end in range(start + 1, len(words) + 1)
        }
        found = {one: runs[folded(one)] for one in self.names if folded(one) in runs}
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
        name: as one of the files writes it.
        files: that have this name, and none that means a genre of the model.
        genre: the class to take it for; None if nothing speaks for one alone.
        reason: why: its `name` says so, or the `model` does for most of the files.
    """

    name: str
    files: int
    genre: str | None = None
    reason: Literal["name", "model"] | None = None


def stranger(
    name: str, files: int, heard: Sequence[ScoredGenre], classes: Classes
) -> UnmappedGenre:
    """What is to be told of an unknown name; `heard` are classes and scores of its files."""
    genre = classes.within(name)
    if genre is not None:
        return UnmappedGenre(name, files, genre, "name")
    genre = _mostly(heard)
    return UnmappedGenre(name, files, genre, "model" if genre else None)


def _mostly(heard: Sequence[ScoredGenre]) -> str | None:
    said = Counter(genre.name for genre in heard)
    sure = Counter(genre.name for genre in heard if genre.score >= _SURE)
    clear = (n for n, count in said.items() if count >= _MOST * len(heard) and sure[n] >= _FEW)
    return next(clear, None)


def _only(names: Iterable[str]) -> str | None:
    found = list(names)
    return found[0] if len(found) == 1 else None
