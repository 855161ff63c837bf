"""One opened music file and its tags."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from genretag.domain.layout import PLAIN, Layout
from genretag.domain.stored_tags import StoredTag
from genretag.domain.track import Track
from genretag.tags.containers import Container, recognised, sound
from genretag.tags.editing import StaleTag, Tags
from genretag.tags.failures import translated, unwritable
from genretag.tags.model import Item, Kind, Tag
from genretag.tags.names import cleaned
from genretag.tags.snapshot import RawGenres, kept, put_back
from genretag.tags.titles import Titles, read_titles

_LONG = 1024
"""Bytes from which on a digest stands for a field."""

OtherFields = tuple[tuple[str, str, bytes], ...]
"""Tag, name and stored bytes of each field; a digest of long ones."""


class TaggedFile:
    """An open file, its container and its tags. A `with` block closes it.

    Tags are read when they are first asked for, each once. Everything but `close` raises
    FileError if the file cannot be read or a tag is broken; and all but `container`, `genres`,
    `track` and `titles` if genretag can tag no such container.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, writing: bool = False) -> None:
        self.path = path
        self._writing = writing
        self._loaded: dict[Kind, Tag | None] = {}
        with self._errors():
            self._file = path.open("r+b" if writing else "rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._errors():
            self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def container(self) -> str | None:
        """The row of `CONTAINERS` that its content belongs to; None if there is none."""
        with self._errors():
            return self._container.name if self._container else None

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the first of its tags that has any.

        A second tag (APEv2 on an MP3, ID3 on a FLAC file) counts where the first has none,
        because players fall back on it as well.
        """
        with self._errors():
            for kind in self._container.kinds if self._container else ():
                tag = self._load(kind)
                if tag is not None and (genres := kind.genres(tag)):
                    return genres
            return ()

    @property
    def track(self) -> Track:
        """Its path, container and genres, and whether it may have second tags."""
        genres = self.genres
        # Without a genre, all tags have been looked for.
        present = [kind for kind, tag in self._loaded.items() if tag is not None]
        second = len(present) > 1 or any(kind.format == "ID3v1" for kind in present)
        sure = self._container is not None and not genres
        return Track(self.path, self.container, genres, has_second_tags=second or not sure)

    @property
    def audio_span(self) -> tuple[int, int] | None:
        """From which byte to which the file is audio alone, between the tags around it.

        None for containers that keep tags inside their structure.
        """
        with self._errors():
            return sound(self._file, self._tags.container)

    def titles(self) -> Titles:
        """Return its title and artist; what cannot be read is left empty."""
        return read_titles(self._file)

    def stored_tags(self) -> tuple[StoredTag, ...]:
        """Return all tags, also empty ones, and the genres in them, in the order of reading."""
        with self._errors():
            return tuple(kind.stored(tag) for kind, tag in self._tags.by_kind.items() if tag)

    def stale_tags(
        self, after: Sequence[str] | None = None, layout: Layout = PLAIN
    ) -> tuple[StaleTag, ...]:
        """Return the second tags that show a genre which the file does not have.

        With `after`, those that would do so once `after` is written with `layout`.
        """
        with self._errors():
            return self._tags.stale(None if after is None else cleaned(after), layout)

    def write_costs(self, genres: Sequence[str], layout: Layout = PLAIN) -> tuple[str, ...]:
        """Return what writing `genres` with `layout` changes beside the genre, in sentences.

        Nothing, but for a change of the version of ID3, and for ID3v1 texts that are copied.
        """
        with self._errors():
            tags, names = self._tags, cleaned(genres)
            home, tag = tags.home, tags.by_kind[tags.home]
            costs = home.costs(tag, layout, len(names)) if tag else ()
            if names and tags.hidden:
                made = "" if tag else "new "
                costs += (f"the texts of its ID3v1 tag are copied into its {made}{home.name} tag",)
            return costs

    def other_fields(self) -> OtherFields:
        """Return everything in the tags that is not a genre.

        Pictures, unknown frames and the blocks and chunks beside the tags are among it.
        """
        with self._errors():
            return self._fields(self._tags.by_kind)

    def other_fields_after_write(
        self, genres: Sequence[str], layout: Layout = PLAIN
    ) -> OtherFields:
        """Return what `other_fields` must be once `genres` are written with `layout`.

        A change of the version of ID3 changes frames.
        """
        with self._errors():
            tags, names = self._tags, cleaned(genres)
            written = dict(tags.by_kind)
            if names or written[tags.home]:
                written[tags.home] = tags.opened(layout, len(names))
            return self._fields(written)

    def other_fields_after_restore(
        self, raw: RawGenres, written: RawGenres | None = None
    ) -> OtherFields:
        """Return what `other_fields` must be after `restore` with the same arguments."""
        with self._errors():
            return self._fields(self._tags.by_kind | dict(put_back(self._tags, raw, written)))

    def raw_genres(self, layout: Layout = PLAIN) -> RawGenres:
        """Return the genre as each tag stores it, and all that `write` with `layout` may change."""
        with self._errors():
            return kept(self._tags, layout)

    def write(self, genres: Sequence[str], layout: Layout = PLAIN) -> None:
        """Make `genres` the only genres of the file, in place; none takes the genre out.

        The genre goes into the tag that players read, into a new one where there is none. A new
        one hides no other: what only ID3v1 said is copied into it. ID3v1 and RIFF INFO follow
        where they exist. Other second tags follow on `layout.fix_stale`, and always where they
        would decide: when the genre is taken out, or when they alone held it.

        Raises:
            RunError: the disk is full.
        """
        with self._errors():
            self._store(self._tags.changes(cleaned(genres), layout))

    def restore(self, raw: RawGenres, written: RawGenres | None = None) -> None:
        """Put genres back in place, so that `genres` are again what they were.

        What others changed meanwhile stays. Where nobody did, all items of the tags are as they
        were.

        Args:
            raw: what `raw_genres` returned before a write.
            written: what it returned after that write; without it, nobody has touched the file
                since.

        Raises:
            RunError: the disk is full.
        """
        with self._errors():
            tags = self._tags
            if tags.container.name != raw.container:
                reason = f"it was {raw.container} and is {tags.container.name} now"
                raise unwritable(self.path, reason)
            self._store(put_back(tags, raw, written))

    def _errors(self) -> AbstractContextManager[None]:
        """Return a block in which errors become those of `genretag.errors`."""
        return translated(self.path, self._writing)

    @cached_property
    def _container(self) -> Container | None:
        return recognised(self._file)

    def _load(self, kind: Kind) -> Tag | None:
        if kind not in self._loaded:
            self._loaded[kind] = kind.load(self._file)
        return self._loaded[kind]

    @property
    def _tags(self) -> Tags:
        """All tags; FileError if its container has no place for a genre."""
        if self._container is None:
            reason = "genretag knows no place for a genre in this container"
            raise unwritable(self.path, reason)
        by_kind = {kind: self._load(kind) for kind in self._container.kinds}
        return Tags(self._container, by_kind)

    def _fields(self, tags: Mapping[Kind, Tag | None]) -> OtherFields:
        """Return what is no genre in `tags` and around them."""
        found: list[tuple[str, str, bytes]] = []
        for kind, tag in tags.items():
            items = [*kind.extras(self._file)]
            if tag is not None:
                rest = kind.without_genres(tag).items
                if kind.signed and (rest or tag.header != kind.new().header):
                    items.append(Item("", tag.header))
                items.extend(rest)
            found.extend((kind.name, item.key, _shortened(item.data)) for item in items)
        return tuple(found)

    def _store(self, changes: Sequence[tuple[Kind, Tag | None]]) -> None:
        for kind, tag in changes:
            kind.store(self._file, tag)
        self._file.flush()
        # From here on it is another file, which is recognised and read anew.
        del self._container
        self._loaded.clear()


def _shortened(data: bytes) -> bytes:
    """Return `data`, a digest of it if it is long."""
    return data if len(data) <= _LONG else hashlib.blake2b(data).digest()
