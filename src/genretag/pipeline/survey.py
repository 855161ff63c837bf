"""Reads the tags of a whole library without analysing its sound."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from genretag import tags
from genretag.domain.outcome import Outcome
from genretag.domain.track import Track
from genretag.errors import FileError
from genretag.library.cache import Cache

_NO_PREDICTOR = b""


def read_tracks(files: Iterable[Path | Outcome], cache: Cache | None) -> Iterator[Track]:
    """Yield the track of each file that tags say is music, in their order.

    Files that cannot be read, and those that genretag cannot tag, are left out.

    Args:
        files: as `find` yields them.
        cache: knows files that nobody has touched, which are not opened; of this very thread.
    """
    for file in files:
        if not isinstance(file, Outcome):
            track = _recall(file, cache) or _read(file)
            if track and track.container:
                yield track


def _recall(path: Path, cache: Cache | None) -> Track | None:
    known = cache.recall(path, _NO_PREDICTOR) if cache else None
    return known.track if known else None


def _read(path: Path) -> Track | None:
    with suppress(FileError), tags.open(path) as file:
        return file.track
    return None
