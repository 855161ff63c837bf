"""A model of the genres of tracks that belong together: an album, or the songs of an artist.

A unit has one genre, or it is a mixture in which each track is on its own. In a unit with one
genre, a track has that genre with the probability `agreement`; otherwise any other is as likely.

What is known of a track is its scores, calibrated by itself: p(g). Over equal priors they speak
for genre g by the factor e(g) = n_genres p(g). Scores may be wrong in ways that nothing tells, so
a share of them, `outlier`, is taken to say nothing. Tracks of one artist are wrong in the same
way: n_tracks of them are worth n_tracks / (1 + (n_tracks - 1) correlation) independent ones, by
the design effect (Kish, 1965), and so an album of a hundred is hardly surer than one of twenty.
What remains is tempered by the power w = weight / (1 + (n_tracks - 1) correlation), as in a
fractional posterior (Grünwald and van Ommen, 2017):

    l(g) = w log((1 - outlier) e(g) + outlier)

The other tracks of a unit have the genre g in common with the probability q(g), which is
proportional to the exponential of the sum of their l(g). Together with its own scores a track has
the genre g in proportion to p(g) ** w (agreement n_genres q(g) + 1 - agreement). That is mixed
with p(g) by the probability that the unit has one genre: `coherent` before anything is known, times
the mean over g of the exponential of the sum of all l(g).

A genre that a person gave a track is scores of another kind: all of them lie on one name, the
name may be one that no model knows, and they are not tempered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Probabilities

Votes = Mapping[int, int]
"""How many persons' tags say each genre, by its column."""


_ROUNDING = 1e-4


@dataclass(frozen=True)
class Pooling:
    """Parameters of the model, fitted on artists that no head had learned from.

    Attributes:
        outlier: the share of tracks whose scores say nothing, in [0, 1].
        weight: of two or more tracks' scores, above 0.
        correlation: of the mistakes in the scores of two tracks, in [0, 1].
        agreement: the probability that a track has the genre of its unit, in [0, 1].
        vote: the same for a genre that a person gave, in [0, 1].
        coherent: the probability that tracks have one genre which tags say belong together, in
            (0, 1).
        coherent_folder: the same for files that only share a folder.
        threshold: the pooled score from which a genre is written, in [0, 1].
        apart: the score by its own sound from which a track keeps a genre that its unit does not
            have, in [0, 1].

    Raises:
        ValueError: a value is out of range.
    """

    outlier: float
    weight: float
    correlation: float
    agreement: float
    vote: float
    coherent: float
    coherent_folder: float
    threshold: float
    apart: float

    def __post_init__(self) -> None:
        for name in ("outlier", "correlation", "agreement", "vote", "threshold", "apart"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], not {getattr(self, name)}")
        for name in ("coherent", "coherent_folder"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        if not 0 < self.weight < np.inf:
            raise ValueError(f"the weight must be above 0, not {self.weight}")


def pool(
    scores: Probabilities, pooling: Pooling, is_tagged: bool = True, votes: Votes | None = None
) -> Probabilities:
    """Return the scores of each track of a unit in the light of all, same shape.

    One track without votes keeps its own.

    Args:
        scores: [n_tracks, n_genres], each track's own; equal ones for a track of which nothing is
            known. Where a row sums to less than 1, the rest is that of music without any of the
            genres, and is one more genre here.
        pooling: parameters of the model.
        is_tagged: whether tags say that the tracks belong together.
        votes: genres that a person gave other tracks of the unit.
    """
    if len(scores) + sum((votes or {}).values()) < 2:
        return scores
    rest = np.maximum(1 - scores.sum(axis=1, keepdims=True), 0)
    if rest.max() > _ROUNDING:
        return _pool_all(np.hstack([scores, rest]), pooling, is_tagged, votes)[:, :-1]
    return _pool_all(scores, pooling, is_tagged, votes)


def _pool_all(
    scores: Probabilities, pooling: Pooling, is_tagged: bool, votes: Votes | None
) -> Probabilities:
    """Return what `pool` does, for rows that sum to 1."""
    n_tracks, n_genres = scores.shape
    scores = np.maximum(scores, np.finfo(np.float32).tiny)
    power = pooling.weight / (1 + (n_tracks - 1) * pooling.correlation)
    factors = (1 - pooling.outlier) * n_genres * scores + pooling.outlier
    evidence = power * np.log(factors)
    said = _weigh_votes(votes or {}, n_genres, pooling.vote)
    total = evidence.sum(axis=0) + said
    common = _softmax(total - evidence)
    agreement = pooling.agreement
    together = scores**power * (agreement * n_genres * common + 1 - agreement)
    together /= together.sum(axis=1, keepdims=True)
    prior = pooling.coherent if is_tagged else pooling.coherent_folder
    share = _coherence(total, prior)
    pooled: Probabilities = share * together + (1 - share) * scores
    return pooled


def _weigh_votes(votes: Votes, n_genres: int, reliability: float) -> NDArray[np.float64]:
    """Return the logarithm of the factor by which `votes` speak for each genre, [n_genres]."""
    said = np.zeros(n_genres)
    tiny = np.finfo(np.float32).tiny
    for genre, count in votes.items():
        factors = np.full(n_genres, max(1 - reliability, tiny))
        factors[genre] += reliability * n_genres
        said += count * np.log(factors)
    return said


def _softmax(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _coherence(total: NDArray[np.float64], prior: float) -> float:
    """Return the probability that a unit has one genre, from all that speaks for each genre."""
    largest = float(total.max())
    log_odds = largest + float(np.log(np.exp(total - largest).mean())) + np.log(prior / (1 - prior))
    return float(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))))


def unit_scores(pooled: Probabilities) -> NDArray[np.float64]:
    """Return the scores of a unit, [n_genres]: how many of its tracks have each genre.

    That is the mean of the pooled scores [n_tracks, n_genres], and so the share that would be
    right if all of them got one genre.
    """
    mean: NDArray[np.float64] = pooled.mean(axis=0)
    return mean
