"""How a person calls genres: renamed, merged, dropped, with parents, and what files call them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from genretag.domain.genre import distinct, folded, player_safe

# What tags take for the number of a genre of ID3v1 (ID3v2.3, section 4.2.1, TCON).
_REFERENCE = re.compile(r"[0-9]+|RX|CR|(\(\(|\(([0-9]{1,3}|RX|CR)\)).*", re.DOTALL)


class MapError(ValueError):
    """A map that cannot be followed; the entry `key` of `table` is to blame."""

    def __init__(self, table: str, key: str, reason: str) -> None:
        super().__init__(reason)
        self.table = table
        self.key = key


@dataclass(frozen=True)
class GenreMap:
    """From the model's names to a person's.

    `rename` gives a genre another name, several to the same merges them; `drop` leaves genres
    out; `parents` adds the parent after its child, and the parent's parent after that.
    Names are compared without case and punctuation. Renaming comes first: `drop` and
    `parents` may use old or new names. `aliases` are names in files that mean one of them;
    they tell what is right and change nothing that is written.

    Raises:
        MapError: a chain of names or parents comes back to where it began, or a new name is
            one that players would not show.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    parents: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tables: tuple[tuple[str, Mapping[str, str]], ...] = (
            ("rename", self.rename),
            ("parents", self.parents),
        )
        for table, entries in tables:
            for key, name in entries.items():
                safe = player_safe(name)
                if not safe or _REFERENCE.fullmatch(safe):
                    raise MapError(table, key, f"players would not show {name!r} as a genre")
        for key in self.rename:
            _unrepeated("rename", key, self._names_of(key))
        for key in self.parents:
            _unrepeated("parents", key, self._line_of(key))

    def check(self, known: Iterable[str]) -> None:
        """Refuse entries for genres that no one would ever meet; MapError for the first."""
        names = {folded(name) for name in (*known, *self.rename.values())}
        meant = names | {folded(player_safe(name)) for name in self.rename.values()}
        for alias, name in self.aliases.items():
            if folded(name) not in meant:
                raise MapError("aliases", alias, f"the model knows no genre {name!r}")
        entries: list[tuple[str, str]] = [("rename", key) for key in self.rename]
        entries += [("drop", key) for key in sorted(self.drop)]
        entries += [("parents", key) for key in self.parents]
        for table, key in entries:
            if table == "parents":
                names |= {folded(parent) for parent in self.parents.values()}
            if folded(key) not in names:
                raise MapError(table, key, f"the model knows no genre {key!r}")

    def names(self, genre: str) -> tuple[str, ...]:
        """What to write for one genre of the model: nothing, its name, or that and parents."""
        line = list(self._line_of(genre))
        dropped = {folded(entry) for entry in self.drop}
        if dropped & {folded(genre), folded(line[0])}:
            return ()
        return distinct(player_safe(name) for name in line if folded(name) not in dropped)

    def _names_of(self, genre: str) -> Iterator[str]:
        """`genre`, its new name, the new name of that, and so on."""
        yield genre
        while (name := _find(genre, self.rename)) is not None:
            yield name
            if folded(name) == folded(genre):
                return  # only another way of writing it
            genre = name

    def _line_of(self, genre: str) -> Iterator[str]:
        """The last name of `genre`, that of its parent, and so on."""
        entry: str | None = genre
        while entry is not None:
            *_, name = self._names_of(entry)
            yield name
            entry = _find(entry, self.parents) or _find(name, self.parents)


def _find(name: str, table: Mapping[str, str]) -> str | None:
    return next((value for key, value in table.items() if folded(key) == folded(name)), None)


def _unrepeated(table: str, key: str, names: Iterable[str]) -> None:
    """Refuse the entry `key` if `names`, which it leads to, come back to one of them."""
    seen: list[str] = []
    for name in names:
        again = folded(name) in map(folded, seen[:-1])
        seen.append(name)
        if again:
            raise MapError(table, key, f"{' -> '.join(seen)} goes round in a circle")


AS_THEY_ARE = GenreMap()
"""The model's own names."""
