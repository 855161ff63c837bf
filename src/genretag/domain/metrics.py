"""Metrics of genre predictions, their confidence intervals, and the calibration of scores.

In all functions `predicted` and `truth` are [n_clips] indices of genres, `probabilities` are
[n_clips, n_genres], and there is at least one clip.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
"""[n_clips, n_genres], each in [0, 1]: the scores of clips or files as `scan` has them."""

Labels = NDArray[np.int64]
"""[n_clips]: indices of genres."""

THRESHOLDS = tuple(step / 100 for step in range(1, 100))
"""Those that a search tries."""

_RESAMPLES = 2000
_BINS = 10
_Z_95 = 1.959964


@dataclass(frozen=True)
class GenreScore:
    """Precision, recall and F1 of one genre in [0, 1], and how many clips are of it."""

    precision: float
    recall: float
    f1: float
    clips: int


@dataclass(frozen=True)
class ReliabilityBin:
    """Clips with a best score from `low` to a tenth more: mean score, and the share right."""

    low: float
    clips: int
    score: float
    right: float


@dataclass(frozen=True)
class Acceptance:
    """The clips that reach a threshold: their share of all, and the share of them that is right."""

    threshold: float
    coverage: float
    precision: float


def accuracy(predicted: Labels, truth: Labels) -> float:
    """Return the share of clips predicted right, in [0, 1].

    >>> accuracy(np.array([0, 1]), np.array([0, 0]))
    0.5
    """
    return float((predicted == truth).mean())


def f1_macro(predicted: Labels, truth: Labels) -> float:
    """Return the mean F1 of the genres that occur in `truth`, in [0, 1].

    >>> f1_macro(np.array([0, 1, 1]), np.array([0, 1, 1]))
    1.0
    """
    f1, clips = _f1(predicted, truth)
    return float(f1[clips > 0].mean())


def f1_weighted(predicted: Labels, truth: Labels) -> float:
    """Return the mean over all clips of the F1 of their true genre, in [0, 1]."""
    f1, clips = _f1(predicted, truth)
    return float((f1 * clips).sum() / clips.sum())


def _f1(predicted: Labels, truth: Labels) -> tuple[NDArray[np.float64], Labels]:
    """Return F1 and number of clips of each genre."""
    size = 1 + int(max(predicted.max(), truth.max()))
    right = np.bincount(truth[predicted == truth], minlength=size)
    true = np.bincount(truth, minlength=size)
    return 2 * right / np.maximum(true + np.bincount(predicted, minlength=size), 1), true


def confusion(predicted: Labels, truth: Labels, genres: int) -> NDArray[np.int64]:
    """Count clips, [genres, genres], by true genre (rows) and predicted genre (columns).

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(truth * genres + predicted, minlength=genres**2).reshape(genres, genres)


def row_shares(confusion: Sequence[Sequence[int]]) -> list[list[float]]:
    """Divide the rows of a confusion matrix by their sums; a row of zeros stays.

    >>> row_shares([[1, 3], [0, 0]])
    [[0.25, 0.75], [0.0, 0.0]]
    """
    counts = np.asarray(confusion, dtype=np.float64)
    shares: list[list[float]] = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).tolist()
    return shares


def score_genres(predicted: Labels, truth: Labels, genres: int) -> list[GenreScore]:
    """Return precision, recall and F1 of each of so many genres; shares of nothing are 0."""
    table = confusion(predicted, truth, genres)
    right, true, positive = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    return [
        GenreScore(float(p), float(r), float(f), int(n))
        for p, r, f, n in zip(
            right / np.maximum(positive, 1),
            right / np.maximum(true, 1),
            2 * right / np.maximum(true + positive, 1),
            true,
            strict=True,
        )
    ]


def bootstrap_interval(
    score: Callable[[Labels, Labels], float],
    predicted: Labels,
    truth: Labels,
    groups: Sequence[str],
) -> tuple[float, float]:
    """Return the 95% bootstrap interval of a metric (Efron, 1979).

    Args:
        score: the metric.
        predicted: [n_clips].
        truth: [n_clips].
        groups: [n_clips], the group of each clip, such as its artist. Whole groups are drawn,
            because the clips of one are alike.
    """
    return percentile_interval(
        score(predicted[drawn], truth[drawn]) for drawn in bootstrap_indices(groups)
    )


def bootstrap_indices(groups: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    """Yield indices of clips, whole groups drawn with replacement; the same ones each time."""
    rng = np.random.default_rng(0)
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    clips = np.argsort(group_of, kind="stable")
    sizes = np.bincount(group_of)
    firsts = np.cumsum(sizes) - sizes
    for _ in range(_RESAMPLES):
        drawn = rng.integers(len(names), size=len(names))
        counts = sizes[drawn]
        ends = np.cumsum(counts)
        # Group by group, first to last, without a loop over thousands of them.
        yield clips[np.arange(ends[-1]) + np.repeat(firsts[drawn] - (ends - counts), counts)]


def percentile_interval(scores: Iterable[float]) -> tuple[float, float]:
    """Return the limits between which the middle 95% of `scores` lie."""
    low, high = np.percentile(list(scores), (2.5, 97.5))
    return float(low), float(high)


def wilson_interval(right: int, clips: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson, 1927), in [0, 1]; wide for few clips.

    >>> low, high = wilson_interval(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    if not clips:
        return 0.0, 1.0
    share, z2 = right / clips, _Z_95**2 / clips
    centre = (share + z2 / 2) / (1 + z2)
    half = sqrt(share * (1 - share) * z2 + z2 * z2 / 4) / (1 + z2)
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration_error(probabilities: Probabilities, truth: Labels) -> float:
    """Return the expected calibration error (Guo et al., 2017) of the best score, in ten bins."""
    bins = reliability(probabilities, truth)
    return sum(abs(one.right - one.score) * one.clips for one in bins) / len(truth)


def reliability(probabilities: Probabilities, truth: Labels) -> list[ReliabilityBin]:
    """Return the tenths of the best score in which there are clips, from the lowest."""
    score, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.minimum((score * _BINS).astype(int), _BINS - 1)
    return [
        ReliabilityBin(
            b / _BINS,
            int((bins == b).sum()),
            float(score[bins == b].mean()),
            float(right[bins == b].mean()),
        )
        for b in np.unique(bins).tolist()
    ]


def log_loss(probabilities: Probabilities, truth: Labels) -> float:
    """Return the mean negative log of the true genre's score."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-9)).mean())


def coverage(probabilities: Probabilities, truth: Labels) -> list[Acceptance]:
    """Return accuracy and threshold of the surest tenth of the clips, two tenths, up to all."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = (probabilities.argmax(axis=1) == truth)[order]
    ends = [max(1, round(len(truth) * share / 10)) for share in range(1, 11)]
    return [
        Acceptance(
            float(probabilities[order[end - 1]].max()), end / len(truth), float(right[:end].mean())
        )
        for end in ends
    ]


def accuracy_of_surest_half(probabilities: Probabilities, truth: Labels) -> float:
    """Return the accuracy on the half of the clips with the highest scores, in [0, 1]."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")[: max(1, len(truth) // 2)]
    return accuracy(probabilities[order].argmax(axis=1), truth[order])


def acceptance(probabilities: Probabilities, truth: Labels, threshold: float) -> Acceptance:
    """Return coverage and precision, both in [0, 1], of the clips that reach `threshold`.

    >>> acceptance(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0, 0]), 0.8)
    Acceptance(threshold=0.8, coverage=0.5, precision=1.0)
    """
    accepted = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == truth
    precision = float(right[accepted].mean()) if accepted.any() else 0.0
    return Acceptance(threshold, float(accepted.mean()), precision)


def find_threshold(
    probabilities: Probabilities, truth: Labels, precision: float, accepted: int
) -> Acceptance:
    """Find the lowest threshold, in hundredths, that has a precision.

    Args:
        probabilities: [n_clips, n_genres].
        truth: [n_clips].
        precision: in [0, 1].
        accepted: how many clips must reach the threshold at least.

    Returns:
        The threshold, or the one with the highest precision where none has it.
    """
    tried = [acceptance(probabilities, truth, threshold) for threshold in THRESHOLDS]
    return pick_threshold(tried, len(truth), precision, accepted)


def pick_threshold(
    tried: Sequence[Acceptance], clips: int, precision: float, accepted: int
) -> Acceptance:
    """Return the first of rising thresholds that has a precision, or the most precise one.

    Args:
        tried: what each of them does to so many `clips`.
        clips: how many there are.
        precision: in [0, 1].
        accepted: how many clips must reach the threshold at least.
    """
    enough = [one for one in tried if round(one.coverage * clips) >= accepted] or tried[:1]
    reached = (one for one in enough if one.precision >= precision)
    return next(reached, max(enough, key=lambda one: one.precision))
