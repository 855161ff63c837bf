"""The content of a report about a library: its files, albums and artists, and their genres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genretag.domain.family import Choice
from genretag.domain.genre import Names
from genretag.domain.outcome import Outcome, Unsure
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.timeline import Timeline
from genretag.domain.unit import Source, UnitKind

Reason = Literal["tags", "sound", "apart", "below", "close", "unsure"]
"""Why a person should look at a unit: tracks have different genres in their tags; its sound surely
says another genre than its tags; tracks keep another genre than the others; its best score is just
below the threshold; its two best scores are nearly equal; or tracks get no genre for another
reason."""

CONTRADICTIONS: frozenset[Reason] = frozenset({"tags", "sound", "apart"})
"""The reasons that cannot all be right; the others are doubts."""

_MOST_DISAGREEING, _MOST_UNDECIDED = 12, 12


@dataclass(frozen=True, eq=False)
class LibraryEntry:
    """One file.

    Attributes:
        outcome: its genres and its prediction.
        title: from its tags, else its file name.
        artist: from its tags; may be empty.
        genres: those that it has now, without placeholders.
        agrees: whether one of them is its best genre by any name, or narrower or broader, or is of
            the sure family.
        after: the genres that it would have after `scan`.
        is_sure: whether the best genre, or else a family, scores enough to be written.
        is_open: whether `scan` goes by scores, and does not just leave the genres that it has.
        sure_family: the family that is sure where no genre is.
        is_decided: whether a person decided its genres with genretag.
    """

    outcome: Outcome
    title: str
    artist: str
    genres: tuple[str, ...]
    agrees: bool
    after: tuple[str, ...]
    is_sure: bool
    is_open: bool = True
    sure_family: Choice | None = None
    is_decided: bool = False

    @property
    def is_unsure(self) -> bool:
        """Whether `scan` leaves it without a new genre, as no score is high enough."""
        return isinstance(self.outcome, Unsure)

    @property
    def best(self) -> ScoredGenre | None:
        """The sure family, or else the genre with the highest score of those that decide."""
        return self.sure_family.best if self.sure_family else _best(self.outcome.prediction)

    @property
    def best_names(self) -> tuple[str, ...]:
        """The name of the best genre, or those of the sure family and its genres."""
        if self.sure_family:
            return self.sure_family.names
        return (self.best.name,) if self.best else ()

    @property
    def own(self) -> Prediction | None:
        """The prediction for its own sound alone; None if it was not scored."""
        return self.outcome.own or self.outcome.prediction

    @property
    def own_best(self) -> ScoredGenre | None:
        """The same as `best` by its own sound alone; no family where more tracks decided."""
        return _best(self.outcome.own) if self.outcome.own else self.best

    @property
    def source(self) -> Source | None:
        """What decided; None for a file that failed or keeps the genres that it has."""
        return self.outcome.source

    @property
    def disagrees(self) -> bool:
        """Whether the file has genres, and the model is sure of another one."""
        return self.is_sure and bool(self.genres) and not self.agrees


@dataclass(frozen=True)
class LibraryUnit:
    """The tracks of an album or of an artist, or a track of neither.

    Attributes:
        kind: what they have in common.
        name: for people.
        members: positions of their entries, rising.
        genres: best first: the scores that decided, or where nothing was to decide, those of the
            sound of all; empty where all is silent.
        sound: the best genre by the sound of all its tracks, or the family that is sure where none
            is; None where all is silent.
        reasons: why a person should look at it.
        family: the family that `genres` are sure of where none of them is.
        settled: positions of the entries that a decision for one genre settles: all of its tracks
            where they contradict each other, else those that get no genre without; rising.
    """

    kind: UnitKind
    name: str
    members: tuple[int, ...]
    genres: tuple[ScoredGenre, ...]
    sound: ScoredGenre | None
    reasons: tuple[Reason, ...]
    family: ScoredGenre | None = None
    settled: tuple[int, ...] = ()

    @property
    def best(self) -> ScoredGenre | None:
        """The family, or else the genre with the highest score; None where all is silent."""
        return self.family or next(iter(self.genres), None)

    @property
    def is_contradictory(self) -> bool:
        """Whether one of its reasons is a contradiction."""
        return not CONTRADICTIONS.isdisjoint(self.reasons)


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
        unit_threshold: the same for scores of several tracks together.
        by: what makes a unit of tracks that `scan` decides together.
        entries: one for each file that is audio, and one for each that failed.
        skipped: how many files `scan` leaves out: no audio, or by rule.
        points: [n_entries, 2] on the map, in [-1, 1]; NaN for those that are not on it.
        albums: first those where one decision settles most tracks; the songs of an artist that are
            of no album, or of one by many artists, are a unit as well.
        artists: in the same order.
        timelines: of the most interesting tracks, with their index among the entries.
        written: what `scan` writes for a genre or a family that it is not known by, as a map says
            or as the library spells it.
        is_calibrated: whether the model's scores are.
    """

    roots: tuple[Path, ...]
    made: datetime
    model: str
    genres: tuple[str, ...]
    placeholders: frozenset[str]
    mode: str
    threshold: float
    unit_threshold: float
    by: UnitKind
    entries: tuple[LibraryEntry, ...]
    skipped: int
    points: NDArray[np.float64]
    albums: tuple[LibraryUnit, ...] = ()
    artists: tuple[LibraryUnit, ...] = ()
    timelines: tuple[tuple[int, Timeline], ...] = ()
    written: Mapping[str, Names] = field(default_factory=dict)
    is_calibrated: bool = True


def select_interesting(entries: Sequence[LibraryEntry]) -> list[int]:
    """Return indices of tracks worth a closer look: sure of another genre, or undecided.

    Tracks that keep their genres whatever the scores are not undecided.
    """
    scored = [n for n, entry in enumerate(entries) if entry.best]
    disagreeing = [n for n in scored if entries[n].disagrees]
    disagreeing.sort(key=lambda n: -_score(entries[n]))
    undecided = [n for n in scored if entries[n].is_open and not entries[n].is_sure]
    undecided.sort(key=lambda n: _lead(entries[n]))
    return disagreeing[:_MOST_DISAGREEING] + undecided[:_MOST_UNDECIDED]


def _best(prediction: Prediction | None) -> ScoredGenre | None:
    return prediction.genres[0] if prediction and prediction.genres else None


def _score(entry: LibraryEntry) -> float:
    return entry.best.score if entry.best else 0.0


def _lead(entry: LibraryEntry) -> float:
    """Return by how much the best genre's score exceeds the second's."""
    prediction = entry.outcome.prediction
    scores = [genre.score for genre in (prediction.genres[:2] if prediction else ())]
    return scores[0] - scores[-1] if len(scores) > 1 else 1.0
