"""What every tag format has in common: a list of items, some of which are the genre.

A tag is taken apart into items whose bytes are kept as they were found, and put together
from them again. So whatever is not a genre survives byte for byte, understood or not.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from genretag.domain.layout import Layout, TagFormat
from genretag.domain.stored import StoredItem, StoredTag
from genretag.tags.names import understood


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
    def encoded(self, names: Sequence[str], tag: Tag) -> list[Item]:
        """The items that say `names` in `tag`."""

    def new(self, file: BinaryIO) -> Tag:
        """What a tag starts with in a `file` that has none."""
        return Tag()

    def laid_out(self, tag: Tag, layout: Layout, genres: int) -> Tag:
        """`tag` in the version that `layout` wants for so many genres."""
        return tag

    def rewritten(self, tag: Tag, layout: Layout) -> set[str]:
        """The keys of the items that `laid_out` might change."""
        return set()

    def costs(self, tag: Tag, layout: Layout, genres: int) -> tuple[str, ...]:
        """What `laid_out` costs, in sentences."""
        return ()

    def returned(self, tag: Tag, header: bytes) -> Tag:
        """`tag` with the header that it once had."""
        return replace(tag, header=header)

    def is_blank(self, tag: Tag, file: BinaryIO) -> bool:
        """Whether `tag` holds nothing but genres and what `new` starts with."""
        return self.without_genres(tag) == self.new(file)

    def place(self, items: Sequence[Item]) -> int:
        """Where among `items`, none of which is a genre, a genre goes."""
        return len(items)

    def extras(self, file: BinaryIO) -> list[Item]:
        """What lies around the tag and belongs to the metadata all the same."""
        return []

    def genres(self, tag: Tag) -> tuple[str, ...]:
        """The genres of `tag` by name, in order, none twice."""
        return understood(self.texts(tag), self.split_of(tag), self.numbers)

    def stored(self, tag: Tag) -> StoredTag:
        """The genres of `tag` as they are stored, item by item."""
        items = (self._stored(item, tag) for item in tag.items if self.is_genre(item))
        said = tuple(item for item in items if item.texts)
        return StoredTag(self.name, self.format, self.version(tag), said)

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

    def split_of(self, tag: Tag) -> str:
        """The characters that separate genres in one text of `tag`."""
        return self.split

    def with_genres(self, tag: Tag, names: Sequence[str]) -> Tag:
        """`tag` with `names` as its only genres, where the old ones were."""
        positions = [n for n, item in enumerate(tag.items) if self.is_genre(item)]
        rest = self.without_genres(tag).items
        at = positions[0] if positions else self.place(rest)
        return replace(tag, items=(*rest[:at], *self.encoded(names, tag), *rest[at:]))

    def without_genres(self, tag: Tag) -> Tag:
        """`tag` with only what is not a genre."""
        return replace(tag, items=tuple(item for item in tag.items if not self.is_genre(item)))
