"""Genres in the tags of music files: reading, writing, and putting them back.

`open` returns a `TaggedFile`, which answers everything about one file from one open file:

    with tags.open(path) as file:
        file.container, file.genres, file.track, file.titles()
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
from genretag.domain.stored_tags import StoredTag
from genretag.domain.track import Track
from genretag.tags.containers import CONTAINERS
from genretag.tags.formats.names import clean_names, parse_genres
from genretag.tags.snapshot import RawGenres
from genretag.tags.tag_set import StaleTag
from genretag.tags.tagged_file import OtherFields, TaggedFile
from genretag.tags.titles import Titles

__all__ = [
    "CONTAINERS",
    "OtherFields",
    "RawGenres",
    "StaleTag",
    "TaggedFile",
    "Titles",
    "can_store",
    "costs",
    "open",
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


def open(path: Path, writing: bool = False) -> TaggedFile:  # noqa: A001 - read as `tags.open`
    """Open a music file, and find out by its content which container it is."""
    return TaggedFile(path, writing)


def read(path: Path) -> Track:
    """Return the container and the genres of a file."""
    with open(path) as file:
        return file.track


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


# What follows is here until all callers use `open`.


def stored(path: Path) -> tuple[StoredTag, ...]:
    """Call `TaggedFile.stored_tags`."""
    with open(path) as file:
        return file.stored_tags()


def stale(
    path: Path, after: Sequence[str] | None = None, layout: Layout = PLAIN
) -> tuple[StaleTag, ...]:
    """Call `TaggedFile.stale_tags`."""
    with open(path) as file:
        return file.stale_tags(after, layout)


def costs(path: Path, genres: Sequence[str], layout: Layout = PLAIN) -> tuple[str, ...]:
    """Call `TaggedFile.write_costs`."""
    with open(path) as file:
        return file.write_costs(genres, layout)


def others(path: Path, genres: Sequence[str] = (), layout: Layout = PLAIN) -> OtherFields:
    """Call `TaggedFile.other_fields_after_write`."""
    with open(path) as file:
        return file.other_fields_after_write(genres, layout)


def others_restored(path: Path, genres: RawGenres, written: RawGenres | None = None) -> OtherFields:
    """Call `TaggedFile.other_fields_after_restore`."""
    with open(path) as file:
        return file.other_fields_after_restore(genres, written)


def sound(path: Path) -> tuple[int, int] | None:
    """Call `TaggedFile.audio_span`."""
    with open(path) as file:
        return file.audio_span


def raw(path: Path, layout: Layout = PLAIN) -> RawGenres:
    """Call `TaggedFile.raw_genres`."""
    with open(path) as file:
        return file.raw_genres(layout)


def restore(path: Path, genres: RawGenres, written: RawGenres | None = None) -> None:
    """Call `TaggedFile.restore`."""
    with open(path, writing=True) as file:
        file.restore(genres, written)
