"""A person's own names for genres: renamed, merged, dropped, with parents and aliases."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from genretag.domain.genre import distinct, fold_name, player_safe

# What tags take for the number of a genre of ID3v1 (ID3v2.3, section 4.2.1, TCON).
_REFERENCE = re.compile(r"[0-9]+|RX|CR|(\(\(|\(([0-9]{1,3}|RX|CR)\)).*", re.DOTALL)


class MapError(ValueError):
    """A map that cannot be applied, because of the entry `key` of `table`."""

    def __init__(self, table: str, key: str, reason: str) -> None:
        super().__init__(reason)
        self.table = table
        self.key = key


@dataclass(frozen=True)
class GenreMap:
    """Maps the model's names to a person's.

    Names are compared without case and punctuation. Renaming comes first: `drop` and
    `parents` may use old or new names.

    >>> GenreMap(rename={"Rock": "Guitars"}, parents={"Guitars": "Loud"}).names("Rock")
    ('Guitars', 'Loud')

    Attributes:
        rename: new names of genres; genres with the same new name are merged.
        drop: genres that are never written.
        parents: names that are added after their child, and after them their own parents.
        aliases: names in files that mean a genre; only comparing uses them, never writing.
        synonyms: other names that the model has for its genres: entries may use them as well.

    Raises:
        MapError: a chain of names or parents is a circle, players would not show a new name, or two
            entries for one genre differ.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    parents: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, str] = field(default_factory=dict)

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
                # The first of two entries for one genre would win.
                if self._find(key, entries) != name:
                    raise MapError(table, key, f"{key!r} has another entry, by another spelling")
        for key in self.rename:
            _check_chain("rename", key, self._rename_chain(key))
        for key in self.parents:
            _check_chain("parents", key, self._lineage(key))

    def check(self, known: Iterable[str]) -> None:
        """Refuse entries for genres that are not among `known`; MapError for the first.

        A parent that is known may have a child of its own that nobody else knows.
        """
        names = {fold_name(name) for name in (*known, *self.rename.values())}
        meant = names | {fold_name(player_safe(name)) for name in self.rename.values()}
        for alias, name in self.aliases.items():
            if fold_name(name) not in meant:
                raise MapError("aliases", alias, f"the model knows no genre {name!r}")
        entries: list[tuple[str, str]] = [("rename", key) for key in self.rename]
        entries += [("drop", key) for key in sorted(self.drop)]
        entries += [
            ("parents", key)
            for key, parent in self.parents.items()
            if fold_name(parent) not in names
        ]
        for table, key in entries:
            if table == "parents":
                names |= {fold_name(parent) for parent in self.parents.values()}
            if fold_name(key) not in names:
                raise MapError(table, key, f"the model knows no genre {key!r}")

    def names(self, genre: str) -> tuple[str, ...]:
        """Return what to write for a genre of the model: its name and parents, or nothing."""
        lineage = list(self._lineage(genre))
        dropped = set(map(self._fold, self.drop))
        if dropped & {self._fold(genre), self._fold(lineage[0])}:
            return ()
        return distinct(player_safe(name) for name in lineage if self._fold(name) not in dropped)

    def other_names(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the aliases and synonyms of genres that have one of `names`."""
        known = set(map(fold_name, names))
        for other, name in (*self.aliases.items(), *self.synonyms.items()):
            if fold_name(name) in known:
                yield other

    def changes(self, name: str) -> bool:
        """Tell whether a name in files is renamed, dropped or an alias, and so is never written."""
        entries = (*self.rename, *self.drop, *self.aliases)
        return self._fold(name) in map(self._fold, entries)

    def _rename_chain(self, genre: str) -> Iterator[str]:
        """Yield `genre`, its new name, the new name of that, and so on."""
        yield genre
        while (name := self._next_name(genre)) is not None:
            yield name
            if self._fold(name) == self._fold(genre):
                return  # only another spelling
            genre = name

    def _lineage(self, genre: str) -> Iterator[str]:
        """Yield the last name of `genre`, that of its parent, and so on."""
        entry: str | None = genre
        while entry is not None:
            *_, name = self._rename_chain(entry)
            yield name
            entry = self._find(entry, self.parents) or self._find(name, self.parents)

    def _next_name(self, genre: str) -> str | None:
        name = self._find(genre, self.rename)
        return self._genres.get(fold_name(genre)) if name is None else name

    def _find(self, name: str, table: Mapping[str, str]) -> str | None:
        folded = self._fold(name)
        return next((value for key, value in table.items() if self._fold(key) == folded), None)

    def _fold(self, name: str) -> str:
        """Return the folded name of a genre; of a synonym, that of its genre."""
        folded = fold_name(name)
        genre = self._genres.get(folded)
        return folded if genre is None else fold_name(genre)

    @cached_property
    def _genres(self) -> Mapping[str, str]:
        """The genres of the synonyms, by their folded names."""
        return {fold_name(synonym): genre for synonym, genre in self.synonyms.items()}


def _check_chain(table: str, key: str, names: Iterable[str]) -> None:
    """Refuse the entry `key` if `names`, the chain from it, are a circle."""
    seen: list[str] = []
    for name in names:
        again = fold_name(name) in map(fold_name, seen[:-1])
        seen.append(name)
        if again:
            raise MapError(table, key, f"{' -> '.join(seen)} goes round in a circle")


IDENTITY_MAP = GenreMap()
"""Keeps the model's own names."""
