"""Measures what a lower precision of the weights costs in accuracy; refuses a cost too high."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genretag.domain import metrics
from genretag.domain.metrics import Labels
from genretag.errors import Code, RunError
from genretag.learning.calibration import probabilities_at
from genretag_train.evaluation.holdout import HoldoutReport, SideLogits
from genretag_train.export.parity import measure_gap

_METRICS = {"accuracy": metrics.accuracy, "macro-F1": metrics.f1_macro}


@dataclass(frozen=True)
class Loss:
    """By how much a metric in [0, 1] fell on the same clips, with its paired 95% interval."""

    before: float
    after: float
    interval: tuple[float, float]

    @property
    def points(self) -> float:
        """The loss in percentage points; below 0 for a gain."""
        return 100 * (self.before - self.after)

    def __str__(self) -> str:
        low, high = (100 * end for end in self.interval)
        return (
            f"{self.points:.1f} points ({self.before:.1%} before, {self.after:.1%} now; "
            f"95% interval of the loss {low:.1f} to {high:.1f})"
        )


@dataclass(frozen=True)
class PrecisionCost:
    """Scores on the test side, beside those of the net as it was trained, all in [0, 1].

    `same_genre` is the share of the `clips` of both sides with the same best genre, `largest_gap`
    the largest difference in probability over their windows. `spoilt` clips of both sides were
    right before and are wrong now, `mended` ones the other way.
    """

    precision: str
    clips: int
    accuracy_fp32: float
    accuracy: float
    f1_macro_fp32: float
    f1_macro: float
    same_genre: float
    largest_gap: float
    spoilt: int
    mended: int

    def describe(self) -> dict[str, str]:
        """Return the cost as a person reads it, by the name of each figure."""
        lines = {
            "test accuracy": f"{self.accuracy:.3f}",
            "test macro-F1": f"{self.f1_macro:.3f}",
        }
        if self.precision == "fp32":
            return lines
        return {
            "test accuracy": f"{self.accuracy:.3f}, fp32 {self.accuracy_fp32:.3f} "
            f"({self.accuracy - self.accuracy_fp32:+.3f})",
            "test macro-F1": f"{self.f1_macro:.3f}, fp32 {self.f1_macro_fp32:.3f} "
            f"({self.f1_macro - self.f1_macro_fp32:+.3f})",
            "same best genre": f"{self.same_genre:.1%} of the clips",
            "right before, wrong now": f"{self.spoilt} of {self.clips} clips, "
            f"the other way {self.mended}",
            "largest difference": f"{self.largest_gap:.3f} in the probability of a window",
        }


def measure_cost(
    precision: str,
    sides: Collection[Mapping[str, SideLogits]],
    fp32: HoldoutReport,
    made: HoldoutReport,
    most_points: float,
) -> PrecisionCost:
    """Compare the file `made` in a precision with `fp32`, by their logits and their reports.

    Args:
        precision: a name in `PRECISIONS`.
        sides: the logits of each held-out side, by `fp32` and by `made`.
        fp32: what the model is worth as it was trained.
        made: what the file is worth.
        most_points: how many percentage points of accuracy or macro-F1 may be lost on the clips
            of all sides together.

    Raises:
        RunError: `accuracy-lost`, more was lost.
    """
    reports = {"fp32": fp32, "made": made}
    before, after = (
        np.concatenate([_predict(side[name], report.temperature) for side in sides])
        for name, report in reports.items()
    )
    truth = np.concatenate([side["fp32"].truth for side in sides])
    groups = [group for side in sides for group in side["fp32"].groups]
    gaps = [measure_gap(side["fp32"].logits, side["made"].logits) for side in sides]
    was_right, is_right = before == truth, after == truth
    cost = PrecisionCost(
        precision,
        len(truth),
        fp32.test["accuracy"],
        made.test["accuracy"],
        fp32.test["f1_macro"],
        made.test["f1_macro"],
        float((before == after).mean()),
        max(gaps),
        int((was_right & ~is_right).sum()),
        int((is_right & ~was_right).sum()),
    )
    pair = np.stack([before, after], axis=1)
    losses = {name: _measure_loss(of, pair, truth, groups) for name, of in _METRICS.items()}
    _refuse_loss(cost, losses, most_points)
    return cost


def _predict(side: SideLogits, temperature: float) -> Labels:
    best: Labels = probabilities_at(side.logits, temperature).argmax(axis=1)
    return best


def _measure_loss(
    metric: Callable[[Labels, Labels], float], pair: Labels, truth: Labels, groups: Sequence[str]
) -> Loss:
    """Return the loss of a metric from the first to the second column of `pair` [n_clips, 2]."""

    def fall(drawn: Labels, true: Labels) -> float:
        return metric(drawn[:, 0], true) - metric(drawn[:, 1], true)

    interval = metrics.bootstrap_interval(fall, pair, truth, groups)
    return Loss(metric(pair[:, 0], truth), metric(pair[:, 1], truth), interval)


def _refuse_loss(cost: PrecisionCost, losses: Mapping[str, Loss], most_points: float) -> None:
    largest = max(loss.points for loss in losses.values())
    if largest <= most_points + 1e-9:
        return
    told = " and ".join(f"{loss} of {name}" for name, loss in losses.items())
    other = "fp16" if cost.precision == "int8" else "fp32"
    raise RunError(
        Code.ACCURACY_LOST,
        f"In {cost.precision} the model loses {told} on {cost.clips} held-out clips: "
        f"{cost.spoilt} that were right are wrong, {cost.mended} the other way. "
        f"More than {most_points:g} points are not allowed, and nothing was written",
        f"Export it with --precision {other}, or allow the loss with "
        f"--allow-loss {math.ceil(largest)}.",
    )
