"""Compares what was heard in files with the genres that they have."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genretag.domain.evaluation import Evaluation, FileCounts, ScoredFiles, compute_metrics
from genretag.domain.genre import fold_name
from genretag.domain.outcome import Failed, Outcome, Skipped
from genretag.domain.placeholder import drop_placeholders, parse_placeholders
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.truth import GenreClasses, UnmappedGenre, describe_unmapped


@dataclass(frozen=True)
class Question:
    """What is to be found out of a model.

    Attributes:
        classes: the genres by which it is judged.
        model: its identity.
        threshold: its own.
        precision: how many of the files that pass a threshold should be right.
        written: what genretag itself wrote into files, by their real paths.
        placeholders: names, folded, that tell no genre.
    """

    classes: GenreClasses
    model: str
    threshold: float
    precision: float
    written: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    placeholders: frozenset[str] = field(default_factory=parse_placeholders)


def evaluated(outcomes: Iterable[Outcome], question: Question) -> Evaluation:
    """What the outcomes of files, listened to under the policy `compare`, say of the model."""
    tally = Tally(question)
    for outcome in outcomes:
        tally.add(outcome)
    judged = tally.judged()
    return Evaluation(
        question.model,
        tally.counts,
        tally.unmapped(),
        compute_metrics(judged, question.threshold, question.precision) if judged else None,
        tuple(tally.others),
    )


class Tally:
    """Collects outcomes: what can be compared, and why the others cannot."""

    def __init__(self, question: Question) -> None:
        self._classes = question.classes
        self._written = question.written
        self._placeholders = question.placeholders
        self.others: list[float] = []
        self._fates: Counter[str] = Counter()
        self._rows: list[list[float]] = []
        self._meant: list[tuple[int, ...]] = []
        self._spelled: dict[str, str] = {}
        self._strange: Counter[str] = Counter()
        self._heard: defaultdict[str, list[ScoredGenre]] = defaultdict(list)

    @property
    def counts(self) -> FileCounts:
        """How many files there were, by what became of them."""
        return FileCounts(**self._fates)

    def add(self, outcome: Outcome) -> None:
        """Take in one more file."""
        self._fates[self._fate(outcome)] += 1

    def judged(self) -> ScoredFiles | None:
        """The files that can be compared; None if there are none."""
        if not self._rows:
            return None
        probabilities = np.array(self._rows)
        best = probabilities.argmax(axis=1).tolist()
        return ScoredFiles(
            self._classes.names,
            probabilities,
            np.array([places[0] for places in self._meant]),
            np.array([said in places for said, places in zip(best, self._meant, strict=True)]),
        )

    def unmapped(self) -> tuple[UnmappedGenre, ...]:
        """The names that mean no genre of the model, the most frequent first."""
        return tuple(
            describe_unmapped(self._spelled[key], files, self._heard[key], self._classes)
            for key, files in self._strange.most_common()
        )

    def _fate(self, outcome: Outcome) -> str:
        if isinstance(outcome, Failed):
            return "failed"
        if isinstance(outcome, Skipped):
            return "skipped"
        genres = drop_placeholders(outcome.before, self._placeholders)
        if not genres:
            return "untagged"
        if self._written and self._written.get(outcome.path.resolve()) == outcome.before:
            return "own"
        meant = self._classes.indices_of(genres)
        heard = outcome.prediction
        if not meant:
            return self._unmapped(genres, heard)
        if heard is None or not heard.genres:
            return "silent"
        if self._classes.index_of(heard.genres[0].name) is None:
            return "dropped"
        self._rows.append(self._row(heard))
        self._meant.append(meant)
        return "compared"

    def _unmapped(self, names: tuple[str, ...], heard: Prediction | None) -> str:
        unknown = {fold_name(name): name for name in names if not self._classes.knows(name)}
        best = self._best(heard)
        if unknown and best:
            self.others.append(best.score)
        for key, name in unknown.items():
            self._spelled.setdefault(key, name)
            self._strange[key] += 1
            self._heard[key] += [best] if best else []
        return "unmapped" if unknown else "dropped"

    def _best(self, heard: Prediction | None) -> ScoredGenre | None:
        if heard is None or not heard.genres:
            return None
        place = self._classes.index_of(heard.genres[0].name)
        if place is None:
            return None
        return ScoredGenre(self._classes.names[place], heard.genres[0].score)

    def _row(self, heard: Prediction) -> list[float]:
        """The score of each class: as `scan` goes by the best genre, a merged one has its best."""
        row = [0.0] * len(self._classes)
        for genre in heard.genres:
            place = self._classes.index_of(genre.name)
            if place is not None:
                row[place] = max(row[place], genre.score)
        return row
