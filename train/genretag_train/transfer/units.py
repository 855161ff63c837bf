"""Units: clips of one artist or album, whose genres are decided together."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities
from genretag.domain.pooling import Pooling
from genretag.domain.verdict import agree
from genretag.learning.out_of_fold import Calibrated, Mask
from genretag.learning.threshold import Families
from genretag.learning.units import Units
from genretag_train.data.dataset import Clip

MIN_CLIPS, MAX_CLIPS = 2, 30
"""How many clips a unit has. More than an album holds are a collection."""

Claims = NDArray[np.bool_]
"""[n_tracks, n_genres]: the genres that what is written stands for; none where nothing is."""


@dataclass(frozen=True)
class UnitRecipe:
    """Which groups of clips are units, and what is known of them beforehand.

    Attributes:
        sources: collections whose groups are artists or albums.
        coherent: the share of units whose tracks have one genre, in (0, 1).
        min_accepted: how many of their clips must reach the threshold at least.
        not_units: patterns of groups in `sources` that are no artists, such as repositories;
            `*` stands for any text, also with a slash.
    """

    sources: Sequence[str]
    coherent: float
    min_accepted: int
    not_units: Sequence[str] = ()


def find_units(calibrated: Calibrated, clips: Sequence[Clip], recipe: UnitRecipe) -> Units:
    """Find the units among the clips that calibration is done on."""
    scored = calibrated.scored
    chosen = scored.calibrates & np.array(
        [
            clip.collection in recipe.sources
            and not any(fnmatchcase(clip.group, pattern) for pattern in recipe.not_units)
            for clip in clips
        ]
    )
    members = (
        np.flatnonzero(chosen & (scored.groups == name)) for name in np.unique(scored.groups)
    )
    return Units(
        tuple(unit for unit in members if MIN_CLIPS <= len(unit) <= MAX_CLIPS),
        calibrated.probabilities,
        scored.truth,
        np.array([clip.genre for clip in clips]),
        scored.groups,
        scored.folds,
        calibrated.thresholds,
        scored.families,
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
