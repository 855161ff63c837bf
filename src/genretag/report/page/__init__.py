"""Renders a self-contained HTML page about a library, which needs no network and no other file."""

import base64
import hashlib
import json
from collections import Counter
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from genretag.domain.genre import fold_name
from genretag.domain.library import Library, LibraryEntry, LibraryUnit
from genretag.domain.placeholder import drop_placeholders
from genretag.domain.prediction import ScoredGenre
from genretag.domain.timeline import Timeline
from genretag.report.text import format_time, visible

_SCRIPTS = (
    "page.js", "sections.js", "map.js", "listing.js", "tracks.js", "units.js", "start.js",
)  # fmt: skip
_NONE = "no genre"
_MOST_GENRES = 30
_TIMELINE_GENRES = 4
_MOST_WINDOWS = 10
_MOST_ROOTS = 5
_LONGEST = 200  # characters of a text from a tag, which may be as long as a book
# What could end the script element that holds the data, or a line of it, is spelled out.
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def render_page(library: Library) -> str:
    """Render the page.

    All that comes from files is in a JSON text that no browser takes for HTML, and a script shows
    it as text only. The Content-Security-Policy allows nothing but that script and the style
    sheet, by their digests.
    """
    style, script = _read("page.css"), "".join(map(_read, _SCRIPTS))
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_read("page.html")).substitute(
        policy=policy, style=style, script=script, data=to_json(library)
    )


def to_json(library: Library) -> str:
    """Convert a library to JSON without characters that mean something in HTML."""
    text = json.dumps(to_dict(library), ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPED)


def to_dict(library: Library) -> dict[str, Any]:
    """Convert a library: columns of rows, scores in thousandths, genres by their index."""
    names: dict[str, int] = {"": 0}
    genres = {name: place for place, name in enumerate(library.genres)}
    rows = [_row(library, n, names, genres) for n in range(len(library.entries))]
    keys = ("path", "title", "artist", "status", "before", "after", "source", "best", "score",
            "next", "nextScore", "own", "ownScore", "x", "y", "clash")  # fmt: skip
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
        },
        "rows": _columns(keys, rows),
        "units": {
            "album": _units(library.albums, genres),
            "artist": _units(library.artists, genres),
        },
        "genres": [visible(name) for name in genres],  # those of tags among them
        "names": list(names),
        "distribution": _distribution(library),
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
        "timelines": [_timeline(n, timeline) for n, timeline in library.timelines],
    }


def _columns(keys: tuple[str, ...], rows: list[list[Any]]) -> dict[str, list[Any]]:
    return {key: [row[n] for row in rows] for n, key in enumerate(keys)}


def _row(library: Library, n: int, names: dict[str, int], genres: dict[str, int]) -> list[Any]:
    entry = library.entries[n]
    prediction = entry.outcome.prediction
    point = library.points[n]
    x_y = [None, None] if np.isnan(point).any() else [round(1000 * float(v)) for v in point]
    texts = (_join(entry.outcome.before), _join(entry.after), entry.source or "")
    return [
        _relative(library, entry),
        _cut(entry.title),
        _cut(entry.artist),
        _status(entry),
        *(names.setdefault(text, len(names)) for text in texts),
        *_two_best(entry.best, prediction.genres if prediction else (), genres),
        *_scored(entry.own_best, genres),
        *x_y,
        int(entry.disagrees),
    ]


def _units(units: tuple[LibraryUnit, ...], genres: dict[str, int]) -> dict[str, list[Any]]:
    keys = ("name", "kind", "members", "reasons", "contradicts", "best", "score", "next",
            "nextScore", "sound", "soundScore")  # fmt: skip
    rows = [
        [
            _cut(unit.name),
            unit.kind,
            unit.members,
            unit.reasons,
            int(unit.is_contradictory),
            *_two_best(unit.best, unit.genres, genres),
            *_scored(unit.sound, genres),
        ]
        for unit in units
    ]
    return _columns(keys, rows)


def _two_best(
    best: ScoredGenre | None, scored: tuple[ScoredGenre, ...], genres: dict[str, int]
) -> list[int]:
    """Return the best genre, or the family that is it, and the second genre; none for a family."""
    second = scored[1] if len(scored) > 1 and best == scored[0] else None
    return [*_scored(best, genres), *_scored(second, genres)]


def _scored(scored: ScoredGenre | None, genres: dict[str, int]) -> tuple[int, int]:
    """Return the index of a genre and its score; a genre that only tags know gets an index."""
    if scored is None:
        return -1, 0
    return genres.setdefault(scored.name, len(genres)), _thousandths(scored.score)


def _thousandths(score: float) -> int:
    """Round down, so that a score below the threshold does not reach it."""
    return int(1000 * score + 1e-6)


def _roots(library: Library) -> list[str]:
    roots = [visible(str(root.absolute())) for root in library.roots]
    more = len(roots) - _MOST_ROOTS
    return [*roots[:_MOST_ROOTS], f"{more} more"] if more > 0 else roots


def _status(entry: LibraryEntry) -> str:
    if entry.outcome.error:
        return "failed"
    if entry.best is None:
        return "silent"
    return "sure" if entry.is_sure else "unsure"


def _relative(library: Library, entry: LibraryEntry) -> str:
    path = entry.outcome.path
    root = next(
        (root for root in library.roots if path != root and path.is_relative_to(root)), None
    )
    if root and len(library.roots) > 1:  # show which of them it is in
        root = root.parent
    return visible(str(path.relative_to(root) if root else path))


def _without_path(entry: LibraryEntry) -> str:
    error = entry.outcome.error
    return error.message.removeprefix(f"{entry.outcome.path}: ") if error else ""


def _join(genres: tuple[str, ...]) -> str:
    return _cut("; ".join(genres))


def _cut(text: str) -> str:
    return visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _distribution(library: Library) -> list[tuple[str, int, int]]:
    """Count files by genre before and after, the commonest first, then the rest.

    Failed files are left out, their genres are not known; placeholders are no genres.
    """
    entries = [entry for entry in library.entries if not entry.outcome.error]
    spelled: dict[str, str] = {}  # as most files write it
    spellings = Counter(name for entry in entries for name in entry.genres)
    for name, _ in spellings.most_common():
        spelled.setdefault(fold_name(name), name)

    def counted(genres: tuple[str, ...]) -> set[str]:
        return {spelled.setdefault(fold_name(name), name) for name in genres} or {_NONE}

    before = Counter(name for entry in entries for name in counted(entry.genres))
    after = Counter(
        name
        for entry in entries
        for name in counted(drop_placeholders(entry.after, library.placeholders))
    )
    order = sorted(before | after, key=lambda name: (-max(before[name], after[name]), name))
    shown, rest = order[:_MOST_GENRES], order[_MOST_GENRES:]
    rows = [(_cut(name), before[name], after[name]) for name in shown]
    if rest:
        others = (sum(counts[name] for name in rest) for counts in (before, after))
        rows.append((f"{len(rest)} others", *others))  # type: ignore[arg-type]
    return rows


def _timeline(row: int, timeline: Timeline) -> dict[str, Any]:
    """Convert a timeline: the best genres; of many windows, several become one column."""
    parts = np.array_split(
        np.arange(len(timeline.excerpts)), min(_MOST_WINDOWS, len(timeline.excerpts))
    )
    best = timeline.prediction.genres[:_TIMELINE_GENRES]
    columns = [timeline.genres.index(genre.name) for genre in best]
    scores = np.stack([timeline.scores[part].mean(axis=0) for part in parts])[:, columns]
    return {
        "row": row,
        "starts": [format_time(timeline.excerpts[part[0]].start_s) for part in parts],
        "genres": [visible(genre.name) for genre in best],
        "scores": np.rint(1000 * scores.T).astype(int).tolist(),
    }


@cache
def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
