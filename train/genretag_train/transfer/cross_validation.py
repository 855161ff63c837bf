"""Cross-validation of heads: their scores on music that they were not fitted to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genretag.domain.metrics import Labels, Probabilities
from genretag.domain.prediction import Embeddings
from genretag.learning.out_of_fold import (
    UNKNOWN,
    Calibrated,
    CalibrationTarget,
    Mask,
    OutOfFold,
    calibrate_all,
    calibrate_by_fold,
)
from genretag.learning.threshold import find_families
from genretag_train.data.dataset import Clip
from genretag_train.data.folds import Folds
from genretag_train.evaluation.genre_sets import fit_set_masses
from genretag_train.transfer.embeddings import EmbeddedClip
from genretag_train.transfer.linear import Recipe, fit_head
from genretag_train.transfer.validation_report import report_validation


@dataclass(frozen=True)
class HeadTarget(CalibrationTarget):
    """The precision that written genres must reach, and the music that it is measured on.

    Temperature, threshold and genre sets are chosen on the collections `sources`, or on all clips
    where it names none. `parents` has the families of genres, whose names are written too.
    """

    sources: Sequence[str] = ()
    parents: Mapping[str, str] = field(default_factory=dict)

    def includes(self, clip: Clip) -> bool:
        """Tell whether the clip is one of those that are chosen on."""
        return not self.sources or clip.collection in self.sources


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Out-of-fold predictions of clips, and how good they are.

    `clips` are those that are predicted. `by_fold` are calibrated with the temperature and the
    threshold of the other folds, so that they show what calibration is worth too; `temperature`,
    `threshold` and `set_masses` are those of all.
    """

    clips: tuple[Clip, ...]
    by_fold: Calibrated
    temperature: float
    threshold: float
    set_masses: tuple[float, ...]
    report: dict[str, Any]

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
    target: HeadTarget,
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
    predicted, scored = predict_out_of_fold(clips, genres, folds, recipe, unlabelled, target)
    temperature, final = calibrate_all(scored)
    by_fold = calibrate_by_fold(scored)
    both = scored.known & scored.calibrates
    return CrossValidation(
        predicted,
        by_fold,
        temperature,
        float(final.thresholds[0]),
        fit_set_masses(final.probabilities[both], scored.truth[both]),
        report_validation(final, by_fold, genres, predicted),
    )


def predict_out_of_fold(
    clips: Sequence[EmbeddedClip],
    genres: tuple[str, ...],
    folds: Folds,
    recipe: Recipe,
    unlabelled: Embeddings,
    target: HeadTarget,
) -> tuple[tuple[Clip, ...], OutOfFold]:
    """Fit a head without each fold, and predict the fold with it; see `cross_validate`.

    Returns the clips that have a fold, and their predictions.
    """
    placed = [(one, fold) for one, fold in zip(clips, folds, strict=True) if fold is not None]
    heads = {
        fold: fit_head([one for one, own in placed if own != fold], genres, recipe, unlabelled)
        for fold in {fold for _, fold in placed}
    }
    labels = {genre: index for index, genre in enumerate(genres)}
    predicted = tuple(one.clip for one, _ in placed)
    return predicted, OutOfFold(
        [heads[fold].compute_logits(one.embeddings) for one, fold in placed],
        np.array([labels.get(clip.genre, UNKNOWN) for clip in predicted]),
        np.array([fold for _, fold in placed]),
        np.array([clip.group for clip in predicted]),
        find_families(genres, target.parents),
        np.array([target.includes(clip) for clip in predicted]),
        target,
    )
