"""Genres in the tags of music files: reading, writing, and putting them back.

`open` returns a `TaggedFile`, which answers everything about one file from one open file:

    with tags.open(path) as file:
        file.container, file.genres, file.track, file.values(places)
        file.stored_tags(), file.stale_tags(values, layout), file.write_costs(values, layout)
        file.audio_span, file.raw_genres(layout, places), file.other_fields(places)
        wanted = file.other_fields_after_write(values, layout)  # or _after_restore(raw, written)
    with tags.open(copy, writing=True) as file:
        file.write(values, layout)  # or restore(raw, written)
        assert (file.values(places), file.other_fields(places)) == (values, wanted)

`values` are genres by their places: the field for genres, and others as in `domain.places`.
`read` and `write` do one thing to one file. Whatever is written at no place stays byte for byte as
it is.
Files are written in place: callers give a copy, verify it, and swap it for the original.

All raise FileError if the file cannot be read or a tag is broken; those that write also raise
RunError if the disk is full.
"""

from collections.abc import Sequence
from pathlib import Path

from genretag.domain.layout import PLAIN, Layout
from genretag.domain.places import GENRE, Values
from genretag.domain.track import Track
from genretag.errors import Code, FileError
from genretag.tags.containers import CONTAINERS
from genretag.tags.formats.names import clean_names, parse_genres, split_names
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
        file.write({GENRE: tuple(genres)}, layout)


def can_store(values: Values) -> bool:
    """Return whether genres are read as they are written: each once, and none refers to another.

    >>> can_store({GENRE: ("Rock", "Pop")}), can_store({GENRE: ("Rock; Pop",)})
    (True, False)
    >>> can_store({GENRE: ("(17)",)}), can_store({"style": ("(17)",)})
    (False, True)
    """
    return all(
        (parse_genres if place == GENRE else split_names)(clean_names(names)) == tuple(names)
        for place, names in values.items()
    )
