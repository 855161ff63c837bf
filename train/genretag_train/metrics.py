"""How well clips were judged: plain numbers, their intervals and their calibration."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

Chances = NDArray[np.float64]
"""[n_clips, n_genres], rows sum to 1: what `scan` would show of each clip."""

Labels = NDArray[np.int64]
"""[n_clips]: indices of genres."""

_RESAMPLES = 2000
_BINS = 10


def report(
    chances: Chances, truth: Labels, groups: Sequence[str], genres: Sequence[str]
) -> dict[str, Any]:
    """Everything that the model card and `metrics.json` say about one side of a split."""
    said = chances.argmax(axis=1)
    return {
        "clips": len(truth),
        "groups": len(set(groups)),
        "accuracy": accuracy(said, truth),
        "accuracy_95": interval(accuracy, said, truth, groups),
        "accuracy_top2": float((np.argsort(-chances)[:, :2] == truth[:, None]).any(axis=1).mean()),
        "f1_macro": f1_macro(said, truth),
        "f1_macro_95": interval(f1_macro, said, truth, groups),
        "f1_weighted": f1_weighted(said, truth),
        "f1_weighted_95": interval(f1_weighted, said, truth, groups),
        "ece": calibration_error(chances, truth),
        "mean_score": float(chances.max(axis=1).mean()),
        "genres": _per_genre(said, truth, genres),
        "confusion": confusion_matrix(truth, said, labels=range(len(genres))).tolist(),
    }


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
    # Counted here, as a bootstrap asks thousands of times and scikit-learn takes its time.
    size = 1 + int(max(said.max(), truth.max()))
    right = np.bincount(truth[said == truth], minlength=size)
    true = np.bincount(truth, minlength=size)
    return 2 * right / np.maximum(true + np.bincount(said, minlength=size), 1), true


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
    members = [np.flatnonzero(of == group) for group in range(len(names))]
    for _ in range(_RESAMPLES):
        yield np.concatenate(
            [members[group] for group in rng.integers(len(names), size=len(names))]
        )


def middle(scores: Iterable[float]) -> tuple[float, float]:
    """The limits between which the middle 95% of `scores` lie."""
    low, high = np.percentile(list(scores), (2.5, 97.5))
    return float(low), float(high)


def calibration_error(chances: Chances, truth: Labels) -> float:
    """Expected calibration error (Guo et al., 2017) of the best genre's score, in ten bins."""
    score, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    bins = np.minimum((score * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(float(right[bins == b].mean() - score[bins == b].mean())) * int((bins == b).sum())
        for b in np.unique(bins)
    ]
    return sum(gaps) / len(truth)


def log_loss(chances: Chances, truth: Labels) -> float:
    """Mean negative log of the true genre's score."""
    return float(-np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-9)).mean())


def row_shares(confusion: Sequence[Sequence[int]]) -> list[list[float]]:
    """A confusion matrix with rows that sum to 1, or to 0 where a genre does not occur."""
    counts = np.asarray(confusion, dtype=np.float64)
    shares: list[list[float]] = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).tolist()
    return shares


def _per_genre(said: Labels, truth: Labels, genres: Sequence[str]) -> dict[str, dict[str, Any]]:
    columns = precision_recall_fscore_support(
        truth, said, labels=range(len(genres)), zero_division=0
    )
    return {
        genre: {"precision": float(p), "recall": float(r), "f1": float(f), "clips": int(n)}
        for genre, p, r, f, n in zip(genres, *columns, strict=True)
    }
