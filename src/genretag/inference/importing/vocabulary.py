"""Turns the class names of a model into a vocabulary of genres and families."""

from collections.abc import Sequence
from dataclasses import dataclass

from genretag.domain.genre import GenreVocabulary, fold_name, player_safe
from genretag.domain.taxonomy import load_taxonomy

_SEPARATOR = "---"
"""Between family and style in the classes of models that were trained on Discogs."""

_MOST_OF_ONE_NAME = 32


@dataclass(frozen=True)
class ImportedVocabulary:
    """The genres of a model and the classes that stand for each.

    Attributes:
        genres: their names and families.
        columns: for each genre its classes, one or more: two families may have a style of one name.
    """

    genres: GenreVocabulary
    columns: tuple[tuple[int, ...], ...]


def make_vocabulary(classes: Sequence[str]) -> ImportedVocabulary:
    """Return the genres of a model with these classes, such as `Rock---Shoegaze` or `rock`.

    The family of a style is the one that the taxonomy knows, or else the one before the dashes.
    Styles of one name become one genre.

    >>> found = make_vocabulary(["Rock---Ska", "Reggae---Ska", "Jazz---Bop"])
    >>> found.genres.names, found.columns
    (('Ska', 'Bop'), ((0, 1), (2,)))

    Raises:
        ValueError: there are fewer than two genres, a class has no name that players show, or too
            many have the same.
    """
    names: dict[str, str] = {}
    columns: dict[str, list[int]] = {}
    parents: dict[str, set[str]] = {}
    for column, text in enumerate(classes):
        before, separator, after = text.rpartition(_SEPARATOR)
        family, style = (before if separator else ""), player_safe(after)
        if not style:
            raise ValueError(f"the class {text!r} has no name that players show")
        key = fold_name(style)
        if len(columns.get(key, ())) == _MOST_OF_ONE_NAME:
            raise ValueError(f"more than {_MOST_OF_ONE_NAME} classes have the name {style!r}")
        name = names.setdefault(key, style)
        columns.setdefault(key, []).append(column)
        parents.setdefault(name, set()).update(_families(style, family))
    # A style that two families have, and the taxonomy does not know, is in none of them.
    single = {name: families.pop() for name, families in parents.items() if len(families) == 1}
    genres = GenreVocabulary(tuple(names.values()), single)
    return ImportedVocabulary(genres, tuple(map(tuple, columns.values())))


def _families(style: str, family: str) -> list[str]:
    """Return the family of a style, or none: that a genre is its own family goes without saying."""
    taxonomy = load_taxonomy()
    known = taxonomy.families(style)
    name = known[0] if known else player_safe(family)
    found = player_safe(taxonomy.find(name) or name)
    return [found] if found and fold_name(found) != fold_name(style) else []
