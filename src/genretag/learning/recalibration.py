"""Calibrates a finished model on tracks whose genres are known, and finds a threshold for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.calibration import calibrate_scores, log_odds
from genretag.domain.evaluation import MIN_COMPARED, MIN_PASSED
from genretag.domain.manifest import Activation
from genretag.learning.calibration import fit_platt, fit_temperature
from genretag.learning.folds import fold_groups
from genretag.learning.threshold import AcceptedClips, choose_threshold, measure_accepted

MIN_ARTISTS = 10
"""Scores of one artist's tracks are mistaken in the same way: fewer artists tell too little."""

CANDIDATES = 5
"""So many of a track's best genres are fitted to: the others are all but surely wrong."""


@dataclass(frozen=True, eq=False)
class JudgedTracks:
    """Tracks with the raw scores of a model, and which of its genres they have.

    Attributes:
        scores: [n_tracks, n_genres], of each track from the best to the last.
        is_right: [n_tracks, n_genres], one genre of each track at least.
        artists: by whom each track is.
    """

    scores: NDArray[np.float32]
    is_right: NDArray[np.bool_]
    artists: Sequence[str]

    @property
    def lack(self) -> str | None:
        """Say what a calibration needs that is not there; None if nothing is missing."""
        files, artists = len(self.artists), len(set(self.artists))
        more = [
            f"{needed - count} more {kind}"
            for kind, count, needed in (
                ("files", files, MIN_COMPARED),
                ("artists", artists, MIN_ARTISTS),
            )
            if count < needed
        ]
        if not more:
            return None
        return (
            f"{files} files by {artists} artists can be compared; it takes {MIN_COMPARED} by "
            f"{MIN_ARTISTS}, so {' and '.join(more)}"
        )


@dataclass(frozen=True)
class Recalibration:
    """A calibration that was fitted to all tracks, and what is to be expected of it.

    Attributes:
        scale: as of `domain.calibration.Calibration`.
        bias: the same.
        threshold: chosen on scores that were calibrated without the track's artist, in [0, 1].
        expected: the tracks that reach it with such scores.
    """

    scale: float
    bias: float
    threshold: float
    expected: AcceptedClips

    def is_as_precise_as(self, precision: float) -> bool:
        """Tell whether enough tracks reach the threshold, and enough of them are right."""
        passed = round(self.expected.coverage * self.expected.clips)
        return passed >= MIN_PASSED and self.expected.precision >= precision


def recalibrate(tracks: JudgedTracks, activation: Activation, precision: float) -> Recalibration:
    """Fit a calibration to all tracks, and choose a threshold by cross-validation over artists.

    The threshold is the lowest one from which the best genres of so many tracks are right, as
    `choose_threshold` finds it.

    Args:
        tracks: of several artists.
        activation: of the model.
        precision: how many of the genres that are written should be right, in [0, 1].
    """
    best = np.where(tracks.is_right[:, 0], 0, -1)
    # Each track has one score, that its best genre is right.
    alone = np.ones((1, 1), bool)
    held_out = _calibrate_out_of_fold(tracks, activation)[:, None]
    threshold = choose_threshold(held_out, best, tracks.artists, alone, precision, MIN_PASSED)
    expected = measure_accepted(held_out, best, tracks.artists, alone, threshold)
    every = np.ones(len(best), bool)
    return Recalibration(*_fit(tracks, every, activation), threshold, expected)


def _calibrate_out_of_fold(tracks: JudgedTracks, activation: Activation) -> NDArray[np.float64]:
    """Return the best score of each track [n_tracks], calibrated without its artist."""
    folds = fold_groups(tracks.is_right[:, 0].astype(np.int64), tracks.artists)
    calibrated = np.zeros(len(folds))
    for fold in np.unique(folds):
        held_out = folds == fold
        scale, bias = _fit(tracks, ~held_out, activation)
        scores = calibrate_scores(tracks.scores[held_out], activation, scale, bias)
        calibrated[held_out] = scores[:, 0]
    return calibrated


def _fit(
    tracks: JudgedTracks, used: NDArray[np.bool_], activation: Activation
) -> tuple[float, float]:
    """Return scale and bias for the `used` tracks, [n_tracks]."""
    scores, is_right = tracks.scores[used], tracks.is_right[used]
    if activation == "softmax":
        logits = np.log(np.maximum(scores, np.finfo(np.float32).tiny))
        return 1 / fit_temperature(list(logits[:, None]), is_right.argmax(axis=1)), 0.0
    odds = log_odds(scores[:, :CANDIDATES]).ravel()
    return fit_platt(odds, is_right[:, :CANDIDATES].ravel())
