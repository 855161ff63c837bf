"""The ways in which programs read genres from tags."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.layout import TagFormat
from genretag.domain.stored_tags import StoredItem, StoredTag

Pairs = tuple[tuple[TagFormat, TagFormat], ...]
"""Pairs of formats; where a file has the first, the second is not read."""

Resolver = Callable[[Sequence[str], str], Iterable[str]]
"""From the values of an ID3v2 genre frame, and the version of its tag, to genres."""

_WORDS = {"RX": "Remix", "CR": "Cover"}


def _by_number(text: str, otherwise: str = "") -> str:
    number = int(text)
    return ID3V1_GENRES[number] if 0 <= number < len(ID3V1_GENRES) else otherwise


def _by_digits(text: str) -> str:
    """Return the genre of a text that is a number, else the text."""
    return _by_number(text, text) if re.fullmatch("[0-9]{1,9}", text) else text


def resolve_as_standard(texts: Sequence[str], version: str) -> Iterator[str]:
    """Resolve references as ID3v2.3, section 4.2.1: `(17)`, `(RX)`, `((` for a bracket, `17`.

    >>> list(resolve_as_standard(["(17)Hard", "17"], "2.3"))
    ['Rock', 'Hard', 'Rock']
    """
    for text in texts:
        left = text
        while left.startswith("(") and not left.startswith("(("):
            inside, _, left = left[1:].partition(")")
            yield _word(inside)
        yield _word(left.removeprefix("(") if left.startswith("((") else left)


def _word(text: str) -> str:
    return _WORDS.get(text, _by_digits(text))


def resolve_as_libid3tag(texts: Sequence[str], version: str) -> Iterator[str]:
    """Resolve only the first value before v2.4, and no brackets in v2.4.

    libid3tag, compat.gperf (translate_TCON) and genre.c (id3_genre_name).
    """
    return map(_word, texts) if version == "2.4" else resolve_as_standard(texts[:1], version)


def resolve_as_taglib(texts: Sequence[str], version: str) -> Iterator[str]:
    """Drop what is in brackets at the start, unless it is a number, RX or CR.

    taglib/taglib, mpeg/id3v2/id3v2framefactory.cpp (updateGenre); measured with 2.1.
    """
    for text in texts:
        left = text
        while left.startswith("(") and ")" in left:
            inside, _, left = left[1:].partition(")")
            if inside in _WORDS:
                yield inside
            elif re.fullmatch("[0-9]{1,3}", inside):
                yield _by_number(inside)
        yield _by_number(left) if re.fullmatch(r"\s*[+-]?[0-9]{1,9}", left) else left


def resolve_as_atl(texts: Sequence[str], version: str) -> Iterator[str]:
    """Split at every bracket.

    Zeugma440/atldotnet, ATL/AudioData/IO/ID3v2.cs (extractGenreFromID3v2Code).
    """
    return (_by_digits(part) for text in texts for part in re.split("[()]", text))


def resolve_as_ffmpeg(texts: Sequence[str], version: str) -> Iterator[str]:
    """Resolve the first value alone; a number at its start replaces it, even in `80s Pop`.

    FFmpeg, libavformat/id3v2.c (read_ttag); measured with 5.1.
    """
    for text in texts[:1]:
        found = re.match(r"\(?\s*\+?([0-9]{1,9})", text)
        yield _by_number(found[1], text) if found else text


@dataclass(frozen=True)
class Reading:
    """The way in which a program reads genres from the tags of one container.

    Attributes:
        order: the formats that it reads, in their priority; empty for all, in file order.
        stops: whether only the first tag with items counts, even if it has no genre.
        sees: names of the items that count for `stops`; empty for all.
        hides: pairs of formats; where there is a tag of the first, the second is not read.
        items: which of several genre frames or atoms in a tag count.
        references: how it resolves references in the genre of ID3v2.
        digits: whether a number alone is a genre of ID3v1 in other tags as well.
        values: which values count; `joined` makes them one text with `;` between.
        splits: a regular expression at which it splits a value.
        alone: whether it does so only where there is no other value.
    """

    order: tuple[TagFormat, ...] = ()
    stops: bool = False
    sees: frozenset[str] = frozenset()
    hides: Pairs = ()
    items: Literal["all", "first", "last"] = "all"
    references: Resolver = resolve_as_standard
    digits: bool = False
    values: Literal["all", "first", "joined"] = "all"
    splits: str = ""
    alone: bool = False

    def genres(self, tags: Sequence[StoredTag]) -> tuple[str, ...]:
        """Return the genres that the program finds in `tags`, each once."""
        read = sorted(self._select(tags), key=self._priority)
        read = list(filter(self._has_items, read))[:1] if self.stops else read
        return next(filter(None, map(self._genres_of, read)), ())

    def _select(self, tags: Sequence[StoredTag]) -> list[StoredTag]:
        seen = {tag.format for tag in tags}
        for hider, hidden in self.hides:
            if hider in seen:
                seen.discard(hidden)
        return [tag for tag in tags if tag.format in seen and tag.format in (self.order or seen)]

    def _has_items(self, tag: StoredTag) -> bool:
        names = {*(item.key for item in tag.items), *tag.others}
        return bool(names & self.sees if self.sees else names)

    def _priority(self, tag: StoredTag) -> int:
        return self.order.index(tag.format) if self.order else 0

    def _genres_of(self, tag: StoredTag) -> tuple[str, ...]:
        which = {"all": slice(None), "first": slice(1), "last": slice(-1, None)}
        items = tag.items[which[self.items]]
        texts = [text.strip() for item in items for text in self._resolve(item, tag)]
        parts = self._split(self._keep_values([text for text in texts if text]))
        return _distinct(part.strip() for part in parts)

    def _resolve(self, item: StoredItem, tag: StoredTag) -> Iterable[str]:
        if tag.format == "ID3v1" or item.key == "gnre":
            return item.names
        if tag.format == "ID3v2":
            return self.references(item.texts, tag.version)
        return map(_by_digits, item.texts) if self.digits else item.texts

    def _keep_values(self, texts: list[str]) -> list[str]:
        return {"all": texts, "first": texts[:1], "joined": [";".join(texts)]}[self.values]

    def _split(self, texts: list[str]) -> list[str]:
        if not self.splits or (self.alone and len(texts) > 1):
            return texts
        return [part for text in texts for part in re.split(self.splits, text)]


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for name in filter(None, names):
        first.setdefault(name.casefold(), name)
    return tuple(first.values())
