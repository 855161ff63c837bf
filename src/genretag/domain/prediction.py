"""The prediction of a model for a track, and the way to it from its windows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
"""[n_windows, n_genres], each in [0, 1]; each row sums to 1, unless a genre scores by itself."""

Averaging = Literal["scores", "logits"]
"""Averaged over the windows of a track: their scores, or the logits that these come from."""

Embeddings = NDArray[np.float32]
"""[n_windows, width]: the input of a model's last layer, unbounded."""


_LEAST_SCORE = np.finfo(np.float32).tiny
"""In place of a score that is too small for its type, as the logarithm of 0 is endless."""


@dataclass(frozen=True, slots=True)
class ScoredGenre:
    """A genre and its score in [0, 1]."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The genres of a track; without genres and windows if all of it is silent.

    Attributes:
        genres: all genres of the model, best first.
        windows: how many windows were scored; silent ones are not.
        duration_s: of the track, in seconds.
        model: identity of the model.
        embedding: [width], the mean of its windows' embeddings in half precision; of width 0
            if the model has none.
        is_calibrated: whether a score is the share of tracks in which the genre is right.

    Raises:
        ValueError: the genres are not in the order of their scores.
    """

    genres: tuple[ScoredGenre, ...]
    windows: int
    duration_s: float
    model: str
    embedding: NDArray[np.float16] = field(
        default_factory=lambda: np.zeros(0, np.float16), compare=False, repr=False
    )
    is_calibrated: bool = True

    def __post_init__(self) -> None:
        scores = [genre.score for genre in self.genres]
        if scores != sorted(scores, reverse=True):
            raise ValueError("genres must stand best first")


def prediction_set(prediction: Prediction, mass: float) -> tuple[ScoredGenre, ...]:
    """Return the fewest genres, best first, whose scores sum to `mass` or more; else all.

    With the `mass` that a model's manifest has for a probability, this is a conformal
    prediction set (Romano, Sesia and Candès, 2020): it holds the true genre with that
    probability.

    >>> rock, pop = ScoredGenre("Rock", 0.7), ScoredGenre("Pop", 0.3)
    >>> prediction_set(Prediction((rock, pop), 4, 180.0, "toy"), 0.6)
    (ScoredGenre(name='Rock', score=0.7),)
    """
    total = 0.0
    for count, genre in enumerate(prediction.genres, start=1):
        total += genre.score
        if total >= mass:
            return prediction.genres[:count]
    return prediction.genres


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> Scores:
    """Turn logits [..., n_genres] into scores of the same shape that sum to 1 over the genres.

    Logits are divided by `temperature`, above 0, first (Guo et al., 2017).

    >>> softmax(np.array([[0.0, 0.0]], np.float32)).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp((logits - logits.max(axis=-1, keepdims=True)) / np.float32(temperature))
    scores: Scores = powers / powers.sum(axis=-1, keepdims=True)
    return scores


def sigmoid(logits: NDArray[np.float32], temperature: float = 1.0) -> Scores:
    """Turn logits of any shape into scores of the same shape, each by itself.

    Logits are divided by `temperature`, above 0, first.

    >>> sigmoid(np.array([[0.0, 1000.0]], np.float32)).tolist()
    [[0.5, 1.0]]
    """
    # The hyperbolic tangent does not overflow, as an exponential would.
    halves = np.tanh(logits / np.float32(2 * temperature))
    scores: Scores = (np.float32(0.5) + np.float32(0.5) * halves).astype(np.float32)
    return scores


def mean_scores(scores: Scores, averaging: Averaging = "scores") -> NDArray[np.float64]:
    """Return the scores of a track, [n_genres]: the mean over its windows, one or more.

    The mean of logits is that of the logarithms of scores, and so asks all windows to agree: what
    one of them rules out, the track is not (a logarithmic opinion pool).

    >>> mean_scores(np.array([[1.0, 0.0], [0.5, 0.5]], np.float32)).tolist()
    [0.75, 0.25]
    >>> mean_scores(np.array([[0.9, 0.1], [0.5, 0.5]], np.float32), "logits").round(2).tolist()
    [0.75, 0.25]
    """
    if averaging == "scores":
        mean: NDArray[np.float64] = scores.mean(axis=0, dtype=np.float64)
        return mean
    logs = np.log(np.maximum(scores, _LEAST_SCORE)).mean(axis=0, dtype=np.float64)
    powers: NDArray[np.float64] = np.exp(logs - logs.max())
    powers /= powers.sum()
    return powers


def rank_genres(names: Sequence[str], scores: NDArray[np.float64]) -> tuple[ScoredGenre, ...]:
    """Return genres with their scores [n_genres], best first; equal scores keep their order.

    >>> [genre.name for genre in rank_genres(("Pop", "Rock"), np.array([0.2, 0.8]))]
    ['Rock', 'Pop']
    """
    order = np.argsort(-scores, kind="stable")
    return tuple(ScoredGenre(names[i], float(scores[i])) for i in order)
