"""Genres in the tags of music files: reading, writing, and putting them back.

Whatever is not a genre stays byte for byte as it is. `write` and `restore` change the file
in place: callers give them a copy, verify it, and swap it for the original.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from genretag.domain.layout import PLAIN, Layout
from genretag.domain.track import Track
from genretag.tags.containers import CONTAINERS, Container, recognised
from genretag.tags.failures import translated, unwritable
from genretag.tags.model import Kind, Tag
from genretag.tags.names import JOINT, cleaned

__all__ = ["CONTAINERS", "read", "write"]


def read(path: Path) -> Track:
    """The genres of a file, from the first of its tags that has any.

    A second tag (APEv2 on an MP3, ID3 on a FLAC file) counts where the first has none,
    because players fall back on it as well.

    Raises:
        FileError: the file cannot be read, or a tag is broken.
    """
    with _opened(path) as file:
        container = recognised(file)
        if container is None:
            return Track(path, None)
        return Track(path, container.name, _genres(container, file))


def write(path: Path, genres: Sequence[str], layout: Layout = PLAIN) -> None:
    """Make `genres` the only genres of the file, in place; none takes the genre out.

    The genre goes where players look for it, into a new tag where there is none. ID3v1 and
    RIFF INFO follow where they exist. Other second tags are updated on `layout.fix_stale`,
    and always where they would decide: when the genre is taken out, or when they alone
    held it until now.

    Raises:
        FileError: the file cannot be read or written, or a tag is broken.
        RunError: the disk is full.
    """
    with _opened(path, writing=True) as file:
        container = _known(path, file)
        for kind, tag in _changes(container, file, cleaned(genres), layout):
            kind.store(file, tag)


@contextmanager
def _opened(path: Path, writing: bool = False) -> Iterator[BinaryIO]:
    with translated(path, writing), path.open("r+b" if writing else "rb") as file:
        yield file


def _known(path: Path, file: BinaryIO) -> Container:
    container = recognised(file)
    if container is None:
        raise unwritable(path, "genretag knows no place for a genre in this container")
    return container


def _genres(container: Container, file: BinaryIO) -> tuple[str, ...]:
    for kind in container.kinds:
        tag = kind.load(file)
        if tag is not None and (genres := kind.genres(tag)):
            return genres
    return ()


def _changes(
    container: Container, file: BinaryIO, names: tuple[str, ...], layout: Layout
) -> list[tuple[Kind, Tag | None]]:
    """The tags that differ once `names` are the genres, all decided before one is stored."""
    tags = {kind: kind.load(file) for kind in container.kinds}
    home = next((kind for kind in container.homes if tags[kind]), container.homes[-1])
    everywhere = layout.fix_stale or not names or tags[home] is None
    changes: list[tuple[Kind, Tag | None]] = []
    for kind, tag in tags.items():
        old = tag
        if kind is home:
            tag = tag or (kind.new(file) if names else None)
        elif not (everywhere or kind in container.mirrors) or not _has_genre(kind, tag):
            continue
        if tag is None:
            continue
        joined = kind.format in layout.joined and names
        new = kind.with_genres(tag, (JOINT.join(names),) if joined else names)
        if new != old:
            changes.append((kind, None if kind.disposable and not new.items else new))
    return changes


def _has_genre(kind: Kind, tag: Tag | None) -> bool:
    return tag is not None and any(kind.is_genre(item) for item in tag.items)
