"""Fits a linear head to labelled clips: logistic regression on embeddings of frozen backbones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genretag.domain.prediction import Embeddings
from genretag.learning.logistic_regression import (
    LinearHead,
    Samples,
    Shares,
    Weights,
    fit_logistic_regression,
)
from genretag.learning.weights import balance_genres, weigh_groups
from genretag_train.transfer.embeddings import EmbeddedClip


@dataclass(frozen=True)
class Recipe:
    """Settings of a fit.

    `c` is the inverse strength of the L2 penalty. A clip of a group weighs
    1 / size ** `group_power`, and `class_power` brings genres nearer to one weight, which
    they have at 1. Beside the clips of the head's genres, synthetic sounds without a genre weigh
    `nothing` times as much as all of them, and clips of other genres `others` times. Degraded
    copies have the share `worn` of their clip's weight. Clips of a collection in `source_weights`
    weigh so many times as much.

    The names are keys of recipes and manifests.
    """

    c: float = 0.01
    group_power: float = 0.5
    class_power: float = 0.75
    nothing: float = 0.1
    others: float = 0.1
    worn: float = 0.5
    source_weights: Mapping[str, float] = field(default_factory=dict)


_Part = tuple[Samples, Shares, Weights]


def fit_head(
    clips: Sequence[EmbeddedClip], genres: Sequence[str], recipe: Recipe, unlabelled: Embeddings
) -> LinearHead:
    """Fit the head with the least weighted log loss over the means of all clips' windows.

    Clips of genres that are not in `genres`, and `unlabelled` [n_windows, width], windows without
    any genre, count as every genre alike, so that the head is sure of none.
    """
    known = [one for one in clips if one.clip.genre in genres]
    others = [one for one in clips if one.clip.genre not in genres]
    parts = [_label_clips(known, genres, recipe)]
    alike = parts[0][1].any(axis=0).astype(np.float64)
    alike /= alike.sum()
    if others:
        samples, weights, _ = _stack_means(others, _weigh_clips(others, recipe), degraded=0)
        parts.append(_label_as_all(samples, weights, alike, recipe.others * len(known)))
    if len(unlabelled):
        samples, weights = unlabelled.astype(np.float64), np.ones(len(unlabelled))
        parts.append(_label_as_all(samples, weights, alike, recipe.nothing * len(known)))
    samples, shares, weights = map(np.concatenate, zip(*parts, strict=True))
    return fit_logistic_regression(samples, shares, weights, recipe.c)


def _label_clips(clips: Sequence[EmbeddedClip], genres: Sequence[str], recipe: Recipe) -> _Part:
    """Return the samples of clips of known genres; the weights of all clips sum to their number."""
    truth = np.eye(len(genres))[[genres.index(one.clip.genre) for one in clips]]
    weights = balance_genres(_weigh_clips(clips, recipe), truth, recipe.class_power)
    samples, parts, owners = _stack_means(clips, weights, recipe.worn)
    return samples, truth[owners], parts


def _label_as_all(
    samples: Samples, weights: Weights, alike: NDArray[np.float64], total: float
) -> _Part:
    """Return samples that have the shares `alike` [n_genres]; they weigh `total` together."""
    return samples, np.tile(alike, (len(samples), 1)), weights * (total / weights.sum())


def _weigh_clips(clips: Sequence[EmbeddedClip], recipe: Recipe) -> Weights:
    weights = weigh_groups([one.clip.group for one in clips], recipe.group_power)
    weights *= [recipe.source_weights.get(one.clip.collection, 1.0) for one in clips]
    return weights


def _stack_means(
    clips: Sequence[EmbeddedClip], weights: Weights, degraded: float
) -> tuple[Samples, Weights, NDArray[np.int64]]:
    """Return the mean over the windows of each clip, its weight, and the clip's index.

    Degraded copies share `degraded` of a clip's weight; they are left out if it is 0.
    """
    means, shares, owners = [], [], []
    for index, (one, weight) in enumerate(zip(clips, weights.tolist(), strict=True)):
        copies = one.degraded if degraded else ()
        own = 1 - degraded if copies else 1.0
        of_copies = [degraded / len(copies) for _ in copies]
        for windows, share in zip((one.embeddings, *copies), (own, *of_copies), strict=True):
            means.append(windows.mean(axis=0, dtype=np.float64))
            shares.append(weight * share)
            owners.append(index)
    return np.stack(means), np.array(shares), np.array(owners)
