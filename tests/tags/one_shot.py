"""Questions about the tags of one file, each with an open file of its own."""

from collections.abc import Sequence
from pathlib import Path

from genretag import tags
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.places import GENRE
from genretag.domain.stored_tags import StoredTag


def raw_genres(path: Path, layout: Layout = PLAIN) -> tags.RawGenres:
    """Return what an undo puts back."""
    with tags.open(path) as file:
        return file.raw_genres(layout)


def other_fields(path: Path) -> tags.OtherFields:
    """Return all but the genre."""
    with tags.open(path) as file:
        return file.other_fields()


def fields_after_write(
    path: Path, genres: Sequence[str], layout: Layout = PLAIN
) -> tags.OtherFields:
    """Return what `other_fields` must be after a write."""
    with tags.open(path) as file:
        return file.other_fields_after_write({GENRE: tuple(genres)}, layout)


def stored_tags(path: Path) -> tuple[StoredTag, ...]:
    """Return all tags and the genres in them."""
    with tags.open(path) as file:
        return file.stored_tags()


def stale_tags(
    path: Path, after: Sequence[str] | None = None, layout: Layout = PLAIN
) -> tuple[tags.StaleTag, ...]:
    """Return the second tags that show another genre, now or with `after`."""
    with tags.open(path) as file:
        return file.stale_tags(None if after is None else {GENRE: tuple(after)}, layout)


def write_costs(path: Path, genres: Sequence[str], layout: Layout = PLAIN) -> tuple[str, ...]:
    """Return what a write changes beside the genre."""
    with tags.open(path) as file:
        return file.write_costs({GENRE: tuple(genres)}, layout)


def audio_span(path: Path) -> tuple[int, int] | None:
    """Return where the file is audio alone."""
    with tags.open(path) as file:
        return file.audio_span


def restore(path: Path, raw: tags.RawGenres, written: tags.RawGenres | None = None) -> None:
    """Put genres back."""
    with tags.open(path, writing=True) as file:
        file.restore(raw, written)
