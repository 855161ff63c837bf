"""A linear head: logistic regression on the embeddings of frozen backbones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from genretag.domain.prediction import Embeddings
from genretag_train.training.batches import compute_group_weights
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


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear layer with `weight` [n_genres, width] and `bias` [n_genres]."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def compute_logits(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Compute the logits [n_windows, n_genres] of embeddings [n_windows, width]."""
        logits: NDArray[np.float32] = (embeddings @ self.weight.T + self.bias).astype(np.float32)
        return logits


_Samples = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]
"""Samples of a fit: embeddings [n_samples, width], labels and weights [n_samples]."""


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
    labels = np.unique(parts[0][1])
    if others:
        samples, weights, _ = _stack_means(others, _weigh_clips(others, recipe), degraded=0)
        parts.append(_label_as_all(samples, weights, labels, recipe.others * len(known)))
    if len(unlabelled):
        samples, weights = unlabelled.astype(np.float64), np.ones(len(unlabelled))
        parts.append(_label_as_all(samples, weights, labels, recipe.nothing * len(known)))
    samples, targets, weights = map(np.concatenate, zip(*parts, strict=True))
    return _fit_regression(samples, targets, weights, recipe.c, len(genres))


def _label_clips(clips: Sequence[EmbeddedClip], genres: Sequence[str], recipe: Recipe) -> _Samples:
    """Return the samples of clips of known genres; the weights of all clips sum to their number."""
    truth = np.array([genres.index(one.clip.genre) for one in clips])
    weights = _weigh_clips(clips, recipe)
    sums = np.bincount(truth, weights, minlength=len(genres))
    weights *= np.where(sums > 0, sums / sums.max(), 1.0)[truth] ** -recipe.class_power
    weights *= len(clips) / weights.sum()
    samples, shares, owners = _stack_means(clips, weights, recipe.worn)
    return samples, truth[owners], shares


def _label_as_all(
    samples: NDArray[np.float64],
    weights: NDArray[np.float64],
    labels: NDArray[np.int64],
    total: float,
) -> _Samples:
    """Return the samples once for each of `labels`; all of them weigh `total` together."""
    scaled = weights * (total / (weights.sum() * len(labels)))
    n = len(labels)
    return np.tile(samples, (n, 1)), np.repeat(labels, len(samples)), np.tile(scaled, n)


def _weigh_clips(clips: Sequence[EmbeddedClip], recipe: Recipe) -> NDArray[np.float64]:
    weights = np.array(compute_group_weights([one.clip.group for one in clips], recipe.group_power))
    weights *= [recipe.source_weights.get(one.clip.collection, 1.0) for one in clips]
    return weights


def _stack_means(
    clips: Sequence[EmbeddedClip], weights: NDArray[np.float64], degraded: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
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


def _fit_regression(
    samples: NDArray[np.float64],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    c: float,
    n_genres: int,
) -> LinearHead:
    with np.errstate(invalid="ignore"):  # rounding leaves constant features a variance below zero
        scaler = StandardScaler().fit(samples, sample_weight=weights)
    # One thread, so that any machine adds up in the same order; more gain little here.
    with threadpool_limits(1):
        fit = LogisticRegression(C=c, max_iter=2000, tol=1e-5).fit(
            scaler.transform(samples), labels, sample_weight=weights
        )
    weight, bias = fit.coef_, fit.intercept_
    if len(fit.classes_) == 2:  # it has but one row then: how much likelier the second is
        weight, bias = (np.concatenate([-rows, rows]) / 2 for rows in (weight, bias))
    # The exported head gets embeddings that are not scaled.
    weight = weight / scaler.scale_
    bias = bias - weight @ scaler.mean_
    if len(fit.classes_) == n_genres:
        return LinearHead(weight, bias)
    # Genres that a fold lacks are never predicted.
    head = LinearHead(np.zeros((n_genres, weight.shape[1])), np.full(n_genres, -1e3))
    head.weight[fit.classes_], head.bias[fit.classes_] = weight, bias
    return head
