"""What a library holds and what was heard in it: all that a report shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.domain.genre import folded
from genretag.domain.outcome import Outcome
from genretag.domain.prediction import ScoredGenre
from genretag.domain.timeline import Timeline

_DISAGREEING, _UNDECIDED = 12, 12


@dataclass(frozen=True, eq=False)
class Entry:
    """One file.

    Attributes:
        outcome: what was heard, and what its tags say.
        title: or its name, if it has none.
        artist: empty if it has none.
        genres: those that it has now, without placeholders.
        heard: all that its best genre is called, by the model and by the map.
        after: the genres that `scan` would leave in it.
        is_sure: whether the best genre scores enough to be written.
    """

    outcome: Outcome
    title: str
    artist: str
    genres: tuple[str, ...]
    heard: tuple[str, ...]
    after: tuple[str, ...]
    is_sure: bool

    @property
    def best(self) -> ScoredGenre | None:
        """The likeliest genre; None if nothing was heard."""
        heard = self.outcome.prediction
        return heard.genres[0] if heard and heard.genres else None

    @property
    def disagrees(self) -> bool:
        """Whether the model is sure of a genre that the file, which has some, does not have."""
        names = {folded(name) for name in self.genres}
        return self.is_sure and bool(names) and names.isdisjoint(map(folded, self.heard))


@dataclass(frozen=True, eq=False)
class Library:
    """All that a report shows.

    Attributes:
        roots: the paths that were asked for.
        made: when.
        model: its identity.
        genres: the model's, in its order.
        placeholders: names, folded, that count as no genre.
        mode: what `scan --policy` would do, as `Entry.after` has it.
        threshold: the score from which a genre is written.
        entries: one for each file that is audio, and one for each that failed.
        skipped: how many files are no audio, or left out by rule.
        places: [n_entries, 2] on the map, in [-1, 1]; NaN for those that are not on it.
        timelines: of the most interesting tracks, by their place among the entries.
    """

    roots: tuple[Path, ...]
    made: datetime
    model: str
    genres: tuple[str, ...]
    placeholders: frozenset[str]
    mode: str
    threshold: float
    entries: tuple[Entry, ...]
    skipped: int
    places: NDArray[np.float64]
    timelines: tuple[tuple[int, Timeline], ...] = ()


def interesting(entries: Sequence[Entry]) -> list[int]:
    """The tracks whose timeline is worth a look: sure of another genre, or torn between two."""
    heard = [n for n, entry in enumerate(entries) if entry.best]
    disagreeing = [n for n in heard if entries[n].disagrees]
    disagreeing.sort(key=lambda n: -_score(entries[n]))
    undecided = [n for n in heard if not entries[n].is_sure]
    undecided.sort(key=lambda n: _lead(entries[n]))
    return disagreeing[:_DISAGREEING] + undecided[:_UNDECIDED]


def _score(entry: Entry) -> float:
    return entry.best.score if entry.best else 0.0


def _lead(entry: Entry) -> float:
    """By how much the best genre leads."""
    heard = entry.outcome.prediction
    scores = [genre.score for genre in (heard.genres[:2] if heard else ())]
    return scores[0] - scores[-1] if len(scores) > 1 else 1.0
