"""Compares predictions for files with the genres that they have."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genretag.domain.evaluation import Evaluation, FileCounts, ScoredFiles, compute_metrics
from genretag.domain.family import Choice
from genretag.domain.genre import fold_name
from genretag.domain.outcome import Failed, Outcome, Skipped
from genretag.domain.placeholder import drop_placeholders, parse_placeholders
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.truth import GenreClasses, UnmappedGenre, describe_unmapped
from genretag.pipeline.survey import find_given


@dataclass(frozen=True)
class EvaluationSettings:
    """Settings of an evaluation.

    Attributes:
        classes: the genres and families that are compared.
        model: its identity.
        threshold: its own.
        precision: how many of the files that pass a threshold should be right.
        written: what genretag itself wrote into files, by their real paths.
        placeholders: names, folded, that tell no genre.
        has_families: whether a family is written where no genre is sure.
        is_calibrated: whether scores are.
    """

    classes: GenreClasses
    model: str
    threshold: float
    precision: float
    written: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    placeholders: frozenset[str] = field(default_factory=parse_placeholders)
    has_families: bool = True
    is_calibrated: bool = True


def evaluate_outcomes(outcomes: Iterable[Outcome], question: EvaluationSettings) -> Evaluation:
    """Return how right the model is about files that have a genre."""
    tally = Tally(question)
    for outcome in outcomes:
        tally.add(outcome)
    scored = tally.scored_files()
    return Evaluation(
        question.model,
        tally.counts,
        tally.unmapped(),
        compute_metrics(scored, question.threshold, question.precision) if scored else None,
        tuple(tally.others),
        question.is_calibrated,
    )


class Tally:
    """Collects outcomes: what can be compared, and why the others cannot."""

    def __init__(self, question: EvaluationSettings) -> None:
        self._classes = question.classes
        self._written = question.written
        self._placeholders = question.placeholders
        self._has_families = question.has_families
        self.others: list[float] = []
        self._counts: Counter[str] = Counter()
        self._rows: list[list[float]] = []
        self._truth: list[int] = []
        self._agreeing: list[set[int]] = []
        self._families: list[tuple[float, bool]] = []
        self._spelled: dict[str, str] = {}
        self._unknown: Counter[str] = Counter()
        self._best_scores: defaultdict[str, list[ScoredGenre]] = defaultdict(list)

    @property
    def counts(self) -> FileCounts:
        """The number of files, by what became of them."""
        return FileCounts(**self._counts)

    def add(self, outcome: Outcome) -> None:
        """Take in one more file."""
        self._counts[self._count_as(outcome)] += 1

    def scored_files(self) -> ScoredFiles | None:
        """Return the files that can be compared; None if there are none."""
        if not self._rows:
            return None
        probabilities = np.array(self._rows)
        best = probabilities.argmax(axis=1).tolist()
        family_scores, is_family = zip(*self._families, strict=True)
        return ScoredFiles(
            self._classes.names,
            probabilities,
            np.array(self._truth),
            np.array([index in any_ for index, any_ in zip(best, self._agreeing, strict=True)]),
            np.array(family_scores),
            np.array(is_family),
        )

    def unmapped(self) -> tuple[UnmappedGenre, ...]:
        """Return the names that mean no genre of the model, the most frequent first."""
        return tuple(
            describe_unmapped(self._spelled[key], files, self._best_scores[key], self._classes)
            for key, files in self._unknown.most_common()
        )

    def _count_as(self, outcome: Outcome) -> str:
        if isinstance(outcome, Failed):
            return "failed"
        if isinstance(outcome, Skipped):
            return "skipped"
        has = drop_placeholders(outcome.before, self._placeholders)
        if not has:
            return "untagged"
        genres = find_given(outcome.path, has, self._written)
        if not genres:
            return "own"
        true = self._classes.indices_of(genres)
        prediction = outcome.prediction
        if not true:
            return self._unmapped(genres, prediction)
        if prediction is None or not prediction.genres:
            return "silent"
        if self._classes.index_of(prediction.genres[0].name) is None:
            return "dropped"
        self._rows.append(self._row(prediction))
        self._truth.append(true[0])
        self._agreeing.append(self._classes.agreeing(genres))
        self._families.append(self._judge_family(prediction, genres, true[0]))
        return "compared"

    def _unmapped(self, names: tuple[str, ...], prediction: Prediction | None) -> str:
        if any(map(self._classes.is_family, names)):
            return "unmapped"  # it is known, but no single genre is right
        unknown = {fold_name(name): name for name in names if not self._classes.knows(name)}
        best = self._best(prediction)
        if unknown and best and prediction:
            family = self._best_family(prediction)
            self.others.append(max(best.score, family.best.score if family else 0.0))
        for key, name in unknown.items():
            self._spelled.setdefault(key, name)
            self._unknown[key] += 1
            self._best_scores[key] += [best] if best else []
        return "unmapped" if unknown else "dropped"

    def _best(self, prediction: Prediction | None) -> ScoredGenre | None:
        if prediction is None or not prediction.genres:
            return None
        index = self._classes.index_of(prediction.genres[0].name)
        if index is None:
            return None
        return ScoredGenre(self._classes.names[index], prediction.genres[0].score)

    def _best_family(self, prediction: Prediction) -> Choice | None:
        return self._classes.best_family(prediction.genres) if self._has_families else None

    def _judge_family(
        self, prediction: Prediction, names: tuple[str, ...], true: int
    ) -> tuple[float, bool]:
        """Return the score of the best family, and whether it is right for a file."""
        family = self._best_family(prediction)
        if family is None:
            return 0.0, False
        return family.best.score, self._classes.fits_family(family, names, true)

    def _row(self, prediction: Prediction) -> list[float]:
        """Return the score of each class; of genres that are merged, that of the best."""
        row = [0.0] * len(self._classes)
        for genre in prediction.genres:
            index = self._classes.index_of(genre.name)
            if index is not None:
                row[index] = max(row[index], genre.score)
        return row
