"""Scores of recipes over the same clips with their intervals, and which surely differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genretag.domain import metrics
from genretag.domain.metrics import Labels

SCORES = {
    "accuracy": metrics.accuracy,
    "f1_weighted": metrics.f1_weighted,
    "f1_macro": metrics.f1_macro,
}


@dataclass(frozen=True, eq=False)
class RecipeResult:
    """The predictions of a recipe's runs, one for each seed, for the same test clips.

    `predicted` and `truth` are indices of genres [n_clips]; `clips` and `groups` have the name
    and the group of each clip. `facts` is the part `data` of the `metrics.json` of a run.
    """

    name: str
    clips: tuple[str, ...]
    predicted: tuple[Labels, ...]
    truth: Labels
    groups: tuple[str, ...]
    valid_accuracy: float
    training_s: float
    facts: Mapping[str, Any] = field(default_factory=dict)


def make_row(result: RecipeResult) -> dict[str, Any]:
    """Return the scores of a recipe with their 95% intervals."""
    return {
        "valid_accuracy": result.valid_accuracy,
        "training_s": result.training_s,
        **{name: _average(name, result, slice(None)) for name in SCORES},
        **{f"{name}_95": _bootstrap([result], name) for name in SCORES},
    }


def compare_pair(first: RecipeResult, second: RecipeResult) -> dict[str, Any]:
    """Return how much better `first` is; surely so if the interval leaves 0 out."""
    return {
        "recipes": [first.name, second.name],
        **{
            name: _average(name, first, slice(None)) - _average(name, second, slice(None))
            for name in SCORES
        },
        **{f"{name}_95": _bootstrap([first, second], name) for name in SCORES},
    }


def _average(score: str, result: RecipeResult, sample: Any) -> float:
    """Return a score of some clips, averaged over the seeds."""
    truth = result.truth[sample]
    return float(np.mean([SCORES[score](labels[sample], truth) for labels in result.predicted]))


def _bootstrap(pair: Sequence[RecipeResult], score: str) -> tuple[float, float]:
    """Return the 95% interval of a score, or of the difference of two over the same samples."""

    def scores() -> Iterator[float]:
        for sample in metrics.bootstrap_indices(pair[0].groups):
            first, *others = (_average(score, result, sample) for result in pair)
            yield first - sum(others)

    return metrics.percentile_interval(scores())
