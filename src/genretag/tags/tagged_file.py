"""One opened music file and its tags."""

import errno
import hashlib
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from genretag.domain.genre import Names
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.places import GENRE, Place, Values
from genretag.domain.stored_tags import StoredTag
from genretag.domain.track import Track
from genretag.errors import FileError
from genretag.tags import snapshot
from genretag.tags.container import Container
from genretag.tags.containers import recognise
from genretag.tags.failures import translate_errors, unwritable
from genretag.tags.formats.handler import TEXT_FIELDS, Item, Tag, TagHandler
from genretag.tags.formats.names import clean_names
from genretag.tags.snapshot import RawGenres
from genretag.tags.tag_set import Changes, StaleTag, TagSet, count_values, describe_no_room

_LONG = 1024
"""Bytes from which on a digest stands for a field."""

_TRUE = ("1", "true")

OtherFields = tuple[tuple[str, str, bytes], ...]
"""Tag, name and stored bytes of each field; a digest of long ones."""


class TaggedFile:
    """An open file, its container and its tags. A `with` block closes it.

    Tags are read when they are first asked for, each once. Everything but `close` raises
    FileError if the file cannot be read or a tag is broken; and all but `container`, `genres` and
    `track` if genretag can tag no such container.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, writing: bool = False) -> None:
        self.path = path
        self._writing = writing
        self._loaded: dict[TagHandler, Tag | None] = {}
        with self._errors():
            # Opening a pipe would wait for ever for somebody to write into it.
            if stat.S_ISFIFO(path.stat().st_mode):
                raise OSError(errno.ESPIPE, "it is a pipe")
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
        return self.values((GENRE,))[GENRE]

    def values(self, places: Iterable[Place]) -> Values:
        """Return the genres at each of `places`, of the first tag that has any there."""
        with self._errors():
            return {place: self._read_place(place) for place in places}

    def _read_place(self, place: Place) -> Names:
        for handler in self._container.handlers if self._container else ():
            tag = self._load(handler)
            if tag is not None and (names := handler.values(tag, place)):
                return names
        return ()

    def missing_room(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """Return those of `places` that cannot be written, with the reason in a sentence."""
        with self._errors():
            primary = self._tags.primary
            return {
                place: describe_no_room(primary, place)
                for place in places
                if not primary.labels(place)
            }

    @property
    def track(self) -> Track:
        """Its path, container, genres and texts, and whether it may have second tags."""
        genres = self.genres
        present = [handler for handler, tag in self._loaded.items() if tag is not None]
        several = len(present) > 1 or any(handler.format == "ID3v1" for handler in present)
        # Only where there is no genre, all tags have been looked for.
        second = several or bool(genres) or self._container is None
        texts = self._read_texts()
        return Track(
            self.path,
            self.container,
            genres,
            has_second_tags=second,
            title=texts["title"],
            artist=texts["artist"],
            album_artist=texts["album_artist"],
            album=texts["album"],
            album_id=texts["album_id"],
            is_compilation=texts["compilation"].lower() in _TRUE,
        )

    @property
    def audio_span(self) -> tuple[int, int] | None:
        """From which byte to which the file is audio alone, between the tags around it.

        None for containers that keep tags inside their structure.
        """
        with self._errors():
            return self._tags.container.audio_span(self._file)

    def stored_tags(self) -> tuple[StoredTag, ...]:
        """Return all tags, also empty ones, and the genres in them, in the order of reading."""
        with self._errors():
            return tuple(handler.describe(tag) for handler, tag in self._tags.tags.items() if tag)

    def stale_tags(
        self, values: Values | None = None, layout: Layout = PLAIN
    ) -> tuple[StaleTag, ...]:
        """Return the second tags that show a genre which the file does not have.

        With `values`, those that would do so once these are written with `layout`.
        """
        with self._errors():
            return self._tags.find_stale(None if values is None else _clean(values), layout)

    def write_costs(self, values: Values, layout: Layout = PLAIN) -> tuple[str, ...]:
        """Return what writing `values` with `layout` changes beside them, in sentences.

        Nothing, but for a change of the version of ID3, and for ID3v1 texts that are copied.
        """
        with self._errors():
            tags, count = self._tags, count_values(_clean(values))
            primary, tag = tags.primary, tags.primary_tag
            costs = primary.version_costs(tag, layout, count) if tag else ()
            if count and tags.hidden_texts:
                target = primary.format if tag else f"new {primary.format}"
                costs += (f"the texts of its ID3v1 tag are copied into its {target} tag",)
            return costs

    def other_fields(self, places: Iterable[Place] = (GENRE,)) -> OtherFields:
        """Return everything in the tags that is at none of `places`.

        Pictures, unknown frames and the blocks and chunks beside the tags are among it.
        """
        with self._errors():
            return self._fields(self._tags.tags, tuple(places))

    def other_fields_after_write(self, values: Values, layout: Layout = PLAIN) -> OtherFields:
        """Return what `other_fields` must be once `values` are written with `layout`.

        A change of the version of ID3 changes frames.
        """
        with self._errors():
            tags, count = self._tags, count_values(_clean(values))
            written = dict(tags.tags)
            if count or tags.primary_tag:
                written[tags.primary] = tags.prepare_primary(layout, count)
            return self._fields(written, tuple(values))

    def other_fields_after_restore(
        self, raw: RawGenres, written: RawGenres | None = None
    ) -> OtherFields:
        """Return what `other_fields` must be after `restore` with the same arguments."""
        with self._errors():
            changes = snapshot.restore(self._tags, raw, written)
            return self._fields(self._tags.tags | dict(changes), raw.places)

    def raw_genres(self, layout: Layout = PLAIN, places: Iterable[Place] = (GENRE,)) -> RawGenres:
        """Return what each tag stores at `places`, and all that `write` may change."""
        with self._errors():
            return snapshot.take(self._tags, layout, tuple(places))

    def write(self, values: Values, layout: Layout = PLAIN) -> None:
        """Make `values` the only genres at their places, in place; no name takes the old ones out.

        They go into the tag that players read, into a new one where there is none. A new
        one hides no other: what only ID3v1 said is copied into it. ID3v1 and RIFF INFO follow
        where they exist. Other second tags follow on `layout.fix_stale`, and always where they
        would decide: when the genre is taken out, or when they alone held it.

        Raises:
            FileError: `tags-unwritable`, that tag has no room for one of the places.
            RunError: the disk is full.
        """
        with self._errors():
            self._store(self._tags.find_changes(_clean(values), layout))

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
            self._store(snapshot.restore(tags, raw, written))

    def _errors(self) -> AbstractContextManager[None]:
        """Return a block in which errors become those of `genretag.errors`."""
        return translate_errors(self.path, self._writing)

    @cached_property
    def _container(self) -> Container | None:
        return recognise(self._file)

    def _load(self, handler: TagHandler) -> Tag | None:
        if handler not in self._loaded:
            self._loaded[handler] = handler.load(self._file)
        return self._loaded[handler]

    def _read_texts(self) -> dict[str, str]:
        """Return the texts in the tags that are loaded; empty where they have none.

        Further tags are loaded only where these have neither artist nor album.
        """
        texts: dict[str, str] = {}
        handlers = self._container.handlers if self._container else ()
        # ID3v1 is asked last, because its texts are cut off.
        for handler in sorted(handlers, key=lambda handler: handler.format == "ID3v1"):
            if handler in self._loaded or not ("artist" in texts or "album" in texts):
                # A tag that nothing but a text is wanted from may be broken.
                with suppress(FileError), self._errors():
                    tag = self._load(handler)
                    texts = (handler.texts(tag) if tag else {}) | texts
        return dict.fromkeys(TEXT_FIELDS, "") | texts

    @property
    def _tags(self) -> TagSet:
        """All tags; FileError if its container has no place for a genre."""
        if self._container is None:
            reason = "genretag knows no place for a genre in this container"
            raise unwritable(self.path, reason)
        tags = {handler: self._load(handler) for handler in self._container.handlers}
        return TagSet(self._container, tags)

    def _fields(
        self, tags: Mapping[TagHandler, Tag | None], places: Sequence[Place]
    ) -> OtherFields:
        """Return what is at none of `places` in `tags` and around them."""
        found: list[tuple[str, str, bytes]] = []
        for handler, tag in tags.items():
            items = [*handler.load_extras(self._file)]
            if tag is not None:
                rest = handler.without(tag, places).items
                if handler.has_vendor and (rest or tag.header != handler.new_tag().header):
                    items.append(Item("", tag.header))
                items.extend(rest)
            found.extend((handler.format, item.key, _shortened(item.data)) for item in items)
        return tuple(found)

    def _store(self, changes: Changes) -> None:
        for handler, tag in changes:
            handler.store(self._file, tag)
        self._file.flush()
        # From here on it is another file, which is recognised and read anew.
        del self._container
        self._loaded.clear()


def _clean(values: Values) -> Values:
    return {place: clean_names(names) for place, names in values.items()}


def _shortened(data: bytes) -> bytes:
    """Return `data`, a digest of it if it is long."""
    return data if len(data) <= _LONG else hashlib.blake2b(data).digest()
