"""Scores of recipes over the same clips with their intervals, and which surely differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain import metrics
from genretag.domain.metrics import Labels

Score = Callable[[Labels, Labels], float]
"""A score in [0, 1] of `predicted` and `truth` [n_clips]."""


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


def make_scores(truth: Labels) -> dict[str, Score]:
    """Return the scores by which recipes are compared, for clips of these genres [n_clips].

    `recall_rare` is the mean recall of the rarer half of the genres, counted by these clips, and
    `recall_frequent` that of the others: weighing genres in the loss moves one against the other.
    """
    genres = np.unique(truth)
    by_size = genres[np.argsort(np.bincount(truth)[genres], kind="stable")]
    rare, frequent = np.split(by_size, [len(by_size) // 2])
    return {
        "accuracy": metrics.accuracy,
        "f1_weighted": metrics.f1_weighted,
        "f1_macro": metrics.f1_macro,
        "recall_rare": partial(_mean_recall, rare),
        "recall_frequent": partial(_mean_recall, frequent),
    }


def _mean_recall(genres: Labels, predicted: Labels, truth: Labels) -> float:
    """Return the mean recall of those of `genres` that occur in `truth`; 0 if none does."""
    clips = np.bincount(truth, minlength=genres.max(initial=0) + 1)[genres]
    right = np.bincount(truth[predicted == truth], minlength=genres.max(initial=0) + 1)[genres]
    return float((right[clips > 0] / clips[clips > 0]).mean()) if clips.any() else 0.0


def score_recipes(
    results: Sequence[RecipeResult],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the scores of each recipe, and of each pair those of the first less the second.

    All are means over the seeds, with 95% intervals `NAME_95` by one bootstrap over groups: the
    same samples for all, so that differences are paired. A pair surely differs where an interval
    leaves 0 out.
    """
    truth = results[0].truth
    scores = make_scores(truth)
    whole = _score_sample(results, scores, slice(None))
    samples = np.stack(
        [
            _score_sample(results, scores, sample)
            for sample in metrics.bootstrap_indices(results[0].groups)
        ]
    )
    rows = [
        {
            "valid_accuracy": result.valid_accuracy,
            "training_s": result.training_s,
            **_describe(scores, whole[place], samples[:, place]),
        }
        for place, result in enumerate(results)
    ]
    pairs = [
        {
            "recipes": [results[first].name, results[second].name],
            **_describe(
                scores, whole[first] - whole[second], samples[:, first] - samples[:, second]
            ),
        }
        for first, second in combinations(range(len(results)), 2)
    ]
    return rows, pairs


def _score_sample(
    results: Sequence[RecipeResult], scores: Mapping[str, Score], sample: Any
) -> NDArray[np.float64]:
    """Return the scores [n_recipes, n_scores] of some clips, averaged over the seeds."""
    truth = results[0].truth[sample]
    by_seed = [
        [[score(labels[sample], truth) for score in scores.values()] for labels in result.predicted]
        for result in results
    ]
    return np.array([np.mean(of_recipe, axis=0) for of_recipe in by_seed])


def _describe(
    scores: Mapping[str, Score], values: NDArray[np.float64], samples: NDArray[np.float64]
) -> dict[str, Any]:
    """Return each score of `values` [n_scores], with its interval from [n_samples, n_scores]."""
    return {
        **{name: float(value) for name, value in zip(scores, values, strict=True)},
        **{
            f"{name}_95": metrics.percentile_interval(column.tolist())
            for name, column in zip(scores, samples.T, strict=True)
        },
    }
