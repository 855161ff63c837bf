"""Cross-validation of heads: their scores on music that they were not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genretag.domain.metrics import Labels, Probabilities
from genretag.domain.prediction import Embeddings
from genretag_train.data.dataset import Clip
from genretag_train.data.folds import Folds
from genretag_train.evaluation.genre_sets import fit_set_masses
from genretag_train.transfer.embeddings import EmbeddedClip
from genretag_train.transfer.linear import Recipe
from genretag_train.transfer.out_of_fold import (
    Calibrated,
    CalibrationTarget,
    Mask,
    calibrate_by_fold,
    predict_out_of_fold,
)
from genretag_train.transfer.validation_report import report_validation


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Out-of-fold predictions of clips, and how good they are.

    `by_fold` are calibrated with the temperature and the threshold of the other folds, so that
    they show what calibration is worth too; `temperature`, `threshold` and `set_masses` are those
    of all.
    """

    by_fold: Calibrated
    temperature: float
    threshold: float
    set_masses: tuple[float, ...]
    report: dict[str, Any]

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The clips that are predicted."""
        return self.by_fold.scored.clips

    @property
    def truth(self) -> Labels:
        """The genres [n_clips]; UNKNOWN for clips of genres that the heads do not know."""
        return self.by_fold.scored.truth

    @property
    def probabilities(self) -> Probabilities:
        """The scores [n_clips, n_genres] of `by_fold`."""
        return self.by_fold.probabilities

    @property
    def compared(self) -> Mask:
        """The clips [n_clips] of the heads' genres that calibration is done on."""
        scored = self.by_fold.scored
        return scored.calibrates & scored.known

    @property
    def summary(self) -> dict[str, Any]:
        """The part of the report that a manifest keeps."""
        names = ("clips", "accuracy", "accuracy_95", "accuracy_top2", "f1_macro", "f1_macro_95")
        return {
            name: self.report[name]
            for name in (*names, "half", "ece", "chosen", "accepted", "coverage")
        }


def cross_validate(
    clips: Sequence[EmbeddedClip],
    genres: tuple[str, ...],
    folds: Folds,
    recipe: Recipe,
    unlabelled: Embeddings,
    target: CalibrationTarget,
) -> CrossValidation:
    """Predict each clip by a head that is fitted without its fold, and measure the predictions.

    Clips of other genres than `genres` can only be predicted wrong. They count in the threshold,
    and in the report under `chosen`, `accepted`, `others`, `coverage`, and as `written` of a
    source.

    Args:
        clips: all clips; those without a fold are neither predicted nor fitted to.
        genres: the head's.
        folds: the fold of each clip.
        recipe: how heads are fitted.
        unlabelled: embeddings [n_windows, width] of windows without a genre, see `fit_head`.
        target: what the threshold must reach.
    """
    scored = predict_out_of_fold(clips, genres, folds, recipe, unlabelled, target)
    temperature = round(scored.fit_temperature(scored.calibrates), 3)
    threshold = scored.choose_threshold(scored.calibrates, temperature)
    final = Calibrated(
        scored,
        scored.probabilities_at(temperature, np.ones(len(scored.clips), bool)),
        np.full(len(scored.clips), threshold),
    )
    by_fold = calibrate_by_fold(scored)
    both = scored.known & scored.calibrates
    return CrossValidation(
        by_fold,
        temperature,
        threshold,
        fit_set_masses(final.probabilities[both], scored.truth[both]),
        report_validation(final, by_fold, genres),
    )
