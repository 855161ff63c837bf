"""Out-of-fold predictions: each sample is scored by a head that was fitted without its fold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities
from genretag.domain.prediction import Averaging
from genretag.learning.calibration import fit_temperature, probabilities_at
from genretag.learning.threshold import (
    AcceptedClips,
    Families,
    choose_threshold,
    measure_accepted,
)

UNKNOWN = -1
"""The label of a sample whose genre is none of the head's."""

Mask = NDArray[np.bool_]
"""[n_samples]: True for the samples that are meant."""


@dataclass(frozen=True)
class CalibrationTarget:
    """The precision that written genres must reach.

    At least `precision` of the samples that reach the threshold must be right, by the lower end of
    its 95% interval, and at least `min_accepted` samples must reach it. `averaging` is what is
    averaged over the windows of a sample. Where no threshold is as good, it is `otherwise`,
    or one that comes near it, see `threshold.choose_threshold`.
    """

    precision: float
    min_accepted: int
    averaging: Averaging = "scores"
    otherwise: float | None = None


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Samples with the logits [n_windows, n_genres] of heads that were fitted without their fold.

    `truth` [n_samples] has indices of genres, or UNKNOWN; `folds` and `groups` are [n_samples],
    `families` is [n_families, n_genres], and `calibrates` marks the samples that temperature and
    threshold are chosen on. A genre without any family stands for music without a name: it is
    never written, and its samples count as those of no genre.
    """

    logits: Sequence[NDArray[np.float32]]
    truth: Labels
    folds: NDArray[np.int64]
    groups: NDArray[np.str_]
    families: Families
    calibrates: Mask
    target: CalibrationTarget

    @property
    def known(self) -> Mask:
        """The samples of genres that have a name."""
        named = np.append(self.families.any(axis=0), False)  # UNKNOWN is the last
        known: Mask = named[self.truth]
        return known

    def select_calibration(self, fold: int) -> Mask:
        """Select the samples of the other folds that one fold is calibrated on."""
        others: Mask = self.folds != fold
        selected: Mask = others & self.calibrates
        # A source that is left out whole may be the only one to choose on.
        return selected if (selected & self.known).any() else others

    def logits_of(self, mask: Mask) -> list[NDArray[np.float32]]:
        """Return the logits of some samples."""
        return [self.logits[index] for index in np.flatnonzero(mask).tolist()]

    def fit_temperature(self, mask: Mask) -> float:
        """Find the best temperature for some samples, see `calibration.fit_temperature`."""
        labelled = mask & (self.truth != UNKNOWN)
        return fit_temperature(
            self.logits_of(labelled), self.truth[labelled], self.target.averaging
        )

    def probabilities_at(self, temperature: float, mask: Mask) -> Probabilities:
        """Return the scores of some samples, [n_samples, n_genres], at a temperature."""
        return probabilities_at(self.logits_of(mask), temperature, self.target.averaging)

    def choose_threshold(self, mask: Mask, temperature: float) -> float:
        """Choose the threshold that reaches the target on some samples."""
        return choose_threshold(
            self.probabilities_at(temperature, mask),
            self.truth[mask],
            self.groups[mask].tolist(),
            self.families,
            self.target.precision,
            self.target.min_accepted,
            self.target.otherwise,
        )


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Calibrated predictions: `probabilities` [n_samples, n_genres], `thresholds` [n_samples]."""

    scored: OutOfFold
    probabilities: Probabilities
    thresholds: NDArray[np.float64]

    def measure_accepted(self, mask: Mask) -> AcceptedClips:
        """Measure what reaches the thresholds among some samples."""
        scored = self.scored
        return measure_accepted(
            self.probabilities[mask],
            scored.truth[mask],
            scored.groups[mask].tolist(),
            scored.families,
            self.thresholds[mask],
        )


def calibrate_all(scored: OutOfFold) -> tuple[float, Calibrated]:
    """Choose one temperature and one threshold for all samples; return the temperature too."""
    temperature = round(scored.fit_temperature(scored.calibrates), 3)
    threshold = scored.choose_threshold(scored.calibrates, temperature)
    everything = np.ones(len(scored.truth), bool)
    return temperature, Calibrated(
        scored,
        scored.probabilities_at(temperature, everything),
        np.full(len(scored.truth), threshold),
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
