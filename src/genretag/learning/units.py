"""Units of samples with out-of-fold scores: albums or artists whose genres are decided together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities
from genretag.domain.pooling import Pooling, pool, unit_scores
from genretag.domain.verdict import agree
from genretag.learning.out_of_fold import CalibrationTarget, Mask
from genretag.learning.threshold import Families, choose_threshold

MIN_TRACKS, MAX_TRACKS = 2, 30
"""Limits of the tracks of a unit. More than an album holds are a collection."""

Claims = NDArray[np.bool_]
"""[n_tracks, n_genres]: the genres that what is written stands for; none where nothing is."""


@dataclass(frozen=True, eq=False)
class Units:
    """Units of clips with their own scores, which were calibrated without their fold.

    `members` has the indices of the clips of each unit; clips that are in none of them are not
    looked at. `scores` is [n_clips, n_genres], `families` [n_families, n_genres]; `labels` has the
    names of the true genres, and `truth` their indices or UNKNOWN. `thresholds` are those for clips
    that are decided alone.
    """

    members: tuple[NDArray[np.int64], ...]
    scores: Probabilities
    truth: Labels
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    folds: NDArray[np.int64]
    thresholds: NDArray[np.float64]
    families: Families

    @property
    def clips(self) -> NDArray[np.int64]:
        """The indices of the clips of all units, unit by unit."""
        return np.concatenate(self.members) if self.members else np.zeros(0, np.int64)

    def select(self, mask: Mask) -> "Units":
        """Keep the units of which all clips are in `mask` [n_clips]."""
        return replace(self, members=tuple(unit for unit in self.members if mask[unit].all()))

    def shuffle(self, seed: int, size: int = 0) -> "Units":
        """Move the clips of each fold to other units: of the same sizes as they are, or of `size`.

        So folders look whose files have nothing in common. Clips that are left over are in none.
        """
        rng = np.random.default_rng(seed)
        dealt: list[NDArray[np.int64]] = []
        for fold in np.unique(self.folds[self.clips]):
            own = self.select(self.folds == fold)
            sizes = [size] * (len(own.clips) // size) if size else map(len, own.members)
            dealt += np.split(rng.permutation(own.clips), np.cumsum([*sizes]))[:-1]
        return replace(self, members=tuple(dealt))

    def pool(self, poolings: Mapping[int, Pooling], is_tagged: bool = True) -> Probabilities:
        """Return the pooled scores [n_clips, n_genres], with the parameters for each fold."""
        pooled = self.scores.copy()
        for unit in self.members:
            pooling = poolings[int(self.folds[unit[0]])]
            pooled[unit] = pool(self.scores[unit], pooling, is_tagged)
        return pooled

    def mean_scores(self, pooled: Probabilities) -> Probabilities:
        """Return for each clip the scores of its unit, [n_clips, n_genres]."""
        means = pooled.copy()
        for unit in self.members:
            means[unit] = unit_scores(pooled[unit])
        return means

    def choose_threshold(self, poolings: Mapping[int, Pooling], target: CalibrationTarget) -> float:
        """Choose the threshold of pooled scores, see `threshold.choose_threshold`."""
        clips, means = self.clips, self.mean_scores(self.pool(poolings))
        return choose_threshold(
            means[clips],
            self.truth[clips],
            self.groups[clips].tolist(),
            self.families,
            target.precision,
            target.min_accepted,
            target.otherwise,
        )


def decide(
    pooled: Probabilities, own: Probabilities, pooling: Pooling, families: Families
) -> Claims:
    """Return what is claimed of the tracks of an album.

    As `verdict.decide_together`: where the album's best genre or family reaches the threshold, it
    is written into all tracks but those that are apart, which get their own best genre; otherwise
    nothing is. `pooled` and `own` are their scores [n_tracks, n_genres] in the light of all and by
    their own sound.
    """
    shares, is_apart = agree(pooled, own, pooling.apart)
    claims = np.tile(_claim(shares, families, pooling.threshold), (len(pooled), 1))
    if claims.any():
        claims[is_apart] = np.eye(len(shares), dtype=bool)[own[is_apart].argmax(axis=1)]
    return claims


def is_right(claims: Claims, truth: Labels) -> Mask:
    """Return for which tracks [n_tracks] the true genre is among those that are claimed."""
    right: Mask = claims[np.arange(len(truth)), truth] & (truth >= 0)
    return right


def _claim(shares: NDArray[np.float64], families: Families, threshold: float) -> Mask:
    sums = families @ shares
    claim: Mask = families[sums.argmax()] & (sums.max() >= threshold)
    if shares.max() >= threshold:
        claim = np.arange(len(shares)) == shares.argmax()
    return claim
