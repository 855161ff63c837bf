"""Genres in the tags of music files: reading, writing, and putting them back.

`open` returns a `TaggedFile`, which answers everything about one file from one open file:

    with tags.open(path) as file:
        file.container, file.genres, file.track
        file.stored_tags(), file.stale_tags(after, layout), file.write_costs(genres, layout)
        file.audio_span, file.raw_genres(layout), file.other_fields()
        wanted = file.other_fields_after_write(genres, layout)  # or _after_restore(raw, written)
    with tags.open(copy, writing=True) as file:
        file.write(genres, layout)  # or restore(raw, written)
        assert (file.genres, file.other_fields()) == (genres, wanted)

`read` and `write` do one thing to one file. Whatever is not a genre stays byte for byte as it is.
Files are written in place: callers give a copy, verify it, and swap it for the original.

All raise FileError if the file cannot be read or a tag is broken; those that write also raise
RunError if the disk is full.
"""

from collections.abc import Sequence
from pathlib import Path

from genretag.domain.layout import PLAIN, Layout
from genretag.domain.track import Track
from genretag.errors import Code, FileError
from genretag.tags.containers import CONTAINERS
from genretag.tags.formats.names import clean_names, parse_genres
from genretag.tags.snapshot import RawGenres
from genretag.tags.tag_set import StaleTag
from genretag.tags.tagged_file import OtherFields, TaggedFile

__all__ = [
    "CONTAINERS",
    "OtherFields",
    "RawGenres",
    "StaleTag",
    "TaggedFile",
    "can_store",
    "open",
    "read",
    "read_known",
    "write",
]


def open(path: Path, writing: bool = False) -> TaggedFile:  # noqa: A001 - read as `tags.open`
    """Open a music file, and find out by its content which container it is."""
    return TaggedFile(path, writing)


def read(path: Path) -> Track:
    """Return the container, the genres and the texts of a file."""
    with open(path) as file:
        return file.track


def read_known(path: Path) -> Track:
    """Return what `read` does; FileError `tags-unreadable` where genretag cannot tag the file."""
    track = read(path)
    if track.container is None:
        raise FileError(
            Code.TAGS_UNREADABLE,
            f"{path}: genretag cannot read tags in this kind of file",
            f"It knows {', '.join(CONTAINERS)}.",
        )
    return track


def write(path: Path, genres: Sequence[str], layout: Layout = PLAIN) -> None:
    """Make `genres` the only genres of a file, in place; none takes the genre out."""
    with open(path, writing=True) as file:
        file.write(genres, layout)


def can_store(genres: Sequence[str]) -> bool:
    """Return whether `genres` are read as they are written: each once, and none refers to another.

    >>> can_store(["Rock", "Pop"]), can_store(["Rock; Pop"]), can_store(["(17)"])
    (True, False, False)
    """
    return parse_genres(clean_names(genres)) == tuple(genres)
