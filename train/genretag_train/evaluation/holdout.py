"""The exported file, calibrated on the valid side and measured on the test side, by whole clips."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities, acceptance, find_threshold
from genretag.learning.calibration import fit_temperature, probabilities_at
from genretag.learning.metrics import compute_metrics
from genretag_train.config import TrainConfig
from genretag_train.features.corpus import Corpus
from genretag_train.features.store import StoredWindows
from genretag_train.nets.onnx_export import compute_logits

Logits = NDArray[np.float32]
"""[n_windows, n_genres] of one clip, before the softmax."""


@dataclass(frozen=True)
class ClipPrediction:
    """A clip that was held out, its group and true genre, and the best genre with its score.

    Scores are in [0, 1]. `family` is the best family with the sum of its scores; the genre, in a
    model without families.
    """

    name: str
    group: str
    truth: str
    genre: str
    score: float
    family: str
    family_score: float


@dataclass(frozen=True, eq=False)
class HoldoutReport:
    """Temperature and threshold from the valid side, metrics of both, predictions of the test side.

    `valid` and `test` are what `compute_metrics` gives, and under `accepted` what passes the
    threshold.
    """

    temperature: float
    threshold: float
    valid: Mapping[str, Any]
    test: Mapping[str, Any]
    predictions: tuple[ClipPrediction, ...] = ()

    @property
    def sides(self) -> dict[str, Mapping[str, Any]]:
        """The metrics by the name of the side."""
        return {"valid": self.valid, "test": self.test}

    def to_json(self) -> dict[str, Any]:
        """Return the entries of `metrics.json`."""
        calibration = {"temperature": self.temperature, "threshold": self.threshold}
        return {"calibration": calibration, **self.sides}

    @classmethod
    def from_json(cls, entries: Mapping[str, Any]) -> "HoldoutReport":
        """Read the entries of `metrics.json`, which have no predictions."""
        fitted = entries["calibration"]
        return cls(fitted["temperature"], fitted["threshold"], entries["valid"], entries["test"])


@dataclass(frozen=True, eq=False)
class SideLogits:
    """Name, group, genre (an index) and logits of each clip of a side."""

    names: list[str]
    groups: list[str]
    truth: Labels
    logits: Sequence[Logits]

    @classmethod
    def of(cls, corpus: Corpus, indices: Sequence[int], logits: Sequence[Logits]) -> "SideLogits":
        """Collect some clips of a corpus with their logits."""
        clips = [corpus.clips[index] for index in indices]
        return cls(
            [clip.name for clip in clips],
            [clip.group for clip in clips],
            np.array(corpus.labels(indices)),
            logits,
        )


def evaluate_holdout(
    model: Path, corpus: Corpus, windows: Mapping[str, StoredWindows], config: TrainConfig
) -> HoldoutReport:
    """Calibrate the model on the valid side, then measure it on the test side, once.

    `windows` has those of each clip of these sides.
    """
    valid, test = (_score_side(model, corpus, side, windows[side]) for side in ("valid", "test"))
    return report_holdout(valid, test, corpus.genres, config)


def _score_side(model: Path, corpus: Corpus, side: str, windows: StoredWindows) -> SideLogits:
    # A clip with nothing but silence in its windows is called unsure, not wrong.
    audible, indices = windows.find_audible(), corpus.indices(side)
    logits = compute_logits(model, (windows[clip] for clip in audible))
    return SideLogits.of(corpus, [indices[clip] for clip in audible], logits)


def report_holdout(
    valid: SideLogits, test: SideLogits, genres: tuple[str, ...], config: TrainConfig
) -> HoldoutReport:
    """Choose temperature and threshold on the valid side, and measure both sides with them."""
    temperature = round(fit_temperature(valid.logits, valid.truth), 3)
    on_valid, on_test = (probabilities_at(side.logits, temperature) for side in (valid, test))
    threshold = find_threshold(
        on_valid, valid.truth, config.target_precision, config.min_accepted
    ).threshold
    return HoldoutReport(
        temperature,
        threshold,
        _measure(valid, on_valid, threshold, genres),
        _measure(test, on_test, threshold, genres),
        tuple(
            ClipPrediction(
                name, group, genres[truth], *(genres[row.argmax()], float(row.max())) * 2
            )
            for name, group, truth, row in zip(
                test.names, test.groups, test.truth, on_test, strict=True
            )
        ),
    )


def _measure(
    side: SideLogits, probabilities: Probabilities, threshold: float, genres: tuple[str, ...]
) -> dict[str, Any]:
    return {
        **compute_metrics(probabilities, side.truth, side.groups, genres),
        "accepted": asdict(acceptance(probabilities, side.truth, threshold)),
    }
