"""Measures what a lower precision of the weights costs in accuracy."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from genretag.learning.calibration import probabilities_at
from genretag_train.evaluation.holdout import HoldoutReport, SideLogits
from genretag_train.export.parity import measure_gap


@dataclass(frozen=True)
class PrecisionCost:
    """Scores on the test side, beside those of the net as it was trained, all in [0, 1].

    `same_genre` is the share of the clips of both sides with the same best genre, `largest_gap`
    the largest difference in probability over their windows.
    """

    precision: str
    clips: int
    accuracy_fp32: float
    accuracy: float
    f1_macro_fp32: float
    f1_macro: float
    same_genre: float
    largest_gap: float

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
            "largest difference": f"{self.largest_gap:.3f} in the probability of a window",
        }


def measure_cost(
    precision: str,
    sides: Collection[Mapping[str, SideLogits]],
    fp32: HoldoutReport,
    made: HoldoutReport,
) -> PrecisionCost:
    """Compare the file `made` in a precision with `fp32`, by their logits and their reports."""
    pairs = [
        (fp32_logits, made_logits)
        for side in sides
        for fp32_logits, made_logits in zip(side["fp32"].logits, side["made"].logits, strict=True)
    ]
    same = [
        probabilities_at([one], 1.0).argmax() == probabilities_at([other], 1.0).argmax()
        for one, other in pairs
    ]
    return PrecisionCost(
        precision,
        len(pairs),
        fp32.test["accuracy"],
        made.test["accuracy"],
        fp32.test["f1_macro"],
        made.test["f1_macro"],
        float(np.mean(same)),
        max(measure_gap([one], [other]) for one, other in pairs),
    )
