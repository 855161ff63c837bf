"""Names of genres: how they are compared, and how they must look for players to show them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_SEPARATORS = re.compile(r"[;/,\0]")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def player_safe(name: str) -> str:
    r"""The part of `name` before a character on which players split genres (`;`, `/`, `,`, null).

    >>> player_safe("Old-Time / Historic")
    'Old-Time'
    """
    return next((part.strip() for part in _SEPARATORS.split(name) if part.strip()), "")


def folded(name: str) -> str:
    """`name` without case, spaces and punctuation, to tell whether two names mean one genre.

    Letters with accents are the same whether a system stores them as one character or two.

    >>> folded("Hip-Hop") == folded("hip hop")
    True
    """
    composed = unicodedata.normalize("NFC", name.casefold())
    return _NOT_ALPHANUMERIC.sub("", composed) or composed


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """`names` in their order, each genre once: the first way of writing it stays.

    >>> distinct(["Hip-Hop", "Rock", "hip hop"])
    ('Hip-Hop', 'Rock')
    """
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(folded(name), name)
    return tuple(first.values())


@dataclass(frozen=True)
class GenreVocabulary:
    """The genres that a model tells apart, in the order of its outputs, and their parents."""

    names: tuple[str, ...]
    parents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if len(self.names) < 2:
            raise ValueError("a vocabulary needs at least two genres")
        if len({folded(name) for name in self.names}) != len(self.names):
            raise ValueError("a vocabulary must not name a genre twice")
        unsafe = [name for name in self.names if not name or player_safe(name) != name]
        if unsafe:
            raise ValueError(f"players would split these genre names: {unsafe}")
        strays = set(self.parents) - set(self.names)
        if strays:
            raise ValueError(f"parents are given for genres that are not there: {sorted(strays)}")

    def __len__(self) -> int:
        return len(self.names)
