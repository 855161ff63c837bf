"""How a model's genres compare with those that files have."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genretag.domain import metrics
from genretag.domain.metrics import Acceptance, Bin, GenreScore, Labels, Probabilities
from genretag.domain.truth import UnmappedGenre

MIN_PASSED = 20
"""What fewer files than this say about a threshold is worth nothing."""

MIN_COMPARED = 100
"""A threshold from fewer files than this is luck, unless its precision is beyond doubt."""


@dataclass(frozen=True)
class Counts:
    """What became of all files; `judged` are those that could be compared.

    Attributes:
        skipped: not audio, a film, or in a container that holds no genre.
        untagged: without a genre.
        own: with the genres that genretag wrote: what it says cannot show whether it is right.
        unmapped: with genres that mean none of the model's.
        dropped: their genre, or the best one that was heard, is one that the map drops.
        silent: nothing was heard in them.
    """

    judged: int = 0
    untagged: int = 0
    own: int = 0
    unmapped: int = 0
    dropped: int = 0
    silent: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(frozen=True, eq=False)
class ScoredFile:
    """Files with a known genre, and what was heard in them; at least one.

    Attributes:
        classes: the genres by which the model is judged.
        chances: [n_files, n_classes], the scores that `scan` goes by.
        truth: [n_files], the class of the first known genre of each file.
        is_any: [n_files], whether the best class is that of any genre of the file.
    """

    classes: tuple[str, ...]
    probabilities: Probabilities
    truth: Labels
    is_any: NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """A share of some files, in [0, 1], and its 95% interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, right: NDArray[np.bool_]) -> Self:
        """The share of what is true."""
        count = int(right.sum())
        value = count / len(right) if len(right) else 0.0
        return cls(value, *metrics.share_interval(count, len(right)))


@dataclass(frozen=True)
class Passing:
    """What a threshold lets through: so many files, a share of all, and how many are right."""

    threshold: float
    files: int
    coverage: float
    precision: Share

    @classmethod
    def of(cls, judged: ScoredFile, threshold: float) -> Self:
        """What scores `threshold` or more."""
        passes = judged.probabilities.max(axis=1) >= threshold
        right = (judged.probabilities.argmax(axis=1) == judged.truth)[passes]
        return cls(threshold, len(right), len(right) / len(passes), Share.of(right))


@dataclass(frozen=True)
class TargetThreshold:
    """A precision that was asked for, and the lowest threshold that has it, or comes nearest."""

    precision: float
    nearest: Passing

    @property
    def is_met(self) -> bool:
        """Whether enough files pass, and enough of them are right."""
        enough = self.nearest.files >= MIN_PASSED
        return enough and self.nearest.precision.value >= self.precision


@dataclass(frozen=True, eq=False)
class EvaluationMetrics:
    """All numbers that tell how well files were judged.

    `f1_macro` is the mean over the genres that occur, `own` what passes the model's own
    threshold. Intervals take files for independent of each other.
    """

    accuracy: Share
    accuracy_any: Share
    f1_macro: Share
    ece: float
    mean_score: float
    classes: tuple[str, ...]
    genres: tuple[GenreScore, ...]
    confusion: NDArray[np.int64]
    reliability: tuple[Bin, ...]
    coverage: tuple[Acceptance, ...]
    own: Passing
    wish: TargetThreshold


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What became of all files, the names that nobody knew, and the grades if there are any.

    `others` are the best scores of files whose genres the model does not know.
    """

    model: str
    counts: Counts
    unmapped: tuple[UnmappedGenre, ...]
    grades: EvaluationMetrics | None
    others: tuple[float, ...] = ()

    @property
    def lack(self) -> str | None:
        """Return what is missing for a threshold to go by from now on; None if nothing is.

        It needs the wished precision, and many files or a 95% interval that lies above it.
        """
        if self.grades is None:
            return "no file has a genre that the model knows"
        wish, compared = self.grades.wish, self.counts.judged
        if compared < MIN_PASSED:
            files = "1 file" if compared == 1 else f"{compared} files"
            return f"only {files} can be compared; a threshold needs {MIN_PASSED}"
        wished, found = f"{wish.precision:.0%}", wish.nearest
        if not wish.is_met:
            return f"none has a precision of {wished} with at least {MIN_PASSED} files"
        if compared >= MIN_COMPARED or found.precision.low > wish.precision:
            return None
        return (
            f"{compared} files were compared, where it takes {MIN_COMPARED}, or a precision that "
            f"is surely above {wished}: at {found.threshold:.2f} it is {found.precision.value:.0%} "
            f"of {found.files} files (95%: {found.precision.low:.0%} to {found.precision.high:.0%})"
        )


def evaluation_metrics(judged: ScoredFile, threshold: float, precision: float) -> EvaluationMetrics:
    """Everything that can be said of judged files.

    Args:
        judged: the files.
        threshold: the model's own.
        precision: the share of the files passing a threshold that should be right.
    """
    probabilities, truth = judged.probabilities, judged.truth
    said = probabilities.argmax(axis=1)
    alone = [str(file) for file in range(len(truth))]
    return EvaluationMetrics(
        accuracy=Share.of(said == truth),
        accuracy_any=Share.of(judged.is_any),
        f1_macro=Share(
            metrics.f1_macro(said, truth),
            *metrics.interval(metrics.f1_macro, said, truth, alone),
        ),
        ece=metrics.calibration_error(probabilities, truth),
        mean_score=float(probabilities.max(axis=1).mean()),
        classes=judged.classes,
        genres=tuple(metrics.per_genre(said, truth, len(judged.classes))),
        confusion=metrics.confusion(said, truth, len(judged.classes)),
        reliability=tuple(metrics.reliability(probabilities, truth)),
        coverage=tuple(metrics.coverage(probabilities, truth)),
        own=Passing.of(judged, threshold),
        wish=_wish(judged, precision),
    )


def _wish(judged: ScoredFile, precision: float) -> TargetThreshold:
    found = metrics.threshold_for(judged.probabilities, judged.truth, precision, MIN_PASSED)
    return TargetThreshold(precision, Passing.of(judged, found.threshold))
