"""Converts a library to what the page's script draws: columns of rows, and indices of names."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genretag.domain.decision import parse_genres
from genretag.domain.library import Library, LibraryEntry, LibraryUnit
from genretag.domain.naming import LONGEST_NAME
from genretag.domain.placeholder import parse_placeholders
from genretag.domain.prediction import ScoredGenre
from genretag.report.page.distribution import count_genres
from genretag.report.page.text import cut, to_thousandths
from genretag.report.page.timelines import convert_timeline
from genretag.report.text import visible
from genretag.report.wording import CALIBRATE, note_uncalibrated

_GUESSES = 3
_MOST_ROOTS = 5
_LONGEST_EXACT = 2000  # characters of genres that are kept as they stand in a file
_SILENT, _NOT_ANALYSED = -1, -2  # in the place of the index of the best genre


def to_dict(library: Library) -> dict[str, Any]:
    """Convert a library: columns of rows, scores in thousandths, genres by their index."""
    names: dict[str, int] = {"": 0}
    genres = {name: place for place, name in enumerate(library.genres)}
    paths = _Paths(library)
    rows = [_row(library, n, names, genres) for n in range(len(library.entries))]
    keys = ("title", "artist", "status", "before", "after", "source",
            *_name_guesses(), "own", "ownScore", "x", "y", "clash")  # fmt: skip
    distribution = count_genres(library)
    units = {"album": _units(library.albums, genres), "artist": _units(library.artists, genres)}
    return {
        "about": {
            "roots": _roots(library),
            "made": f"{library.made:%Y-%m-%d %H:%M}",
            "model": visible(library.model),
            "mode": library.mode,
            "by": library.by,
            "threshold": library.threshold,
            "unitThreshold": library.unit_threshold,
            "skipped": library.skipped,
            "uncalibrated": _note(library),
        },
        "rows": paths.columns | _columns(keys, rows),
        "folders": paths.folders,
        "separator": os.sep,
        "exactPaths": paths.exact,
        "units": units,
        "genres": [visible(name) for name in genres],  # those of tags among them
        "written": {
            genres[name]: "; ".join(new) for name, new in library.written.items() if name in genres
        },
        "choices": _choices(library),
        "placeholders": sorted(parse_placeholders()),
        "longestName": LONGEST_NAME,
        "names": list(map(cut, names)),
        "exactNames": {
            place: name
            for name, place in names.items()
            if len(name) <= _LONGEST_EXACT and cut(name) != name
        },
        "distribution": distribution,
        "failures": [
            {
                "row": n,
                "code": str(entry.outcome.error.code),
                "message": visible(_without_path(entry)),
                "hint": visible(entry.outcome.error.hint),
            }
            for n, entry in enumerate(library.entries)
            if entry.outcome.error
        ],
        "timelines": [convert_timeline(n, timeline) for n, timeline in library.timelines],
    }


class _Paths:
    """The paths of all files, to be shown and to be found again.

    A path is a folder, the separator and what is shown of the file; what that would not find is
    kept as it is.

    Attributes:
        columns: what is shown of each file, and where there are several folders, which it is in.
        folders: as absolute paths.
        exact: absolute paths by their rows.
    """

    def __init__(self, library: Library) -> None:
        self.folders: list[str] = []
        self.exact: dict[int, str] = {}
        shown: list[str] = []
        places: list[int] = []
        for n, entry in enumerate(library.entries):
            path = entry.outcome.path
            folder, rest = _split(path, library.roots)
            if folder not in self.folders:
                self.folders.append(folder)
            places.append(self.folders.index(folder))
            shown.append(visible(rest))
            absolute = str(path.absolute())
            if os.path.join(folder, shown[n]) != absolute:  # noqa: PTH118 - texts, not paths
                self.exact[n] = absolute
        self.columns: dict[str, list[Any]] = {"path": shown}
        if len(self.folders) > 1:
            self.columns["folder"] = places


def _split(path: Path, roots: Sequence[Path]) -> tuple[str, str]:
    """Return the absolute folder that paths are shown relative to, and the rest of the path."""
    root = next((root for root in roots if path != root and path.is_relative_to(root)), None)
    if root is None:
        return "", str(path)
    if len(roots) > 1:  # show which of them it is in
        root = root.parent
    return str(root.absolute()), str(path.relative_to(root))


def _columns(keys: tuple[str, ...], rows: list[list[Any]]) -> dict[str, list[Any]]:
    return {key: [row[n] for row in rows] for n, key in enumerate(keys)}


def _row(library: Library, n: int, names: dict[str, int], genres: dict[str, int]) -> list[Any]:
    entry = library.entries[n]
    outcome, prediction = entry.outcome, entry.outcome.prediction
    point = library.points[n]
    x_y = [None, None] if np.isnan(point).any() else [round(1000 * float(v)) for v in point]
    source = "you" if entry.is_decided else entry.source or ""
    texts = (outcome.status, "; ".join(outcome.before), "; ".join(entry.after), source)
    scored = prediction.genres if prediction else ()
    missing = _SILENT if prediction else _NOT_ANALYSED
    return [
        cut(entry.title),
        cut(entry.artist),
        *(names.setdefault(text, len(names)) for text in texts),
        *_guesses(entry.best, scored, genres, missing),
        *_scored(entry.own_best, genres, missing),
        *x_y,
        int(entry.disagrees),
    ]


def _units(units: tuple[LibraryUnit, ...], genres: dict[str, int]) -> dict[str, list[Any]]:
    keys = ("name", "kind", "members", "settled", "reasons", "contradicts", *_name_guesses(),
            "sound", "soundScore")  # fmt: skip
    rows = [
        [
            cut(unit.name),
            unit.kind,
            unit.members,
            # Mostly all or none.
            1 if unit.settled == unit.members else unit.settled or 0,
            unit.reasons,
            int(unit.is_contradictory),
            *_guesses(unit.best, unit.genres, genres),
            *_scored(unit.sound, genres),
        ]
        for unit in units
    ]
    return _columns(keys, rows)


def _name_guesses() -> Iterable[str]:
    return "best", "score", "next", "nextScore", "third", "thirdScore"


def _guesses(
    best: ScoredGenre | None,
    scored: tuple[ScoredGenre, ...],
    genres: dict[str, int],
    missing: int = _SILENT,
) -> list[int]:
    """Return the likeliest genres with their scores; a family that is sure goes before genres."""
    found = scored if best is None or best in scored[:1] else (best, *scored)
    three = (*found[:_GUESSES], *[None] * _GUESSES)[:_GUESSES]
    return [value for one in three for value in _scored(one, genres, missing)]


def _scored(
    scored: ScoredGenre | None, genres: dict[str, int], missing: int = _SILENT
) -> tuple[int, int]:
    """Return the index of a genre and its score; a genre that only tags know gets an index."""
    if scored is None:
        return missing, 0
    return genres.setdefault(scored.name, len(genres)), to_thousandths(scored.score)


def _choices(library: Library) -> list[str]:
    """Return the names that a person may want to give: the model's, and those of the library."""
    known = [name for genre in library.genres for name in library.written.get(genre, (genre,))]
    used = (name for entry in library.entries for name in entry.genres)
    return sorted(filter(_is_choice, dict.fromkeys((*known, *used))), key=str.casefold)


def _is_choice(name: str) -> bool:
    try:
        return parse_genres(name) == (name,)
    except ValueError:
        return False


def _note(library: Library) -> str:
    """Return that scores are not calibrated; nothing where they are."""
    return "" if library.is_calibrated else f"{note_uncalibrated(library.model)} {CALIBRATE}"


def _roots(library: Library) -> list[str]:
    roots = [visible(str(root.absolute())) for root in library.roots]
    more = len(roots) - _MOST_ROOTS
    return [*roots[:_MOST_ROOTS], f"{more} more"] if more > 0 else roots


def _without_path(entry: LibraryEntry) -> str:
    error = entry.outcome.error
    return error.message.removeprefix(f"{entry.outcome.path}: ") if error else ""
