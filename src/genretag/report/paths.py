"""Formats paths for people: relative, and shortened to the room that there is."""

import os
from collections.abc import Iterable
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from genretag.report.text import visible


def common_folder(paths: Iterable[Path]) -> Path | None:
    """Return the deepest folder that holds all of `paths`, which may be folders themselves.

    None if there is none, or only the root of a disk, where full paths are plainer.
    """
    # Unlike Path.is_dir, this is False where access is denied.
    folders = {path if os.path.isdir(path) else path.parent for path in paths}  # noqa: PTH112
    try:
        found = Path(os.path.commonpath(folders))
    except ValueError:  # none, several disks, or relative ones beside absolute ones
        return None
    return found if found.name or not found.anchor else None


def relative_path(path: Path, folder: Path | None) -> str:
    """Format `path`, relative to `folder` if it lies in there.

    >>> relative_path(Path("/music/a/b.mp3"), Path("/music"))
    'a/b.mp3'
    """
    if folder is not None and path != folder and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return visible(str(path))


def shorten(text: str, width: int, dots: str = "…") -> str:
    """Shorten a path or a name to at most `width` columns, by leaving out its middle.

    What follows the last slash, and a blank before that, stays whole as long as it fits: the name
    of a file, which may begin with a number, or that of an album.

    >>> shorten("Artist/Album/01 Title.flac", 16)
    'A…/01 Title.flac'
    >>> shorten("Some Artist / Album", 14)
    'Some… / Album'
    >>> shorten("01 Title.flac", 9)
    '01…e.flac'
    """
    if cell_len(text) <= width:
        return text
    room = max(0, width - cell_len(dots))
    last = text[len(text[: max(text.rfind(os.sep), 0)].rstrip()) :]
    if cell_len(last) > room:
        last = _end(text, room - room // 3)
    return set_cell_size(text, room - cell_len(last)).rstrip() + dots + last


def _end(text: str, width: int) -> str:
    """Return as much of the end of `text` as `width` columns hold."""
    start, room = len(text), width
    while start and (room := room - cell_len(text[start - 1])) >= 0:
        start -= 1
    return text[start:]
