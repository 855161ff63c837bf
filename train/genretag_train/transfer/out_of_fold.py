"""Out-of-fold predictions: every clip is scored by a head that was fitted without its fold."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities
from genretag.domain.prediction import Averaging, Embeddings
from genretag_train.data.dataset import Clip
from genretag_train.data.folds import Folds
from genretag_train.evaluation.calibration import fit_temperature, probabilities_at
from genretag_train.evaluation.threshold import (
    Families,
    choose_threshold,
    find_families,
    measure_accepted,
)
from genretag_train.transfer.embeddings import EmbeddedClip
from genretag_train.transfer.linear import Recipe, fit_head

UNKNOWN = -1
"""The label of a clip whose genre is none of the head's."""

Mask = NDArray[np.bool_]
"""[n_clips]: True for the clips that are meant."""


@dataclass(frozen=True)
class CalibrationTarget:
    """The precision that written genres must reach, and the music that it is measured on.

    At least `precision` of the clips that reach the threshold must be right, by the lower end of
    its 95% interval, and at least `min_accepted` clips must reach it. Temperature, threshold and
    genre sets are chosen on the collections `sources`, or on all clips where it names none.
    `averaging` is what is averaged over the windows of a clip, and `parents` has the families of
    genres, whose names are written too.
    """

    precision: float
    min_accepted: int
    sources: Sequence[str] = ()
    averaging: Averaging = "scores"
    parents: Mapping[str, str] = field(default_factory=dict)

    def includes(self, clip: Clip) -> bool:
        """Tell whether the clip is one of those that are chosen on."""
        return not self.sources or clip.collection in self.sources


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Clips with the logits [n_windows, n_genres] of heads that were fitted without their fold.

    `truth` [n_clips] has indices of genres, or UNKNOWN; `folds` and `groups` are [n_clips],
    `families` is [n_families, n_genres], and `calibrates` marks the clips that temperature,
    threshold and genre sets are chosen on.
    """

    clips: tuple[Clip, ...]
    logits: Sequence[NDArray[np.float32]]
    truth: Labels
    folds: NDArray[np.int64]
    groups: NDArray[np.str_]
    families: Families
    calibrates: Mask
    target: CalibrationTarget

    @property
    def known(self) -> Mask:
        """The clips of the head's genres."""
        known: Mask = self.truth != UNKNOWN
        return known

    def select_calibration(self, fold: int) -> Mask:
        """Select the clips of the other folds that one fold is calibrated on."""
        others: Mask = self.folds != fold
        selected: Mask = others & self.calibrates
        # A source that is left out whole may be the only one to choose on.
        return selected if (selected & self.known).any() else others

    def logits_of(self, mask: Mask) -> list[NDArray[np.float32]]:
        """Return the logits of some clips."""
        return [self.logits[index] for index in np.flatnonzero(mask).tolist()]

    def fit_temperature(self, mask: Mask) -> float:
        """Find the best temperature for some clips, see `calibration.fit_temperature`."""
        known = mask & self.known
        return fit_temperature(self.logits_of(known), self.truth[known], self.target.averaging)

    def probabilities_at(self, temperature: float, mask: Mask) -> Probabilities:
        """Return the scores of some clips, [n_clips, n_genres], at a temperature."""
        return probabilities_at(self.logits_of(mask), temperature, self.target.averaging)

    def choose_threshold(self, mask: Mask, temperature: float) -> float:
        """Choose the threshold that reaches the target on some clips."""
        return choose_threshold(
            self.probabilities_at(temperature, mask),
            self.truth[mask],
            self.groups[mask].tolist(),
            self.families,
            self.target.precision,
            self.target.min_accepted,
        )


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Calibrated predictions: `probabilities` [n_clips, n_genres] and `thresholds` [n_clips]."""

    scored: OutOfFold
    probabilities: Probabilities
    thresholds: NDArray[np.float64]

    def measure_accepted(self, mask: Mask) -> dict[str, Any]:
        """Measure what reaches the thresholds among some clips, see `AcceptedClips`."""
        scored, groups = self.scored, self.scored.groups[mask].tolist()
        return asdict(
            measure_accepted(
                self.probabilities[mask],
                scored.truth[mask],
                groups,
                scored.families,
                self.thresholds[mask],
            )
        )


def predict_out_of_fold(
    clips: Sequence[EmbeddedClip],
    genres: tuple[str, ...],
    folds: Folds,
    recipe: Recipe,
    unlabelled: Embeddings,
    target: CalibrationTarget,
) -> OutOfFold:
    """Fit a head without each fold, and predict the fold with it; see `cross_validate`."""
    placed = [(one, fold) for one, fold in zip(clips, folds, strict=True) if fold is not None]
    heads = {
        fold: fit_head([one for one, own in placed if own != fold], genres, recipe, unlabelled)
        for fold in {fold for _, fold in placed}
    }
    labels = {genre: index for index, genre in enumerate(genres)}
    return OutOfFold(
        tuple(one.clip for one, _ in placed),
        [heads[fold].compute_logits(one.embeddings) for one, fold in placed],
        np.array([labels.get(one.clip.genre, UNKNOWN) for one, _ in placed]),
        np.array([fold for _, fold in placed]),
        np.array([one.clip.group for one, _ in placed]),
        find_families(genres, target.parents),
        np.array([target.includes(one.clip) for one, _ in placed]),
        target,
    )


def calibrate_by_fold(scored: OutOfFold) -> Calibrated:
    """Calibrate each fold with the temperature and the threshold of the other folds.

    What calibration is worth for new music can be measured on the result.
    """
    probabilities = np.zeros((len(scored.logits), scored.logits[0].shape[1]))
    thresholds = np.zeros(len(scored.logits))
    for fold in np.unique(scored.folds):
        own, others = scored.folds == fold, scored.select_calibration(fold)
        temperature = scored.fit_temperature(others)
        probabilities[own] = scored.probabilities_at(temperature, own)
        thresholds[own] = scored.choose_threshold(others, temperature)
    return Calibrated(scored, probabilities, thresholds)
