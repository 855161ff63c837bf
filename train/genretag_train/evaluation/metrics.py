"""What the model card and `metrics.json` say of judged clips."""

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
    """Share of clips of whose two best genres one is right, in [0, 1]."""
    return float((np.argsort(-probabilities)[:, :2] == truth[:, None]).any(axis=1).mean())


def report(
    probabilities: Probabilities, truth: Labels, groups: Sequence[str], genres: Sequence[str]
) -> dict[str, Any]:
    """Everything that the model card and `metrics.json` say about one side of a split."""
    said = probabilities.argmax(axis=1)
    return {
        "clips": len(truth),
        "groups": len(set(groups)),
        "accuracy": accuracy(said, truth),
        "accuracy_95": bootstrap_interval(accuracy, said, truth, groups),
        "accuracy_top2": accuracy_top2(probabilities, truth),
        "f1_macro": f1_macro(said, truth),
        "f1_macro_95": bootstrap_interval(f1_macro, said, truth, groups),
        "f1_weighted": f1_weighted(said, truth),
        "f1_weighted_95": bootstrap_interval(f1_weighted, said, truth, groups),
        "ece": calibration_error(probabilities, truth),
        "mean_score": float(probabilities.max(axis=1).mean()),
        "genres": {
            genre: asdict(score)
            for genre, score in zip(genres, score_genres(said, truth, len(genres)), strict=True)
        },
        "confusion": confusion(said, truth, len(genres)).tolist(),
    }
