"""Reads the genres of a library, and compares them with a taxonomy; no sound is decoded."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from genretag import tags
from genretag.domain.name_check import NameCheck, check_names
from genretag.domain.naming import Naming, find_spellings
from genretag.domain.outcome import Failed, Outcome, Unchanged
from genretag.domain.selection import Selection
from genretag.errors import FileError
from genretag.library import interrupt
from genretag.library.cache import Cache
from genretag.pipeline.read import read
from genretag.pipeline.survey import find_given, recall_track


def read_genres(files: Iterable[Path | Outcome], cache: Cache) -> Iterator[Outcome]:
    """Yield an outcome for each file, with its genres; `Unchanged` where it can hold any.

    Args:
        files: as `find` yields them.
        cache: knows files that nobody has touched, which are not opened.
    """
    for file in files:
        interrupt.check()
        yield file if isinstance(file, Outcome) else _read(file, cache)


def _read(path: Path, cache: Cache) -> Outcome:
    track = recall_track(path, cache)
    if track is None:
        try:
            with tags.open(path) as file:
                track = read(file)
        except FileError as error:
            return Failed(path=path, error=error)
    same = Unchanged(path=path, before=track.genres, after=track.genres)
    return Selection().exclude(track) or same


def check_library(
    outcomes: Iterable[Outcome],
    naming: Naming,
    placeholders: frozenset[str],
    known: Iterable[str],
    written: Mapping[Path, tuple[str, ...]],
) -> NameCheck:
    """Compare the genres of a library with the taxonomy of `naming`.

    Args:
        outcomes: as `read_genres` yields them.
        naming: as yet without the spellings of the library.
        placeholders: folded names that count as no genre.
        known: the names of a model.
        written: what genretag wrote, which is nobody's spelling.
    """
    files = [(one.path, one.before) for one in outcomes if isinstance(one, Unchanged)]
    given = (find_given(path, genres, written) for path, genres in files)
    spelled = naming.with_spellings(find_spellings(given, naming, placeholders))
    return check_names(files, spelled, placeholders, known)
