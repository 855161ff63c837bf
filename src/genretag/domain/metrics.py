"""How well genres were judged: plain numbers, their intervals, and what scores are worth."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
"""[n_clips, n_genres], each in [0, 1]: what `scan` would show of each clip or file."""

Labels = NDArray[np.int64]
"""[n_clips]: indices of genres."""

_RESAMPLES = 2000
_BINS = 10
_Z_95 = 1.959964


@dataclass(frozen=True)
class GenreScore:
    """How one genre was judged: shares in [0, 1], and how many clips are of it."""

    precision: float
    recall: float
    f1: float
    clips: int


@dataclass(frozen=True)
class Bin:
    """Clips with a best score from `low` to a tenth more: their mean score, the share right."""

    low: float
    clips: int
    score: float
    right: float


@dataclass(frozen=True)
class Acceptance:
    """What a threshold lets through: the share of clips, and how many of those are right."""

    threshold: float
    coverage: float
    precision: float


def accuracy(said: Labels, truth: Labels) -> float:
    """Share of clips judged right, in [0, 1]."""
    return float((said == truth).mean())


def f1_macro(said: Labels, truth: Labels) -> float:
    """Mean over the genres that occur in `truth` of their F1, in [0, 1]."""
    f1, clips = _f1(said, truth)
    return float(f1[clips > 0].mean())


def f1_weighted(said: Labels, truth: Labels) -> float:
    """Mean over all clips of the F1 of their true genre, in [0, 1]."""
    f1, clips = _f1(said, truth)
    return float((f1 * clips).sum() / clips.sum())


def _f1(said: Labels, truth: Labels) -> tuple[NDArray[np.float64], Labels]:
    """F1 and number of clips of each genre."""
    size = 1 + int(max(said.max(), truth.max()))
    right = np.bincount(truth[said == truth], minlength=size)
    true = np.bincount(truth, minlength=size)
    return 2 * right / np.maximum(true + np.bincount(said, minlength=size), 1), true


def confusion(said: Labels, truth: Labels, genres: int) -> NDArray[np.int64]:
    """Clips [genres, genres] by their true genre (rows) and what they are taken for.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(truth * genres + said, minlength=genres**2).reshape(genres, genres)


def row_shares(confusion: Sequence[Sequence[int]]) -> list[list[float]]:
    """A confusion matrix with rows that sum to 1, or to 0 where a genre does not occur."""
    counts = np.asarray(confusion, dtype=np.float64)
    shares: list[list[float]] = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).tolist()
    return shares


def per_genre(said: Labels, truth: Labels, genres: int) -> list[GenreScore]:
    """The score of each of so many genres; shares of nothing are 0."""
    table = confusion(said, truth, genres)
    right, true, told = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    return [
        GenreScore(float(p), float(r), float(f), int(n))
        for p, r, f, n in zip(
            right / np.maximum(told, 1),
            right / np.maximum(true, 1),
            2 * right / np.maximum(true + told, 1),
            true,
            strict=True,
        )
    ]


def interval(
    score: Callable[[Labels, Labels], float],
    said: Labels,
    truth: Labels,
    groups: Sequence[str],
) -> tuple[float, float]:
    """95% bootstrap interval of `score`; whole groups are drawn, as their clips are alike."""
    return middle(score(said[drawn], truth[drawn]) for drawn in resamples(groups))


def resamples(groups: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    """The same bootstrap draws each time: indices of clips, whole groups with replacement."""
    rng = np.random.default_rng(0)
    names, of = np.unique(np.asarray(groups), return_inverse=True)
    clips = np.argsort(of, kind="stable")
    members = np.split(clips, np.cumsum(np.bincount(of))[:-1])
    for _ in range(_RESAMPLES):
        drawn = rng.integers(len(names), size=len(names))
        # Of thousands of groups of one, this is what the other way would come to.
        alone = len(names) == len(clips)
        yield clips[drawn] if alone else np.concatenate([members[group] for group in drawn])


def middle(scores: Iterable[float]) -> tuple[float, float]:
    """The limits between which the middle 95% of `scores` lie."""
    low, high = np.percentile(list(scores), (2.5, 97.5))
    return float(low), float(high)


def share_interval(right: int, clips: int) -> tuple[float, float]:
    """95% interval of a share (Wilson, 1927), in [0, 1]; wide where there are few clips.

    >>> low, high = share_interval(9, 10)
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
    """Expected calibration error (Guo et al., 2017) of the best genre's score, in ten bins."""
    gaps = [
        abs(found.right - found.score) * found.clips for found in reliability(probabilities, truth)
    ]
    return sum(gaps) / len(truth)


def reliability(probabilities: Probabilities, truth: Labels) -> list[Bin]:
    """The tenths of the best genre's score in which there are clips, from the lowest."""
    score, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.minimum((score * _BINS).astype(int), _BINS - 1)
    return [
        Bin(
            b / _BINS,
            int((bins == b).sum()),
            float(score[bins == b].mean()),
            float(right[bins == b].mean()),
        )
        for b in np.unique(bins).tolist()
    ]


def log_loss(probabilities: Probabilities, truth: Labels) -> float:
    """Mean negative log of the true genre's score."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-9)).mean())


def coverage(probabilities: Probabilities, truth: Labels) -> list[Acceptance]:
    """What the surest tenth of the clips is worth, two tenths, and so on to all."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = (probabilities.argmax(axis=1) == truth)[order]
    ends = [max(1, round(len(truth) * share / 10)) for share in range(1, 11)]
    return [
        Acceptance(
            float(probabilities[order[end - 1]].max()), end / len(truth), float(right[:end].mean())
        )
        for end in ends
    ]


def surest_half(probabilities: Probabilities, truth: Labels) -> float:
    """Accuracy on the half of the clips with the highest scores, in [0, 1]."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")[: max(1, len(truth) // 2)]
    return accuracy(probabilities[order].argmax(axis=1), truth[order])


def acceptance(probabilities: Probabilities, truth: Labels, threshold: float) -> Acceptance:
    """Coverage and precision, both in [0, 1], of the clips that score `threshold` or more."""
    accepted = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == truth
    precision = float(right[accepted].mean()) if accepted.any() else 0.0
    return Acceptance(threshold, float(accepted.mean()), precision)


def threshold_for(
    probabilities: Probabilities, truth: Labels, precision: float, accepted: int
) -> Acceptance:
    """The lowest threshold, in hundredths, that lets clips through with `precision`.

    At least `accepted` clips must pass. Where no threshold reaches the precision, it is
    the one that comes nearest to it.
    """
    tried = [acceptance(probabilities, truth, step / 100) for step in range(1, 100)]
    enough = [found for found in tried if round(found.coverage * len(truth)) >= accepted]
    enough = enough or tried[:1]
    reached = (found for found in enough if found.precision >= precision)
    return next(reached, max(enough, key=lambda found: found.precision))
