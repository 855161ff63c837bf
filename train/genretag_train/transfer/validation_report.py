"""The report of a cross-validation, for `metrics.json`, the manifest and the card."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from genretag.domain.metrics import (
    accuracy_of_surest_half,
    calibration_error,
    coverage,
    reliability,
)
from genretag.learning.metrics import accuracy_top2, compute_metrics
from genretag.learning.out_of_fold import Calibrated, Mask
from genretag.learning.threshold import grouped_share_interval
from genretag_train.data.dataset import Clip
from genretag_train.evaluation.genre_sets import fit_set_masses

CALIBRATED_ON, ELSEWHERE = "calibrated on", "elsewhere"
"""The clips that temperature and threshold are chosen on, and all others, among the sources."""


def report_validation(
    final: Calibrated, by_fold: Calibrated, genres: tuple[str, ...], clips: Sequence[Clip]
) -> dict[str, Any]:
    """Measure predictions: `final` with one threshold for all, `by_fold` with those of each fold.

    Only `chosen` is measured on `final`, the rest on `by_fold`: no clip was used to calibrate
    its own prediction.
    """
    scored, probabilities, truth = by_fold.scored, by_fold.probabilities, by_fold.scored.truth
    known, calibrates = scored.known, scored.calibrates
    groups, threshold = scored.groups[known].tolist(), float(final.thresholds[0])
    return {
        **compute_metrics(probabilities[known], truth[known], groups, genres),
        "half": accuracy_of_surest_half(probabilities[known], truth[known]),
        "chosen": {"threshold": threshold, **asdict(final.measure_accepted(calibrates))},
        "accepted": {"threshold": threshold, **asdict(by_fold.measure_accepted(calibrates))},
        "known": asdict(by_fold.measure_accepted(calibrates & known)),
        "others": asdict(by_fold.measure_accepted(calibrates & ~known)),
        "coverage": _report_coverage(by_fold, calibrates),
        "reliability": _report_reliability(by_fold, calibrates & known),
        "sets": _report_sets(by_fold),
        "sources": _report_sources(by_fold, clips),
    }


def _report_coverage(by_fold: Calibrated, mask: Mask) -> list[dict[str, float]]:
    return [
        {"coverage": part.coverage, "threshold": part.threshold, "precision": part.precision}
        for part in coverage(by_fold.probabilities[mask], by_fold.scored.truth[mask])
    ]


def _report_reliability(by_fold: Calibrated, mask: Mask) -> list[dict[str, float]]:
    return [
        {"from": part.low, "clips": part.clips, "score": part.score, "right": part.right}
        for part in reliability(by_fold.probabilities[mask], by_fold.scored.truth[mask])
    ]


def _report_sets(by_fold: Calibrated) -> dict[str, dict[str, float]]:
    """Return the share of genre sets of 80%, 90% and 95% that hold the truth, and their mean size.

    The masses are those of the other folds.
    """
    scored, probabilities = by_fold.scored, by_fold.probabilities
    measured = scored.known & scored.calibrates
    sums = np.cumsum(-np.sort(-probabilities, axis=1), axis=1)
    # The true genre's score; of a clip without one it is never used.
    true = probabilities[np.arange(len(probabilities)), scored.truth]
    ranks = (probabilities > true[:, None]).sum(axis=1)
    report = {}
    for percent in (80, 90, 95):
        sizes = np.zeros(len(probabilities), np.int64)
        for fold in np.unique(scored.folds[measured]):
            own = measured & (scored.folds == fold)
            others = scored.known & scored.select_calibration(fold)
            mass = fit_set_masses(probabilities[others], scored.truth[others])[percent - 1]
            sizes[own] = np.minimum((sums[own] < mass).sum(axis=1) + 1, sums.shape[1])
        report[str(percent)] = {
            "holds": float((ranks < sizes)[measured].mean()),
            "genres": float(sizes[measured].mean()),
        }
    return report


def _report_sources(by_fold: Calibrated, clips: Sequence[Clip]) -> dict[str, dict[str, Any]]:
    """Return the metrics of each collection, of all that are calibrated on, and of the others."""
    scored = by_fold.scored
    collections = np.array([clip.collection for clip in clips])
    masks = {name: collections == name for name in np.unique(collections).tolist()}
    if not scored.calibrates.all():
        masks |= {CALIBRATED_ON: scored.calibrates, ELSEWHERE: ~scored.calibrates}
    return {
        name: {
            **_report_source(by_fold, mask & scored.known),
            "written": asdict(by_fold.measure_accepted(mask)),
        }
        for name, mask in masks.items()
    }


def _report_source(by_fold: Calibrated, mask: Mask) -> dict[str, Any]:
    if not mask.any():
        zeros = dict.fromkeys(("accuracy", "accuracy_top2", "ece"), 0.0)
        return {"clips": 0, "accuracy_95": (0.0, 1.0), **zeros}
    probabilities, truth = by_fold.probabilities[mask], by_fold.scored.truth[mask]
    right = probabilities.argmax(axis=1) == truth
    groups = by_fold.scored.groups[mask].tolist()
    return {
        "clips": len(truth),
        "accuracy": float(right.mean()),
        "accuracy_95": tuple(grouped_share_interval(right, np.ones_like(right), groups).tolist()),
        "accuracy_top2": accuracy_top2(probabilities, truth),
        "ece": calibration_error(probabilities, truth),
    }
