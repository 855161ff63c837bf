"""One self-contained page about a library: no network, no other file, nothing that files can do."""

import base64
import hashlib
import json
from collections import Counter
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from genretag.domain.genre import folded
from genretag.domain.library import Entry, Library
from genretag.domain.placeholder import real
from genretag.domain.timeline import Timeline
from genretag.report.text import clock, visible

_NONE = "no genre"
_MOST_GENRES = 30
_TIMELINE_GENRES = 4
_MOST_WINDOWS = 10
_MOST_ROOTS = 5
_LONGEST = 200  # characters of a text from a tag, which may be as long as a book
# What could end the script element that holds the data, or a line of it, is spelled out.
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def page(library: Library) -> str:
    """The page as HTML text.

    All that comes from files is in a JSON text that no browser takes for HTML, and a script turns
    it into text alone. The Content-Security-Policy lets nothing run or load but that script and
    the style sheet, by their digests.
    """
    style, script = _part("page.css"), _part("page.js")
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_part("page.html")).substitute(
        policy=policy, style=style, script=script, data=as_json(library)
    )


def as_json(library: Library) -> str:
    """All that the page shows, in JSON without a character that means something in HTML."""
    text = json.dumps(as_object(library), ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPED)


def as_object(library: Library) -> dict[str, Any]:
    """Rows as columns; scores in thousandths, genres by their place, lists of genres by number."""
    names: dict[str, int] = {"": 0}
    columns = [_row(library, n, names) for n in range(len(library.entries))]
    keys = ("path", "title", "artist", "status", "before", "after", "best", "score", "next",
            "nextScore", "x", "y", "clash")  # fmt: skip
    return {
        "about": {
            "roots": _roots(library),
            "made": f"{library.made:%Y-%m-%d %H:%M}",
            "model": visible(library.model),
            "mode": library.mode,
            "threshold": library.threshold,
            "skipped": library.skipped,
        },
        "genres": [visible(name) for name in library.genres],
        "rows": {key: [row[place] for row in columns] for place, key in enumerate(keys)},
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
        "timelines": [_timeline(n, found) for n, found in library.timelines],
    }


def _row(library: Library, n: int, names: dict[str, int]) -> list[Any]:
    entry = library.entries[n]
    heard = entry.outcome.prediction
    best = [*(heard.genres[:2] if heard else ()), None, None][:2]
    scored = [
        value
        for genre in best
        for value in (
            (library.genres.index(genre.name), _thousandths(genre.score)) if genre else (-1, 0)
        )
    ]
    at = library.places[n]
    placed = [None, None] if np.isnan(at).any() else [round(1000 * float(value)) for value in at]
    return [
        _relative(library, entry),
        _shortened(entry.title),
        _shortened(entry.artist),
        _status(entry),
        *(
            names.setdefault(_joined(some), len(names))
            for some in (entry.outcome.before, entry.after)
        ),
        *scored,
        *placed,
        int(entry.disagrees),
    ]


def _thousandths(score: float) -> int:
    """Rounded down: what is below the threshold may not come to lie on it."""
    return int(1000 * score + 1e-6)


def _roots(library: Library) -> list[str]:
    roots = [visible(str(root.absolute())) for root in library.roots]
    more = len(roots) - _MOST_ROOTS
    return [*roots[:_MOST_ROOTS], f"{more} more"] if more > 0 else roots


def _status(entry: Entry) -> str:
    if entry.outcome.error:
        return "failed"
    if entry.best is None:
        return "silent"
    return "sure" if entry.is_sure else "unsure"


def _relative(library: Library, entry: Entry) -> str:
    path = entry.outcome.path
    root = next(
        (root for root in library.roots if path != root and path.is_relative_to(root)), None
    )
    if root and len(library.roots) > 1:  # which of them it is under is worth knowing
        root = root.parent
    return visible(str(path.relative_to(root) if root else path))


def _without_path(entry: Entry) -> str:
    error = entry.outcome.error
    return error.message.removeprefix(f"{entry.outcome.path}: ") if error else ""


def _joined(genres: tuple[str, ...]) -> str:
    return _shortened("; ".join(genres))


def _shortened(text: str) -> str:
    return visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _distribution(library: Library) -> list[tuple[str, int, int]]:
    """Genres and how many files have them before and after, the commonest first, then the rest.

    What genres a file has that failed, nobody knows; placeholders are none.
    """
    entries = [entry for entry in library.entries if not entry.outcome.error]
    spelled: dict[str, str] = {}  # as most files write it
    spellings = Counter(name for entry in entries for name in entry.genres)
    for name, _ in spellings.most_common():
        spelled.setdefault(folded(name), name)

    def counted(genres: tuple[str, ...]) -> set[str]:
        return {spelled.setdefault(folded(name), name) for name in genres} or {_NONE}

    before = Counter(name for entry in entries for name in counted(entry.genres))
    after = Counter(
        name for entry in entries for name in counted(real(entry.after, library.placeholders))
    )
    order = sorted(before | after, key=lambda name: (-max(before[name], after[name]), name))
    shown, rest = order[:_MOST_GENRES], order[_MOST_GENRES:]
    rows = [(_shortened(name), before[name], after[name]) for name in shown]
    if rest:
        others = (sum(counts[name] for name in rest) for counts in (before, after))
        rows.append((f"{len(rest)} others", *others))  # type: ignore[arg-type]
    return rows


def _timeline(row: int, found: Timeline) -> dict[str, Any]:
    """The likeliest genres of a track; of many windows, several make one column."""
    parts = np.array_split(np.arange(len(found.excerpts)), min(_MOST_WINDOWS, len(found.excerpts)))
    best = found.prediction.genres[:_TIMELINE_GENRES]
    columns = [found.genres.index(genre.name) for genre in best]
    scores = np.stack([found.scores[part].mean(axis=0) for part in parts])[:, columns]
    return {
        "row": row,
        "starts": [clock(found.excerpts[part[0]].start_s) for part in parts],
        "genres": [visible(genre.name) for genre in best],
        "scores": np.rint(1000 * scores.T).astype(int).tolist(),
    }


@cache
def _part(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
