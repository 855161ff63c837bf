"""The exported file judged as `scan` uses it, clip by clip."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities, acceptance, find_threshold
from genretag_train.config import TrainConfig
from genretag_train.evaluation import metrics
from genretag_train.evaluation.calibration import best_temperature, probabilities_at
from genretag_train.features.corpus import Corpus
from genretag_train.features.extraction import Windows
from genretag_train.nets.onnx_export import compute_logits


@dataclass(frozen=True)
class ClipPrediction:
    """What was held out and what the model made of it; genre and score of the best guess."""

    name: str
    truth: str
    genre: str
    score: float


@dataclass(frozen=True, eq=False)
class HoldoutReport:
    """Calibration from the valid side, scores of both sides, verdicts on the test side."""

    temperature: float
    threshold: float
    valid: dict[str, Any]
    test: dict[str, Any]
    verdicts: tuple[ClipPrediction, ...]


@dataclass(frozen=True, eq=False)
class Side:
    """The clips of one side: names, groups, genres, and logits [n_windows, n_genres] of each."""

    names: list[str]
    groups: list[str]
    truth: Labels
    logits: list[NDArray[np.float32]]


def judged(
    model: Path, study: Corpus, windows: Mapping[str, Sequence[Windows]], config: TrainConfig
) -> HoldoutReport:
    """Calibrate on the valid side, then judge the test side, once.

    `windows` has those of each clip of these sides.
    """
    valid, test = (_side(model, study, side, windows[side]) for side in ("valid", "test"))
    return judgement_of(valid, test, study.genres, config)


def judgement_of(
    valid: Side, test: Side, genres: tuple[str, ...], config: TrainConfig
) -> HoldoutReport:
    """Temperature and threshold from the valid side, and how both sides then score."""
    temperature = round(best_temperature(valid.logits, valid.truth), 3)
    known, unseen = (
        probabilities_at(valid.logits, temperature),
        probabilities_at(test.logits, temperature),
    )
    limit = find_threshold(known, valid.truth, config.target_precision, config.min_accepted)
    return HoldoutReport(
        temperature,
        limit.threshold,
        _reported(valid, known, limit.threshold, genres),
        _reported(test, unseen, limit.threshold, genres),
        tuple(
            ClipPrediction(name, genres[truth], genres[row.argmax()], float(row.max()))
            for name, truth, row in zip(test.names, test.truth, unseen, strict=True)
        ),
    )


def _side(model: Path, study: Corpus, side: str, windows: Sequence[Windows]) -> Side:
    # A clip with nothing but silence in its windows is called unsure, not wrong.
    audible = [
        (index, mel) for index, mel in zip(study.indices(side), windows, strict=True) if len(mel)
    ]
    return Side(
        [study.clips[index].name for index, _ in audible],
        [study.clips[index].group for index, _ in audible],
        np.array(study.labels([index for index, _ in audible])),
        compute_logits(model, [mel for _, mel in audible]),
    )


def _reported(
    side: Side, probabilities: Probabilities, threshold: float, genres: tuple[str, ...]
) -> dict[str, Any]:
    return {
        **metrics.report(probabilities, side.truth, side.groups, genres),
        "accepted": asdict(acceptance(probabilities, side.truth, threshold)),
    }
