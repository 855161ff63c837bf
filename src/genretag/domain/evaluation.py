"""Compares the genres of a model with those that files have.

Accuracy, confusion and calibration are about single genres. What a threshold does is about what
`scan` writes: the best genre, or else the name of a family, which is right for a file of any of
its genres.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genretag.domain import metrics
from genretag.domain.metrics import Acceptance, GenreScore, Labels, Probabilities, ReliabilityBin
from genretag.domain.truth import UnmappedGenre

MIN_PASSED = 20
"""Fewer files than this above a threshold say nothing about it."""

MIN_COMPARED = 100
"""A threshold from fewer files than this is luck, unless its precision is beyond doubt."""


@dataclass(frozen=True)
class FileCounts:
    """Number of files by what became of them.

    Attributes:
        compared: with a genre that the model knows, and a prediction.
        untagged: without a genre.
        own: with the genres that genretag wrote, which say nothing about the model.
        unmapped: with genres that are none of the model's.
        dropped: with a genre, or a best prediction, that the map drops.
        silent: with nothing but silence.
        skipped: not audio, a film, or in a container that holds no genre.
        failed: that could not be read.
    """

    compared: int = 0
    untagged: int = 0
    own: int = 0
    unmapped: int = 0
    dropped: int = 0
    silent: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(frozen=True, eq=False)
class ScoredFiles:
    """Files with a known genre and their scores; at least one file.

    Attributes:
        classes: the genres of the columns.
        probabilities: [n_files, n_classes], the scores by which `scan` decides.
        truth: [n_files], the class of the first known genre of each file.
        is_any: [n_files], whether the best class is that of any genre of the file.
        family_scores: [n_files], those of the best families; 0 where there is none.
        is_family: [n_files], whether that family is right.
    """

    classes: tuple[str, ...]
    probabilities: Probabilities
    truth: Labels
    is_any: NDArray[np.bool_]
    family_scores: NDArray[np.float64]
    is_family: NDArray[np.bool_]


@dataclass(frozen=True)
class Estimate:
    """A number in [0, 1] and its 95% interval from `low` to `high`."""

    value: float
    low: float
    high: float

    @classmethod
    def of_share(cls, is_right: NDArray[np.bool_]) -> Self:
        """Estimate how many of all files are right from those that were seen, [n_files].

        >>> Estimate.of_share(np.array([True, True, False, True])).value
        0.75
        """
        right, files = int(is_right.sum()), len(is_right)
        return cls(right / files if files else 0.0, *metrics.wilson_interval(right, files))


@dataclass(frozen=True)
class ThresholdResult:
    """The files that reach a threshold.

    Attributes:
        threshold: in [0, 1].
        files: how many.
        coverage: which share of all.
        precision: how many of them are right.
        families: how many of them only reach it with a family.
    """

    threshold: float
    files: int
    coverage: float
    precision: Estimate
    families: int = 0

    @classmethod
    def of(cls, scored: ScoredFiles, threshold: float) -> Self:
        """Apply a threshold in [0, 1] to scored files."""
        by_genre = scored.probabilities.max(axis=1) >= threshold
        by_family = ~by_genre & (scored.family_scores >= threshold)
        passes = by_genre | by_family
        is_right = scored.probabilities.argmax(axis=1) == scored.truth
        right = np.where(by_family, scored.is_family, is_right)[passes]
        share = len(right) / len(passes)
        return cls(threshold, len(right), share, Estimate.of_share(right), int(by_family.sum()))


@dataclass(frozen=True)
class TargetThreshold:
    """A precision that was asked for, and the lowest threshold that has it, or comes nearest."""

    precision: float
    nearest: ThresholdResult

    @property
    def is_met(self) -> bool:
        """Whether enough files reach the threshold, and enough of them are right."""
        enough = self.nearest.files >= MIN_PASSED
        return enough and self.nearest.precision.value >= self.precision


@dataclass(frozen=True, eq=False)
class EvaluationMetrics:
    """Metrics of predictions for files; intervals take files for independent of each other.

    Attributes:
        accuracy: share of files whose first genre is predicted.
        accuracy_any: share of files of which any genre is predicted.
        f1_macro: mean F1 over the genres that occur.
        ece: expected calibration error, in [0, 1].
        mean_score: mean of the best scores.
        classes: the genres, in the order of `genres` and `confusion`.
        genres: scores of each genre.
        confusion: [n_classes, n_classes] files, by true genre (rows) and predicted genre.
        reliability: accuracy by tenths of the best score.
        coverage: accuracy of the surest tenth of the files, two tenths, and so on.
        at_model_threshold: what the model's own threshold does.
        target: the threshold for the precision that was asked for.
    """

    accuracy: Estimate
    accuracy_any: Estimate
    f1_macro: Estimate
    ece: float
    mean_score: float
    classes: tuple[str, ...]
    genres: tuple[GenreScore, ...]
    confusion: NDArray[np.int64]
    reliability: tuple[ReliabilityBin, ...]
    coverage: tuple[Acceptance, ...]
    at_model_threshold: ThresholdResult
    target: TargetThreshold


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of `genretag evaluate`.

    Attributes:
        model: its identity.
        counts: number of files by what became of them.
        unmapped: names in files that are none of the model's genres.
        metrics: None if no file could be compared.
        unmapped_scores: best scores of files whose genres the model does not know, of a genre or a
            family.
        is_calibrated: whether the scores are.
    """

    model: str
    counts: FileCounts
    unmapped: tuple[UnmappedGenre, ...]
    metrics: EvaluationMetrics | None
    unmapped_scores: tuple[float, ...] = ()
    is_calibrated: bool = True

    @property
    def threshold_problem(self) -> str | None:
        """The reason why no threshold can be recommended; None if one can.

        It needs the target precision, and many files or a 95% interval that lies above it.
        """
        if self.metrics is None:
            return "no file has a genre that the model knows"
        target, compared = self.metrics.target, self.counts.compared
        if compared < MIN_PASSED:
            files = "1 file" if compared == 1 else f"{compared} files"
            return f"only {files} can be compared; a threshold needs {MIN_PASSED}"
        wanted, nearest = f"{target.precision:.0%}", target.nearest
        if not target.is_met:
            return f"none has a precision of {wanted} with at least {MIN_PASSED} files"
        precision = nearest.precision
        if compared >= MIN_COMPARED or precision.low > target.precision:
            return None
        return (
            f"{compared} files were compared, where it takes {MIN_COMPARED}, or a precision that "
            f"is surely above {wanted}: at {nearest.threshold:.2f} it is {precision.value:.0%} "
            f"of {nearest.files} files (95%: {precision.low:.0%} to {precision.high:.0%})"
        )


def compute_metrics(scored: ScoredFiles, threshold: float, precision: float) -> EvaluationMetrics:
    """Measure predictions against the genres of files.

    Args:
        scored: the files.
        threshold: the model's own, in [0, 1].
        precision: the share of the files reaching a threshold that should be right, in [0, 1].
    """
    probabilities, truth = scored.probabilities, scored.truth
    predicted = probabilities.argmax(axis=1)
    # A group of its own for each file.
    groups = [str(file) for file in range(len(truth))]
    return EvaluationMetrics(
        accuracy=Estimate.of_share(predicted == truth),
        accuracy_any=Estimate.of_share(scored.is_any),
        f1_macro=Estimate(
            metrics.f1_macro(predicted, truth),
            *metrics.bootstrap_interval(metrics.f1_macro, predicted, truth, groups),
        ),
        ece=metrics.calibration_error(probabilities, truth),
        mean_score=float(probabilities.max(axis=1).mean()),
        classes=scored.classes,
        genres=tuple(metrics.score_genres(predicted, truth, len(scored.classes))),
        confusion=metrics.confusion(predicted, truth, len(scored.classes)),
        reliability=tuple(metrics.reliability(probabilities, truth)),
        coverage=tuple(metrics.coverage(probabilities, truth)),
        at_model_threshold=ThresholdResult.of(scored, threshold),
        target=TargetThreshold(precision, _find_threshold(scored, precision)),
    )


def _find_threshold(scored: ScoredFiles, precision: float) -> ThresholdResult:
    """Find the lowest threshold, in hundredths, that has a precision; else the most precise."""
    results = [ThresholdResult.of(scored, threshold) for threshold in metrics.THRESHOLDS]
    tried = [Acceptance(one.threshold, one.coverage, one.precision.value) for one in results]
    nearest = metrics.pick_threshold(tried, len(scored.truth), precision, MIN_PASSED)
    return results[tried.index(nearest)]
