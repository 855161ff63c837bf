"""Shows the taxonomy: as a tree for people, as an object for programs."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from genretag.domain.taxonomy import Taxonomy, TaxonomyGenre
from genretag.report.tables import DIM, fit

SCHEMA = 1

_GUIDE = 4
"""Columns that each level is indented by."""
_FEWEST_COLUMNS = 12
"""With less room for them, other names are left out."""


def print_tree(taxonomy: Taxonomy, name: str | None, console: Console, width: int | None) -> None:
    """Print the genres below `name`, or all; a genre stands below each of its parents.

    Args:
        taxonomy: has the genres.
        name: of one of them.
        console: where to.
        width: columns that other names are cut to; None to show all of them.
    """
    roots = [one.name for one in taxonomy if not one.parents] if name is None else [name]
    for line in _list_lineages(taxonomy, name) if name else ():
        console.print(Text(" > ".join(line), DIM), soft_wrap=True)
    genres = {one.name: one for one in taxonomy}
    for root in roots:
        tree = Tree(_label(genres[root], width), guide_style=DIM)
        _grow(tree, root, genres, taxonomy, width and width - _GUIDE)
        console.print(tree, soft_wrap=True)


def to_dict(taxonomy: Taxonomy, name: str | None) -> dict[str, Any]:
    """Convert the genres below `name`, that one included, or all."""
    genres = [
        one
        for one in taxonomy
        if name is None or one.name == name or taxonomy.is_broader(name, one.name)
    ]
    return {
        "schema": SCHEMA,
        "name": name,
        "ancestors": list(taxonomy.ancestors(name)) if name else [],
        "genres": [
            {"name": one.name, "parents": list(one.parents), "aliases": list(one.aliases)}
            for one in genres
        ],
    }


def _grow(
    tree: Tree,
    name: str,
    genres: dict[str, TaxonomyGenre],
    taxonomy: Taxonomy,
    width: int | None,
) -> None:
    # First those that belong here most.
    for child in sorted(taxonomy.children(name), key=lambda one: genres[one].parents[0] != name):
        branch = tree.add(_label(genres[child], width))
        _grow(branch, child, genres, taxonomy, width and width - _GUIDE)


def _label(genre: TaxonomyGenre, width: int | None) -> Text:
    """Return the name of a genre, and dimmed the other names that there is room for."""
    others = ", ".join(genre.aliases)
    if width is not None:
        room = width - cell_len(genre.name) - 2
        others = fit(others, room) if room >= _FEWEST_COLUMNS else ""
    return Text(genre.name).append(f"  {others}" if others else "", DIM)


def _list_lineages(taxonomy: Taxonomy, name: str) -> Iterator[Iterable[str]]:
    """Yield each way down from a family to a genre that is none itself."""
    for parent in taxonomy.parents(name):
        above = list(_list_lineages(taxonomy, parent)) or [[parent]]
        yield from ([*line, name] for line in ([*one] for one in above))
