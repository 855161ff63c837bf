"""Units: clips of one artist or album, whose genres are decided together."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from genretag.learning.out_of_fold import Calibrated
from genretag.learning.units import MAX_TRACKS, MIN_TRACKS, Units
from genretag_train.data.dataset import Clip


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
        tuple(unit for unit in members if MIN_TRACKS <= len(unit) <= MAX_TRACKS),
        calibrated.probabilities,
        scored.truth,
        np.array([clip.genre for clip in clips]),
        scored.groups,
        scored.folds,
        calibrated.thresholds,
        scored.families,
    )
