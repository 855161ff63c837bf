"""Genres in the tags of music files: reading, writing, and putting them back.

Whatever is not a genre stays byte for byte as it is. `write` and `restore` change the file
in place: callers give them a copy, verify it, and swap it for the original.

Every function raises FileError if the file cannot be read or a tag is broken, those that
write also RunError if the disk is full.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from genretag.domain.layout import PLAIN, Layout
from genretag.domain.stored_tags import StoredTag
from genretag.domain.track import Track
from genretag.tags.containers import CONTAINERS, Container, recognised
from genretag.tags.containers import sound as sound_of
from genretag.tags.editing import StaleGenre, Tags
from genretag.tags.failures import translated, unwritable
from genretag.tags.model import Item, Kind, Tag
from genretag.tags.names import cleaned
from genretag.tags.snapshot import RawGenres, kept, put_back

__all__ = [
    "CONTAINERS",
    "RawGenres",
    "StaleGenre",
    "costs",
    "others",
    "others_restored",
    "raw",
    "read",
    "restore",
    "sound",
    "stale",
    "stored",
    "write",
]


_LONG = 1024


def read(path: Path) -> Track:
    """The genres of a file, from the first of its tags that has any.

    A second tag (APEv2 on an MP3, ID3 on a FLAC file) counts where the first has none,
    because players fall back on it as well.
    """
    with _opened(path) as file:
        container = recognised(file)
        if container is None:
            return Track(path, None)
        present: list[Kind] = []
        for kind in container.kinds:
            tag = kind.load(file)
            if tag is not None:
                if genres := kind.genres(tag):
                    return Track(path, container.name, genres)
                present.append(kind)
        several = len(present) > 1 or any(kind.format == "ID3v1" for kind in present)
        return Track(path, container.name, has_second_tags=several)


def write(path: Path, genres: Sequence[str], layout: Layout = PLAIN) -> None:
    """Make `genres` the only genres of the file, in place; none takes the genre out.

    The genre goes into the tag that players read, into a new one where there is none. A new one
    hides no other: what only ID3v1 said is copied into it. ID3v1 and RIFF INFO follow where
    they exist. Other second tags follow on `layout.fix_stale`, and always where they would
    decide: when the genre is taken out, or when they alone held it.
    """
    with _tagged(path, writing=True) as (file, tags):
        for kind, tag in tags.changes(cleaned(genres), layout):
            kind.store(file, tag)


def stored(path: Path) -> tuple[StoredTag, ...]:
    """All tags of the file and the genres in them, as `read` looks at them; also empty ones."""
    with _tagged(path) as (_, tags):
        return tuple(kind.stored(tag) for kind, tag in tags.by_kind.items() if tag)


def stale(
    path: Path, after: Sequence[str] | None = None, layout: Layout = PLAIN
) -> tuple[StaleGenre, ...]:
    """The second tags that show a genre which the file does not have.

    With `after`, those that would do so once `after` is written with `layout`.
    """
    with _tagged(path) as (_, tags):
        return tags.stale(None if after is None else cleaned(after), layout)


def costs(path: Path, genres: Sequence[str], layout: Layout = PLAIN) -> tuple[str, ...]:
    """What writing `genres` with `layout` changes beside the genre, in sentences.

    Nothing, but for a change of the version of ID3, and for ID3v1 texts that are copied.
    """
    with _tagged(path) as (_, tags):
        home, tag, names = tags.home, tags.by_kind[tags.home], cleaned(genres)
        found = home.costs(tag, layout, len(names)) if tag else ()
        if names and tags.hidden:
            made = "" if tag else "new "
            found += (f"the texts of its ID3v1 tag are copied into its {made}{home.name} tag",)
        return found


def others(
    path: Path, genres: Sequence[str] = (), layout: Layout = PLAIN
) -> tuple[tuple[str, str, bytes], ...]:
    """Everything in the tags that is not a genre: tag, name and stored bytes of each item.

    Pictures, unknown frames and the blocks and chunks beside the tags are among it. With
    `genres` and `layout`, as it must be once those are written: a change of the version of
    ID3 changes frames. So `others(copy) == others(original, genres, layout)` verifies a write.
    """
    with _tagged(path) as (file, tags):
        names = cleaned(genres)
        written = dict(tags.by_kind)
        if names or written[tags.home]:
            written[tags.home] = tags.opened(layout, len(names))
        return _rest(file, written)


def others_restored(
    path: Path, genres: RawGenres, written: RawGenres | None = None
) -> tuple[tuple[str, str, bytes], ...]:
    """As `others`, as it must be after `restore` with the same arguments."""
    with _tagged(path) as (file, tags):
        return _rest(file, tags.by_kind | dict(put_back(tags, genres, written)))


def sound(path: Path) -> tuple[int, int] | None:
    """From which byte to which the file is nothing but its sound, between the tags around it.

    None for containers that keep tags inside their structure.
    """
    with _tagged(path) as (file, tags):
        return sound_of(file, tags.container)


def raw(path: Path, layout: Layout = PLAIN) -> RawGenres:
    """The genre as it is stored in each tag, and all that `write` with `layout` may change."""
    with _tagged(path) as (_, tags):
        return kept(tags, layout)


def restore(path: Path, genres: RawGenres, written: RawGenres | None = None) -> None:
    """Put the genres back in place: afterwards `read` finds again what it found then.

    What others changed meanwhile stays. Where nobody did, all items of the tags are as they were.

    Args:
        path: a file.
        genres: what `raw` found before a write.
        written: what it found after that write; without it, nobody has touched the file since.
    """
    with _tagged(path, writing=True) as (file, tags):
        if tags.container.name != genres.container:
            raise unwritable(path, f"it was {genres.container} and is {tags.container.name} now")
        for kind, tag in put_back(tags, genres, written):
            kind.store(file, tag)


def _rest(file: BinaryIO, tags: Mapping[Kind, Tag | None]) -> tuple[tuple[str, str, bytes], ...]:
    """Return what is no genre in `tags` and around them; of long items a digest."""
    found: list[tuple[str, str, bytes]] = []
    for kind, tag in tags.items():
        items = [*kind.extras(file)]
        if tag is not None:
            rest = kind.without_genres(tag).items
            if kind.signed and (rest or tag.header != kind.new().header):
                items.append(Item("", tag.header))
            items.extend(rest)
        found.extend((kind.name, item.key, _digested(item.data)) for item in items)
    return tuple(found)


def _digested(data: bytes) -> bytes:
    return data if len(data) <= _LONG else hashlib.blake2b(data).digest()


@contextmanager
def _opened(path: Path, writing: bool = False) -> Iterator[BinaryIO]:
    with translated(path, writing), path.open("r+b" if writing else "rb") as file:
        yield file


@contextmanager
def _tagged(path: Path, writing: bool = False) -> Iterator[tuple[BinaryIO, Tags]]:
    """The open file and its tags; FileError if its container has no place for a genre."""
    with _opened(path, writing) as file:
        container: Container | None = recognised(file)
        if container is None:
            raise unwritable(path, "genretag knows no place for a genre in this container")
        yield file, Tags.of(container, file)
