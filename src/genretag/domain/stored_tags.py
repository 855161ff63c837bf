"""Genres as they are stored in the tags of a file."""

from dataclasses import dataclass, field

from genretag.domain.layout import TagFormat
from genretag.domain.places import Values


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
        fields: what it has at other places than the genre, where there is anything.
    """

    name: str
    format: TagFormat
    version: str
    items: tuple[StoredItem, ...]
    others: tuple[str, ...] = ()
    fields: Values = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The values of all items."""
        return tuple(name for item in self.items for name in item.names)
