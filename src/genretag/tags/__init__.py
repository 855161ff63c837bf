"""Genres in the tags of music files: reading, writing, and putting them back.

Whatever is not a genre stays byte for byte as it is. `write` and `restore` change the file
in place: callers give them a copy, verify it, and swap it for the original.

Every function raises FileError if the file cannot be read or a tag is broken, those that
write also RunError if the disk is full.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from genretag.domain.layout import PLAIN, Layout
from genretag.domain.stored import StoredTag
from genretag.domain.track import Track
from genretag.tags.containers import CONTAINERS, Container, recognised
from genretag.tags.containers import sound as sound_of
from genretag.tags.editing import StaleGenre, Tags
from genretag.tags.failures import translated, unwritable
from genretag.tags.keeping import RawGenres, kept, put_back
from genretag.tags.names import cleaned

__all__ = [
    "CONTAINERS",
    "RawGenres",
    "StaleGenre",
    "costs",
    "others",
    "raw",
    "read",
    "restore",
    "sound",
    "stale",
    "stored",
    "write",
]


def read(path: Path) -> Track:
    """The genres of a file, from the first of its tags that has any.

    A second tag (APEv2 on an MP3, ID3 on a FLAC file) counts where the first has none,
    because players fall back on it as well.
    """
    with _opened(path) as file:
        container = recognised(file)
        if container is None:
            return Track(path, None)
        for kind in container.kinds:
            tag = kind.load(file)
            if tag is not None and (genres := kind.genres(tag)):
                return Track(path, container.name, genres)
        return Track(path, container.name)


def write(path: Path, genres: Sequence[str], layout: Layout = PLAIN) -> None:
    """Make `genres` the only genres of the file, in place; none takes the genre out.

    The genre goes where players look for it, into a new tag where there is none. ID3v1 and
    RIFF INFO follow where they exist. Other second tags follow on `layout.fix_stale`, and
    always where they would decide: when the genre is taken out, or when they alone held it.
    """
    with _tagged(path, writing=True) as (file, tags):
        for kind, tag in tags.changes(file, cleaned(genres), layout):
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

    Nothing, but for a change of the version of ID3.
    """
    with _tagged(path) as (_, tags):
        tag = tags.by_kind[tags.home]
        return tags.home.costs(tag, layout, len(cleaned(genres))) if tag else ()


def others(
    path: Path, genres: Sequence[str] = (), layout: Layout = PLAIN
) -> tuple[tuple[str, str, bytes], ...]:
    """Everything in the tags that is not a genre: tag, name and stored bytes of each item.

    Pictures, unknown frames and the blocks and chunks beside the tags are among it. With
    `genres` and `layout`, as it must be once those are written: a change of the version of
    ID3 changes frames. So `others(copy) == others(original, genres, layout)` verifies a write.
    """
    with _tagged(path) as (file, tags):
        found: list[tuple[str, str, bytes]] = []
        for kind, tag in tags.by_kind.items():
            found.extend((kind.name, item.key, item.data) for item in kind.extras(file))
            if tag is None or kind.is_blank(tag, file):
                continue
            if kind is tags.home:
                tag = kind.laid_out(tag, layout, len(cleaned(genres)))
            if kind.signed:
                found.append((kind.name, "", tag.header))
            rest = kind.without_genres(tag).items
            found.extend((kind.name, item.key, item.data) for item in rest)
        return tuple(found)


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


def restore(path: Path, genres: RawGenres) -> None:
    """Put the genres back in place: afterwards `raw` finds again what it found then."""
    with _tagged(path, writing=True) as (file, tags):
        if tags.container.name != genres.container:
            raise unwritable(path, f"it was {genres.container} and is {tags.container.name} now")
        for kind, tag in put_back(tags, genres, file):
            kind.store(file, tag)


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
