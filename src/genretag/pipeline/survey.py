"""Reads the tags of a whole library without analysing its sound."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, nullcontext, suppress
from functools import lru_cache
from pathlib import Path

from genretag import tags
from genretag.domain.genre import Names
from genretag.domain.naming import Spellings, find_spellings
from genretag.domain.outcome import Outcome
from genretag.domain.tagging import TagPolicy
from genretag.domain.track import Track
from genretag.errors import FileError
from genretag.library import journal
from genretag.library.cache import Cache
from genretag.library.prefetch import Prefetch

_NO_PREDICTOR = b""

Survey = Prefetch[Spellings]
"""The spellings of a library, its one item: a thread reads the tags of all files for it."""


def start_survey(
    files: Iterable[Path | Outcome], policy: TagPolicy, cache: Path | None, data: Path
) -> Survey:
    """Start to find out how persons spell genres in `files`; what genretag wrote does not count.

    Args:
        files: as `find` yields them.
        policy: its map and its placeholders say what is no spelling.
        cache: the folder of the cache; None without one.
        data: the folder of the journal.
    """
    return Prefetch(_survey(files, policy, cache, data))


def _survey(
    files: Iterable[Path | Outcome], policy: TagPolicy, cache: Path | None, data: Path
) -> Iterator[Spellings]:
    # A database is for the thread that opened it.
    with Cache(cache) if cache else nullcontext() as opened:
        written = read_written(data)
        tracks = (one for one in read_tracks(files, opened) if one.genres)
        given = (find_given(one.path, one.genres, written) for one in tracks)
        yield find_spellings(given, policy.naming, policy.placeholders)


def read_written(data: Path) -> Mapping[Path, Names]:
    """Return what genretag wrote into files, by their real paths, from the journal in a folder."""
    if not (data / journal.FILE).exists():
        return {}
    with closing(journal.Journal(data)) as record:
        origins = record.origins()
    return {path: origin.written for path, origin in origins.items() if origin.written}


def find_given(path: Path, genres: Names, written: Mapping[Path, Names]) -> Names:
    """Return those genres of a file that a person gave it, and not genretag.

    Args:
        path: the file.
        genres: all that it has.
        written: as `read_written` returns it.
    """
    if not written:
        return genres
    real = path.resolve() if path.is_symlink() else _resolve(path.parent) / path.name
    own = written.get(real, ())
    return tuple(name for name in genres if name not in own)


@lru_cache(maxsize=64)
def _resolve(folder: Path) -> Path:
    return folder.resolve()


def read_tracks(files: Iterable[Path | Outcome], cache: Cache | None) -> Iterator[Track]:
    """Yield the track of each file that tags say is music, in their order.

    Files that cannot be read, and those that genretag cannot tag, are left out.

    Args:
        files: as `find` yields them.
        cache: knows files that nobody has touched, which are not opened; of this very thread.
    """
    for file in files:
        if not isinstance(file, Outcome):
            track = recall_track(file, cache) or _read(file)
            if track and track.container:
                yield track


def recall_track(path: Path, cache: Cache | None) -> Track | None:
    """Return what the cache knows of a file's tags; None if somebody has written to it since."""
    known = cache.recall(path, _NO_PREDICTOR) if cache else None
    return known.track if known else None


def _read(path: Path) -> Track | None:
    with suppress(FileError), tags.open(path) as file:
        return file.track
    return None
