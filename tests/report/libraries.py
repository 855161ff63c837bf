"""Libraries as `report` shows them, as large and as hostile as need be."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from genretag.domain.library import Library, LibraryEntry
from genretag.domain.outcome import Failed, Outcome, Unchanged, Unsure
from genretag.domain.placeholder import parse_placeholders
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.timeline import Timeline
from genretag.domain.window import Excerpt
from genretag.errors import Code, FileError

GENRES = ("Blues", "Classical", "Electronic", "Hip-Hop", "Jazz", "Metal", "Pop", "Rock", "Spoken")
HOSTILE = (
    '<script>document.title="owned"</script>',
    '"><img src=x onerror="document.title=`owned`">',
    '</script><script>document.title="owned"</script>',
    "<!--<script>",
    "${document.title='owned'} {{7*7}}",
    "‮gnp.exe\u2028\x1b[31m",
)
THRESHOLD = 0.8


def prediction(scores: np.ndarray, windows: int = 4) -> Prediction:
    return Prediction(rank_genres(GENRES, scores), windows, 200.0, "toy@0123456789ab")


def entry(path: Path, scores: np.ndarray | None, title: str, *before: str) -> LibraryEntry:
    if scores is None:
        error = FileError(Code.NOT_AUDIO, f"{path}: nothing in <b>it</b>", "Look at it.")
        return LibraryEntry(Failed(path=path, error=error), title, "", (), (), (), False)
    if not scores.any():
        silent = Prediction((), 0, 9.0, "toy@0123456789ab")
        return LibraryEntry(Unsure(path=path, prediction=silent), title, "", (), (), (), False)
    heard = prediction(scores)
    best = heard.genres[0]
    is_sure = best.score >= THRESHOLD
    outcome: Outcome = Unchanged(path=path, before=before, after=before, prediction=heard)
    after = before or ((best.name,) if is_sure else ())
    return LibraryEntry(outcome, title, f"Artist of {title}", before, (best.name,), after, is_sure)


def library(size: int, seed: int = 0) -> Library:
    """Every 50th file fails, every 51st is silent, a third has genres; the first are hostile."""
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.full(len(GENRES), 0.15), size=size)
    root = Path("/music/<i>")
    entries = []
    for n in range(size):
        title = HOSTILE[n] if n < len(HOSTILE) else f"Song {n}"
        path = root / f"album {n // 10}" / f"{n:05} {title.replace('/', '_')}.flac"
        before = (str(rng.choice(GENRES)),) if n % 3 == 0 else ()
        before = (HOSTILE[n],) if n < len(HOSTILE) else before
        row = None if n % 50 == 49 else np.zeros(len(GENRES)) if n % 51 == 50 else scores[n]
        entries.append(entry(path, row, title, *before))
    places = rng.uniform(-1, 1, (size, 2))
    places[[n for n, one in enumerate(entries) if one.best is None]] = np.nan
    timelines = tuple(
        (n, timeline(scores[n])) for n in range(min(size, 12)) if entries[n].best is not None
    )
    made = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
    return Library(
        (root,), made, "toy@0123456789ab", GENRES, parse_placeholders(), "fill", THRESHOLD,
        tuple(entries), 7, places, timelines,
    )  # fmt: skip


def timeline(scores: np.ndarray) -> Timeline:
    windows = np.tile(scores.astype(np.float32), (4, 1))
    excerpts = tuple(Excerpt(30.0 * n, 3.0) for n in range(4))
    none = np.zeros((4, 0), np.float32)
    return Timeline(GENRES, excerpts, (), windows, none, none, prediction(scores))
