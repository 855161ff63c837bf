"""How a person wants genres to be called: renamed, merged, dropped, with parents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from genretag.domain.genre import distinct, folded, player_safe


class MapError(ValueError):
    """A map that cannot be followed; `key` is the entry that is to blame."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


@dataclass(frozen=True)
class GenreMap:
    """From the model's names to a person's.

    `rename` gives a genre another name, several to the same merges them; `drop` leaves genres
    out; `parents` adds the parent after its child, and the parent's parent after that.
    Names are compared without case and punctuation. Renaming comes first: `drop` and
    `parents` may use old or new names.

    Raises:
        MapError: a chain of names or parents comes back to where it began.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    parents: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for table in (self.rename, self.parents):
            for name in table:
                _chain(name, table)

    def check(self, known: Iterable[str]) -> None:
        """Refuse entries for genres that no one would ever meet; MapError for the first."""
        names = {folded(name) for name in (*known, *self.rename.values())}
        for key in (*self.rename, *self.drop):
            if folded(key) not in names:
                raise MapError(key, f"the model knows no genre {key!r}")
        names |= {folded(parent) for parent in self.parents.values()}
        for key in self.parents:
            if folded(key) not in names:
                raise MapError(key, f"the model knows no genre {key!r}")

    def names(self, genre: str) -> tuple[str, ...]:
        """What to write for one genre of the model: nothing, its name, or that and parents."""
        name = _chain(genre, self.rename)[-1]
        dropped = {folded(entry) for entry in self.drop}
        if dropped & {folded(genre), folded(name)}:
            return ()
        child = genre if _find(genre, self.parents) is not None else name
        ancestors = [_chain(entry, self.rename)[-1] for entry in _chain(child, self.parents)[1:]]
        kept = [entry for entry in (name, *ancestors) if folded(entry) not in dropped]
        return distinct(map(player_safe, kept))


def _find(name: str, table: Mapping[str, str]) -> str | None:
    return next((value for key, value in table.items() if folded(key) == folded(name)), None)


def _chain(name: str, table: Mapping[str, str]) -> list[str]:
    """`name`, what `table` makes of it, what it makes of that, and so on."""
    chain = [name]
    while (step := _find(chain[-1], table)) is not None:
        if folded(step) in map(folded, chain):
            raise MapError(name, f"{' -> '.join([*chain, step])} goes round in a circle")
        chain.append(step)
    return chain


AS_THEY_ARE = GenreMap()
"""The model's own names."""
