"""What every tag format has in common: a list of items, some of which are the genre.

A tag is taken apart into items whose bytes are kept as they were found, and put together
from them again. So whatever is not a genre survives byte for byte, understood or not.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from genretag.domain.layout import Layout, TagFormat
from genretag.domain.stored_tags import StoredItem, StoredTag
from genretag.tags.names import is_itself, understood


class BrokenTagsError(Exception):
    """A tag is not what its format demands, so it cannot be taken apart."""


class CannotWriteError(Exception):
    """A file is readable, but genretag sees no safe way to write its genre."""


@dataclass(frozen=True)
class Item:
    """One frame, comment, atom or attribute: its name and its bytes as they are stored."""

    key: str
    data: bytes


@dataclass(frozen=True)
class Tag:
    """The items of one tag in their order; `header` is what else its format must remember."""

    items: tuple[Item, ...] = ()
    header: bytes = b""


class Kind(ABC):
    """One place in a file where a tag of one format can be.

    Attributes:
        name: what users call it.
        format: the format of the tag.
        disposable: whether a tag without items is taken out of the file.
        signed: whether its header says who wrote it, which must stay.
        split: the characters that separate genres in one text.
        numbers: whether a bare number stands for an ID3v1 genre.
    """

    format: TagFormat
    disposable = False
    signed = False
    split = "\0;"
    numbers = False

    def __init__(self, name: str | None = None) -> None:
        self.name: str = name or self.format

    @abstractmethod
    def load(self, file: BinaryIO) -> Tag | None:
        """The tag of `file`, or None if it has none; BrokenTagsError if it has a broken one."""

    @abstractmethod
    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the tag of `file` in place, or take it out."""

    @abstractmethod
    def is_genre(self, item: Item) -> bool:
        """Whether `item` says a genre."""

    @abstractmethod
    def texts(self, tag: Tag) -> list[str]:
        """The texts of the genre items of `tag`, not yet split into names."""

    @abstractmethod
    def encoded(self, texts: Sequence[str], tag: Tag) -> list[Item]:
        """The items that say `texts` in `tag`."""

    def spelled(self, name: str) -> str:
        """The text that says `name`."""
        return name

    def new(self) -> Tag:
        """Return what a tag starts with where there is none."""
        return Tag()

    def shows(self, tag: Tag) -> bool:
        """Whether there is anything in `tag` for which a player looks at no other."""
        return bool(tag.items)

    def hides(self, tag: Tag) -> bool:
        """Whether every player looks at no other because of what is in `tag`."""
        return self.shows(tag)

    def described(self, tag: Tag, fields: Mapping[str, str]) -> Tag:
        """`tag` with texts by what they mean (title, artist, album, date, comment, track).

        Those that it has already stay.
        """
        return tag

    def laid_out(self, tag: Tag, layout: Layout, genres: int) -> Tag:
        """`tag` in the version that `layout` wants for so many genres."""
        return tag

    def rewritten(self, tag: Tag, layout: Layout) -> set[str]:
        """The keys of the items that `laid_out` might change."""
        return set()

    def costs(self, tag: Tag, layout: Layout, genres: int) -> tuple[str, ...]:
        """What `laid_out` costs, in sentences."""
        return ()

    def reverted(self, tag: Tag, before: Tag, written: bytes) -> tuple[Tag, tuple[Item, ...]]:
        """`tag` in the version of `before`, if a write changed it and nobody has since.

        Args:
            tag: as it is now.
            before: the items that the change of version rewrote, as they were.
            written: the header that the write left.

        Returns:
            The tag without those items of `before` that say what they said, and these items.
        """
        return tag, ()

    def adopted(self, items: Sequence[Item], header: bytes, tag: Tag) -> list[Item]:
        """Genre items of a tag that had this `header` as items of `tag`."""
        return list(items)

    def place(self, items: Sequence[Item]) -> int:
        """Where among `items`, none of which is a genre, a genre goes."""
        return len(items)

    def extras(self, file: BinaryIO) -> list[Item]:
        """What lies around the tag and belongs to the metadata all the same."""
        return []

    def genres(self, tag: Tag) -> tuple[str, ...]:
        """The genres of `tag` by name, in order, none twice."""
        return understood(self.texts(tag), self.split, self.numbers)

    def stored(self, tag: Tag) -> StoredTag:
        """The genres of `tag` as they are stored, item by item."""
        items = (self._stored(item, tag) for item in tag.items if self.is_genre(item))
        said = tuple(item for item in items if item.texts)
        rest = dict.fromkeys(self.label(item) for item in self.without_genres(tag).items)
        return StoredTag(self.name, self.format, self.version(tag), said, tuple(rest))

    def _stored(self, item: Item, tag: Tag) -> StoredItem:
        alone = replace(tag, items=(item,))
        names = understood(self.texts(alone), "\0", self.numbers)
        return StoredItem(self.label(item), self.values(alone), names)

    def label(self, item: Item) -> str:
        """What users of tag editors call `item`."""
        return item.key

    def values(self, tag: Tag) -> tuple[str, ...]:
        """The values of the genre items of `tag` as they are stored, numbers as digits."""
        return tuple(value for text in self.texts(tag) for value in text.split("\0"))

    def version(self, tag: Tag) -> str:
        """The version of the format that `tag` is in, where there are several."""
        return ""

    def with_genres(self, tag: Tag, names: Sequence[str]) -> Tag:
        """`tag` with `names` as its only genres, where the old ones were.

        Where `names` begin with the genres that are there, these keep their spelling.
        """
        positions = [n for n, item in enumerate(tag.items) if self.is_genre(item)]
        rest = self.without_genres(tag).items
        at = positions[0] if positions else self.place(rest)
        items = self.encoded(self._spelled(tag, tuple(names)), tag)
        return replace(tag, items=(*rest[:at], *items, *rest[at:]))

    def _spelled(self, tag: Tag, names: tuple[str, ...]) -> list[str]:
        old = self.genres(tag)
        if not old or names[: len(old)] != old:
            return [self.spelled(name) for name in names]
        stored: list[str] = []
        for text in "\0".join(self.texts(tag)).split("\0"):
            named = understood((text,), self.split, self.numbers)
            stored += [text] if is_itself(text, self.numbers) else map(self.spelled, named)
        return [*stored, *(self.spelled(name) for name in names[len(old) :])]

    def without_genres(self, tag: Tag) -> Tag:
        """`tag` with only what is not a genre."""
        return replace(tag, items=tuple(item for item in tag.items if not self.is_genre(item)))
