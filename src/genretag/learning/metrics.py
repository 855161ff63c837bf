"""Metrics of predicted clips for the model card and `metrics.json`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from genretag.domain.metrics import (
    Labels,
    Probabilities,
    accuracy,
    bootstrap_interval,
    calibration_error,
    confusion,
    f1_macro,
    f1_weighted,
    score_genres,
)


def accuracy_top2(probabilities: Probabilities, truth: Labels) -> float:
    """Return the share of clips, in [0, 1], whose true genre is one of the two best.

    >>> accuracy_top2(np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), np.array([1, 2]))
    0.5
    """
    return float((np.argsort(-probabilities)[:, :2] == truth[:, None]).any(axis=1).mean())


def compute_metrics(
    probabilities: Probabilities, truth: Labels, groups: Sequence[str], genres: Sequence[str]
) -> dict[str, Any]:
    """Compute accuracy, F1, calibration error and confusions of clips, as JSON can hold them.

    Args:
        probabilities: [n_clips, n_genres], rows sum to 1.
        truth: [n_clips], indices into `genres`.
        groups: the artist, or another group, of each clip. The 95% intervals (`..._95`) are
            bootstraps over groups, as clips of one artist are alike.
        genres: the names, in the order of the columns.
    """
    predicted = probabilities.argmax(axis=1)
    return {
        "clips": len(truth),
        "groups": len(set(groups)),
        "accuracy": accuracy(predicted, truth),
        "accuracy_95": bootstrap_interval(accuracy, predicted, truth, groups),
        "accuracy_top2": accuracy_top2(probabilities, truth),
        "f1_macro": f1_macro(predicted, truth),
        "f1_macro_95": bootstrap_interval(f1_macro, predicted, truth, groups),
        "f1_weighted": f1_weighted(predicted, truth),
        "f1_weighted_95": bootstrap_interval(f1_weighted, predicted, truth, groups),
        "ece": calibration_error(probabilities, truth),
        "mean_score": float(probabilities.max(axis=1).mean()),
        "genres": {
            genre: asdict(score)
            for genre, score in zip(
                genres, score_genres(predicted, truth, len(genres)), strict=True
            )
        },
        "confusion": confusion(predicted, truth, len(genres)).tolist(),
    }
