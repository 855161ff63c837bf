"""The base of all tag formats: a list of items, some of which hold genres.

A tag is taken apart into items whose bytes are kept as they were found, and put together
from them again. So whatever holds no genre survives byte for byte, understood or not. Genres may
stand in several places: see `domain.places`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO, ClassVar

from genretag.domain.genre import Names
from genretag.domain.layout import Layout, TagFormat
from genretag.domain.places import GENRE, PLACES, Place, free_name
from genretag.domain.stored_tags import StoredItem, StoredTag
from genretag.tags.formats.names import decode_text, is_plain_name, parse_genres, split_names

TEXT_FIELDS = ("title", "artist", "album_artist", "album", "album_id", "compilation")
"""The texts that are read: what people know a track by, and what tells which belong together."""

_MOST_BYTES = 1 << 14
"""Bytes of an item that may be such a text; longer ones are made to do harm."""

_MOST_CHARACTERS = 500


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


class TagHandler(ABC):
    """One place in a file where a tag of one format can be.

    Attributes:
        format: the format of the tag.
        place_labels: the labels of the items that hold a place; the first is written.
        free_label: how an item of any name is labelled, `{}` for the name; None for no such item.
        is_caseless: whether labels mean the same in small and in capital letters.
        text_keys: the labels of the items that hold other texts, by what these mean; `with_texts`
            writes the first.
        album_id_name: how items that hold a name of their own call it, in lower case.
        removed_when_empty: whether a tag without items is taken out of the file.
        has_vendor: whether its header names the program that wrote it, which must stay.
        reads_numbers: whether a bare number stands for an ID3v1 genre.
    """

    format: TagFormat
    place_labels: ClassVar[Mapping[Place, tuple[str, ...]]] = {}
    free_label: str | None = None
    is_caseless = False
    text_keys: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    album_id_name = b"musicbrainz album id"
    removed_when_empty = False
    has_vendor = False
    reads_numbers = False

    @abstractmethod
    def load(self, file: BinaryIO) -> Tag | None:
        """Return the tag of `file`, None if it has none; BrokenTagsError if it is broken."""

    @abstractmethod
    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the tag of `file` in place, or take it out."""

    def labels(self, place: Place) -> tuple[str, ...]:
        """Return the labels of the items that hold `place`; none where the format has no room."""
        name = free_name(place)
        if name is None:
            return self.place_labels.get(place, ())
        return (self.free_label.format(name),) if self.free_label else ()

    def label(self, item: Item) -> str:
        """Return what users of tag editors call `item`."""
        return item.key

    def full_label(self, item: Item, tag: Tag) -> str:
        """Return the label of `item`, and the name that it has of its own: `TXXX:STYLE`."""
        return self.label(item)

    def items_of(self, tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return the items of `tag` that hold `place`."""
        fold = str.upper if self.is_caseless or free_name(place) else str
        labels = set(map(fold, self.labels(place)))
        return [item for item in tag.items if fold(self.full_label(item, tag)) in labels]

    def stored_texts(self, tag: Tag, place: Place = GENRE) -> list[str]:
        """Return the texts of the items that hold `place`, not yet split into names."""
        return [self.decode(item, tag) for item in self.items_of(tag, place)]

    def texts(self, tag: Tag) -> dict[str, str]:
        """Return the first value of each of TEXT_FIELDS in `tag`, cut to 500 characters.

        No file fails for them: what is broken, too long or not to be decoded is left out.
        """
        found: dict[str, str] = {}
        for item in tag.items:
            field = self._fields.get(self.label(item).lower())
            if field and field not in found and len(item.data) <= _MOST_BYTES:
                try:
                    text = _first_value(self.decode(item, tag))
                except (BrokenTagsError, ValueError, LookupError):
                    continue
                if text:
                    found[field] = text
        return found

    @cached_property
    def _fields(self) -> dict[str, str]:
        """What the items to read mean, by their labels in lower case."""
        return {
            key.lower(): field for field in TEXT_FIELDS for key in self.text_keys.get(field, ())
        }

    def decode(self, item: Item, tag: Tag) -> str:
        """Return the values in an item of texts, with nulls between them."""
        return decode_text(item.data)

    @abstractmethod
    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return the items that hold `texts` at `place` in `tag`."""

    def escape(self, name: str) -> str:
        """Return the text that stands for a genre of this `name`."""
        return name

    def new_tag(self) -> Tag:
        """Return what a tag starts with where there is none."""
        return Tag()

    def may_end_search(self, tag: Tag) -> bool:
        """Return whether some players look at no other tag because of what is in `tag`."""
        return bool(tag.items)

    def ends_search(self, tag: Tag) -> bool:
        """Return whether every player looks at no other tag because of what is in `tag`."""
        return self.may_end_search(tag)

    def with_texts(self, tag: Tag, fields: Mapping[str, str]) -> Tag:
        """Add texts by what they mean (title, artist, album, date, comment, track).

        Those that it has already stay.
        """
        return tag

    def with_version(self, tag: Tag, layout: Layout, n_genres: int) -> Tag:
        """Return `tag` in the version that `layout` wants for so many genres."""
        return tag

    def changed_keys(self, tag: Tag, layout: Layout) -> set[str]:
        """Return the keys of the items that `with_version` might change."""
        return set()

    def version_costs(self, tag: Tag, layout: Layout, n_genres: int) -> tuple[str, ...]:
        """Return what `with_version` costs, in sentences."""
        return ()

    def undo_version(self, tag: Tag, before: Tag, written: bytes) -> tuple[Tag, tuple[Item, ...]]:
        """Return `tag` in the version of `before`, if a write changed that and nobody has since.

        Args:
            tag: as it is now.
            before: the items that the change of version rewrote, as they were.
            written: the header that the write left.

        Returns:
            The tag without those items of `before` that nobody has changed, and these items.
        """
        return tag, ()

    def convert_items(
        self, items: Sequence[Item], header: bytes, tag: Tag, place: Place
    ) -> list[Item]:
        """Return what held `place` in a tag that had this `header` as items of `tag`."""
        return list(items)

    def find_position(self, items: Sequence[Item]) -> int:
        """Return where among `items`, none of which holds a place, one that does goes."""
        return len(items)

    def load_extras(self, file: BinaryIO) -> list[Item]:
        """Return what lies around the tag and belongs to the metadata all the same."""
        return []

    def values(self, tag: Tag, place: Place = GENRE) -> Names:
        """Return the genres that `tag` has at `place` by name, in order, none twice."""
        texts = self.stored_texts(tag, place)
        if place == GENRE:
            return parse_genres(texts, numbers=self.reads_numbers)
        return split_names(texts)

    def describe(self, tag: Tag) -> StoredTag:
        """Return the genres of `tag` as they are stored, item by item."""
        items = (self._describe_item(item, tag) for item in self.items_of(tag))
        genres = tuple(item for item in items if item.texts)
        rest = dict.fromkeys(self.label(item) for item in self.without(tag).items)
        fields = {place: self.values(tag, place) for place in PLACES if place != GENRE}
        held = {place: names for place, names in fields.items() if names}
        return StoredTag(self.format, self.format, self.version(tag), genres, tuple(rest), held)

    def _describe_item(self, item: Item, tag: Tag) -> StoredItem:
        alone = replace(tag, items=(item,))
        names = parse_genres(self.stored_texts(alone), "\0", self.reads_numbers)
        return StoredItem(self.label(item), self.stored_values(alone), names)

    def stored_values(self, tag: Tag) -> tuple[str, ...]:
        """Return the values of the genre items of `tag` as they are stored, numbers as digits."""
        return tuple(value for text in self.stored_texts(tag) for value in text.split("\0"))

    def version(self, tag: Tag) -> str:
        """Return the version of the format that `tag` is in, where there are several."""
        return ""

    def with_values(self, tag: Tag, names: Sequence[str], place: Place = GENRE) -> Tag:
        """Return `tag` with `names` alone at `place`, where the old ones were.

        Where `names` begin with those that are there, these keep their spelling.
        """
        old = self.items_of(tag, place)
        items = self.encode(self._spell(tag, tuple(names), place), tag, place)
        if items == old:
            return tag
        rest = self.without(tag, (place,)).items
        at = tag.items.index(old[0]) if old else self.find_position(rest)
        return replace(tag, items=(*rest[:at], *items, *rest[at:]))

    def _spell(self, tag: Tag, names: Names, place: Place) -> list[str]:
        old = self.values(tag, place)
        escape = self.escape if place == GENRE else str
        if not old or names[: len(old)] != old:
            return [escape(name) for name in names]
        stored = "\0".join(self.stored_texts(tag, place)).split("\0")
        if place == GENRE:
            stored = [text for one in stored for text in self._resolve_numbers(one)]
        return [*stored, *(escape(name) for name in names[len(old) :])]

    def _resolve_numbers(self, text: str) -> list[str]:
        """Return a genre's text, or the names that it refers to by numbers."""
        if is_plain_name(text, self.reads_numbers):
            return [text]
        return [self.escape(name) for name in parse_genres((text,), numbers=self.reads_numbers)]

    def without(self, tag: Tag, places: Iterable[Place] = (GENRE,)) -> Tag:
        """Return `tag` with only what is at none of `places`."""
        doomed = {id(item) for place in places for item in self.items_of(tag, place)}
        return replace(tag, items=tuple(item for item in tag.items if id(item) not in doomed))


def _first_value(text: str) -> str:
    """Return the first value that says anything, "" if it could not be decoded."""
    for value in text.split("\0"):
        if value := value.strip():
            return "" if "\ufffd" in value else value[:_MOST_CHARACTERS].rstrip()
    return ""
