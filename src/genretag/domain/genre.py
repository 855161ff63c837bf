"""Names of genres: comparing them, and keeping them in a form that players show."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Names = tuple[str, ...]
"""The genres of one file."""

_SEPARATORS = re.compile(r"[;/,\0]")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def player_safe(name: str) -> str:
    r"""Return the part of `name` before a character at which players split: `;`, `/`, `,`, null.

    >>> player_safe("Old-Time / Historic")
    'Old-Time'
    """
    return next((part.strip() for part in _SEPARATORS.split(name) if part.strip()), "")


def fold_name(name: str) -> str:
    """Remove case, spaces and punctuation, so that names of one genre become equal.

    Letters with accents are equal whether they are stored as one character or as two.

    >>> fold_name("Hip-Hop") == fold_name("hip hop")
    True
    """
    composed = unicodedata.normalize("NFC", name.casefold())
    return _NOT_ALPHANUMERIC.sub("", composed) or composed


def is_same_name(name: str, other: str) -> bool:
    """Tell whether two names differ in nothing but case, spaces and punctuation."""
    return fold_name(name) == fold_name(other)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return `names` in their order without repeated genres: the first spelling stays.

    >>> distinct(["Hip-Hop", "Rock", "hip hop"])
    ('Hip-Hop', 'Rock')
    """
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(fold_name(name), name)
    return tuple(first.values())


@dataclass(frozen=True, slots=True)
class Family:
    """Genres of a model that are near each other, two or more, and the name for any of them."""

    name: str
    genres: tuple[str, ...]


@dataclass(frozen=True)
class GenreVocabulary:
    """The genres of a model in the order of its outputs, and what else is known of their names.

    >>> len(GenreVocabulary(("Rock", "Hip-Hop")))
    2

    Attributes:
        names: of the genres.
        parents: genres with the names of their parents, which may be genres too.
        aliases: other names of genres, such as those that an older model has for them.

    Raises:
        ValueError: there are fewer than two names, one stands twice, is not safe for players or
            holds control characters, a parent is given for a name that is not there or has no
            name that players show, or an alias stands twice, is a genre or a family itself, or
            means no genre.
    """

    names: tuple[str, ...]
    parents: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.names) < 2:
            raise ValueError("a vocabulary needs at least two genres")
        if len({fold_name(name) for name in self.names}) != len(self.names):
            raise ValueError("a vocabulary must not name a genre twice")
        unsafe = [name for name in self.names if not name or player_safe(name) != name]
        if unsafe:
            raise ValueError(f"players would split these genre names: {unsafe}")
        odd = [name for name in (*self.names, *self.parents.values()) if not name.isprintable()]
        if odd:
            raise ValueError(f"these names hold characters that cannot be shown: {odd}")
        strays = set(self.parents) - set(self.names)
        if strays:
            raise ValueError(f"parents are given for genres that are not there: {sorted(strays)}")
        nameless = [genre for genre, parent in self.parents.items() if not player_safe(parent)]
        if nameless:
            raise ValueError(f"the parents of these genres have no name: {nameless}")
        taken = set(map(fold_name, (*self.names, *(family.name for family in self.families))))
        for alias, genre in self.aliases.items():
            if genre not in self.names:
                raise ValueError(f"the alias {alias!r} means {genre!r}, which is no genre")
            if fold_name(alias) in taken:
                raise ValueError(f"the alias {alias!r} is a genre, a family or an alias already")
            taken.add(fold_name(alias))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def families(self) -> tuple[Family, ...]:
        """The families, by name: genres with one parent, and the genre of the parent's own name.

        A family is spelled as that genre, or else as its first parent.

        >>> GenreVocabulary(("Pop", "Rock", "Metal"), {"Metal": "Rock"}).families
        (Family(name='Rock', genres=('Metal', 'Rock')),)
        """
        spelled = {fold_name(name): name for name in self.names}
        genres = {key: {name} for key, name in spelled.items()}
        for genre, parent in self.parents.items():
            name = player_safe(parent)
            spelled.setdefault(fold_name(name), name)
            genres.setdefault(fold_name(name), set()).add(genre)
        return tuple(
            Family(name, tuple(sorted(genres[key])))
            for key, name in sorted(spelled.items(), key=lambda one: one[1])
            if len(genres[key]) > 1
        )

    @property
    def known(self) -> tuple[str, ...]:
        """All names that mean something to the model: of genres, of families, and aliases."""
        return (*self.names, *(family.name for family in self.families), *self.aliases)
