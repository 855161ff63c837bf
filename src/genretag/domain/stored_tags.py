"""Genres as they are stored in the tags of a file."""

from dataclasses import dataclass

from genretag.domain.layout import TagFormat


@dataclass(frozen=True)
class StoredItem:
    """One frame, atom, comment or attribute that holds a genre.

    Attributes:
        key: its name, as tag editors show it.
        texts: its values as they are stored: `(17)Rock`, or the number of ID3v1 or gnre in digits.
        names: the same, with numbers and references replaced by the names they stand for.
    """

    key: str
    texts: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class StoredTag:
    """One tag of a file, and its items that hold a genre, if any.

    Attributes:
        name: what users call it.
        format: of the tag.
        version: of its format, where there are several.
        items: in their order.
        others: names of its other items, each once.
    """

    name: str
    format: TagFormat
    version: str
    items: tuple[StoredItem, ...]
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The values of all items."""
        return tuple(name for item in self.items for name in item.names)
