"""What a model says about a track, and how it gets there from its windows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
"""[n_windows, n_genres], each in [0, 1], each row sums to 1."""

Embeddings = NDArray[np.float32]
"""[n_windows, width]: what a model's last layer is given, unbounded."""


@dataclass(frozen=True)
class ScoredGenre:
    """A genre and its calibrated score in [0, 1]."""

    name: str
    score: float


@dataclass(frozen=True)
class Prediction:
    """All genres of the model, best first, over the `windows` that were not silent.

    A track in which nothing but silence was heard has no genres and no windows. `embedding`
    [width] is the mean of its windows' embeddings, in half precision; a model that tells none
    leaves it empty.
    """

    genres: tuple[ScoredGenre, ...]
    windows: int
    duration_s: float
    model: str
    embedding: NDArray[np.float16] = field(
        default_factory=lambda: np.zeros(0, np.float16), compare=False, repr=False
    )

    def __post_init__(self) -> None:
        scores = [genre.score for genre in self.genres]
        if scores != sorted(scores, reverse=True):
            raise ValueError("genres must stand best first")


def genre_set(prediction: Prediction, mass: float) -> tuple[ScoredGenre, ...]:
    """The fewest genres, best first, whose scores sum to `mass` or more; all if none do.

    With the `mass` that a model's manifest has for a probability, a conformal prediction
    set (Romano, Sesia and Candès, 2020): it holds the true genre with that probability.
    """
    total = 0.0
    for count, genre in enumerate(prediction.genres, start=1):
        total += genre.score
        if total >= mass:
            return prediction.genres[:count]
    return prediction.genres


def _normalised(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = totals / totals.sum()
    return shares


def mean(scores: Scores) -> NDArray[np.float64]:
    """Mean of the windows' probabilities."""
    average: NDArray[np.float64] = scores.mean(axis=0, dtype=np.float64)
    return average


def median(scores: Scores) -> NDArray[np.float64]:
    """Median of each genre over the windows, scaled to sum to 1: one odd window counts little."""
    medians = np.median(scores, axis=0).astype(np.float64)
    return _normalised(medians) if medians.sum() > 0 else mean(scores)


def maximum(scores: Scores) -> NDArray[np.float64]:
    """Best window of each genre, scaled to sum to 1: one telling window counts much."""
    return _normalised(scores.max(axis=0).astype(np.float64))


def vote(scores: Scores) -> NDArray[np.float64]:
    """Share of the windows in which each genre came first."""
    winners = np.bincount(scores.argmax(axis=1), minlength=scores.shape[1])
    return _normalised(winners.astype(np.float64))


AGGREGATIONS: Mapping[str, Callable[[Scores], NDArray[np.float64]]] = {
    "mean": mean,
    "median": median,
    "max": maximum,
    "vote": vote,
}


def ranked(names: Sequence[str], scores: NDArray[np.float64]) -> tuple[ScoredGenre, ...]:
    """Genres with their scores [n_genres], best first; equal scores keep the model's order."""
    order = np.argsort(-scores, kind="stable")
    return tuple(ScoredGenre(names[i], float(scores[i])) for i in order)
