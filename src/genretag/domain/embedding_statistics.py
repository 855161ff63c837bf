"""Statistics of the embeddings of music, genre by genre.

Embeddings of one genre are taken for a Gaussian: all genres share the covariance, whose largest
part is kept as a few factors and the rest as a variance of each dimension. So music of a genre can
be simulated where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EmbeddingStatistics:
    """Means and common deviations of the embeddings of tracks.

    Attributes:
        genres: their names.
        means: [n_genres, width].
        deviation: [width], of the tracks of a genre from its mean.
        factors: [n_factors, width], in units of `deviation`.

    Raises:
        ValueError: the shapes do not fit each other, or a number is not finite.
    """

    genres: tuple[str, ...]
    means: _Array
    deviation: _Array
    factors: _Array

    def __post_init__(self) -> None:
        width = len(self.deviation)
        shapes = self.means.shape == (len(self.genres), width), self.factors.shape[1:] == (width,)
        if not all(shapes):
            raise ValueError("the statistics of embeddings do not fit each other")
        if not all(np.isfinite(one).all() for one in (self.means, self.deviation, self.factors)):
            raise ValueError("the statistics of embeddings are not all numbers")

    def simulate(self, genres: Sequence[str], tracks: int, seed: int = 0) -> _Array:
        """Draw embeddings of so many tracks of each genre, [n_genres * tracks, width].

        Args:
            genres: some of `self.genres`; they take turns.
            tracks: how many of each.
            seed: the same one gives the same tracks.
        """
        rng = np.random.default_rng(seed)
        means = self.means[[self.genres.index(genre) for genre in genres] * tracks]
        common = rng.normal(size=(len(means), len(self.factors))) @ self.factors
        rest = np.sqrt(np.maximum(1 - np.square(self.factors).sum(axis=0), 0))
        drawn: _Array = means + self.deviation * (common + rest * rng.normal(size=means.shape))
        return drawn


def measure_embeddings(
    embeddings: _Array, genres: Sequence[str], n_factors: int = 20
) -> EmbeddingStatistics:
    """Measure the embeddings [n_tracks, width] of tracks of these genres."""
    names, labels = np.unique(np.asarray(genres), return_inverse=True)
    means = np.stack([embeddings[labels == n].mean(axis=0) for n in range(len(names))])
    rest = embeddings - means[labels]
    deviation = rest.std(axis=0)
    scaled = rest / np.where(deviation > 0, deviation, 1)
    _, sizes, axes = np.linalg.svd(scaled, full_matrices=False)
    factors = (sizes[:, None] * axes)[:n_factors] / np.sqrt(len(embeddings))
    return EmbeddingStatistics(tuple(names.tolist()), means, deviation, factors)
