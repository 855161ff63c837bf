"""The content of a report about a library: its files, their genres and predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.domain.genre import fold_name
from genretag.domain.outcome import Outcome
from genretag.domain.prediction import ScoredGenre
from genretag.domain.timeline import Timeline

_MOST_DISAGREEING, _MOST_UNDECIDED = 12, 12


@dataclass(frozen=True, eq=False)
class LibraryEntry:
    """One file.

    Attributes:
        outcome: its genres and its prediction.
        title: from its tags, else its file name.
        artist: from its tags; may be empty.
        genres: those that it has now, without placeholders.
        predicted: all names of its best genre, by the model and by the map.
        after: the genres that it would have after `scan`.
        is_sure: whether the best genre scores enough to be written.
    """

    outcome: Outcome
    title: str
    artist: str
    genres: tuple[str, ...]
    predicted: tuple[str, ...]
    after: tuple[str, ...]
    is_sure: bool

    @property
    def best(self) -> ScoredGenre | None:
        """The genre with the highest score; None without a prediction."""
        prediction = self.outcome.prediction
        return prediction.genres[0] if prediction and prediction.genres else None

    @property
    def disagrees(self) -> bool:
        """Whether the file has genres, and the model is sure of another one."""
        names = {fold_name(name) for name in self.genres}
        return self.is_sure and bool(names) and names.isdisjoint(map(fold_name, self.predicted))


@dataclass(frozen=True, eq=False)
class Library:
    """All that a report shows.

    Attributes:
        roots: the paths that were asked for.
        made: when the report was made.
        model: its identity.
        genres: the model's, in its order.
        placeholders: folded names that count as no genre.
        mode: the policy of `scan` behind `LibraryEntry.after`.
        threshold: the score from which a genre is written, in [0, 1].
        entries: one for each file that is audio, and one for each that failed.
        skipped: how many files are no audio, or left out by rule.
        points: [n_entries, 2] on the map, in [-1, 1]; NaN for those that are not on it.
        timelines: of the most interesting tracks, with their index among the entries.
    """

    roots: tuple[Path, ...]
    made: datetime
    model: str
    genres: tuple[str, ...]
    placeholders: frozenset[str]
    mode: str
    threshold: float
    entries: tuple[LibraryEntry, ...]
    skipped: int
    points: NDArray[np.float64]
    timelines: tuple[tuple[int, Timeline], ...] = ()


def select_interesting(entries: Sequence[LibraryEntry]) -> list[int]:
    """Return indices of tracks worth a closer look: sure of another genre, or undecided."""
    scored = [n for n, entry in enumerate(entries) if entry.best]
    disagreeing = [n for n in scored if entries[n].disagrees]
    disagreeing.sort(key=lambda n: -_score(entries[n]))
    undecided = [n for n in scored if not entries[n].is_sure]
    undecided.sort(key=lambda n: _lead(entries[n]))
    return disagreeing[:_MOST_DISAGREEING] + undecided[:_MOST_UNDECIDED]


def _score(entry: LibraryEntry) -> float:
    return entry.best.score if entry.best else 0.0


def _lead(entry: LibraryEntry) -> float:
    """Return by how much the best genre's score exceeds the second's."""
    prediction = entry.outcome.prediction
    scores = [genre.score for genre in (prediction.genres[:2] if prediction else ())]
    return scores[0] - scores[-1] if len(scores) > 1 else 1.0
