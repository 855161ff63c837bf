"""A linear head: logistic regression on the embeddings of frozen backbones."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    copies have the share `worn` of their clip's weight.

    The names are keys of recipes and manifests.
    """

    c: float = 0.01
    group_power: float = 0.5
    class_power: float = 0.75
    nothing: float = 0.1
    others: float = 0.1
    worn: float = 0.5


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
"""Windows to fit to: their embeddings [n_windows, width], labels and weights [n_windows]."""


def fit_head(
    clips: Sequence[EmbeddedClip], genres: Sequence[str], recipe: Recipe, unlabelled: Embeddings
) -> LinearHead:
    """Fit the head with the least weighted log loss over all windows.

    Clips of genres that are not in `genres`, and `unlabelled` [n_windows, width], windows without
    any genre, count as every genre alike, so that the head is sure of none.
    """
    known = [one for one in clips if one.clip.genre in genres]
    others = [one for one in clips if one.clip.genre not in genres]
    parts = [_label_windows(known, genres, recipe)]
    labels = np.unique(parts[0][1])
    if others:
        windows, weights, _ = _stack_windows(others, _weigh_clips(others, recipe), degraded=0)
        parts.append(_label_as_all(windows, weights, labels, recipe.others * len(known)))
    if len(unlabelled):
        windows, weights = unlabelled.astype(np.float64), np.ones(len(unlabelled))
        parts.append(_label_as_all(windows, weights, labels, recipe.nothing * len(known)))
    windows, targets, weights = map(np.concatenate, zip(*parts, strict=True))
    return _fit_regression(windows, targets, weights, recipe.c, len(genres))


def _label_windows(
    clips: Sequence[EmbeddedClip], genres: Sequence[str], recipe: Recipe
) -> _Samples:
    """Return the windows of clips of known genres; the weights of all clips sum to their number."""
    truth = np.array([genres.index(one.clip.genre) for one in clips])
    weights = _weigh_clips(clips, recipe)
    sums = np.bincount(truth, weights, minlength=len(genres))
    weights *= np.where(sums > 0, sums / sums.max(), 1.0)[truth] ** -recipe.class_power
    weights *= len(clips) / weights.sum()
    windows, shares, owners = _stack_windows(clips, weights, recipe.worn)
    return windows, truth[owners], shares


def _label_as_all(
    windows: NDArray[np.float64],
    weights: NDArray[np.float64],
    labels: NDArray[np.int64],
    total: float,
) -> _Samples:
    """Return the windows once for each of `labels`; all of them weigh `total` together."""
    scaled = weights * (total / (weights.sum() * len(labels)))
    n = len(labels)
    return np.tile(windows, (n, 1)), np.repeat(labels, len(windows)), np.tile(scaled, n)


def _weigh_clips(clips: Sequence[EmbeddedClip], recipe: Recipe) -> NDArray[np.float64]:
    return np.array(compute_group_weights([one.clip.group for one in clips], recipe.group_power))


def _stack_windows(
    clips: Sequence[EmbeddedClip], weights: NDArray[np.float64], degraded: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the windows of all clips, each one's share of its clip's weight, and the clip's index.

    Windows of degraded copies share `degraded` of a clip's weight; they are left out if it is 0.
    """
    windows, shares, owners = [], [], []
    for index, (one, weight) in enumerate(zip(clips, weights.tolist(), strict=True)):
        copies = [(one.embeddings, weight)]
        if one.degraded is not None and degraded:
            copies = [(one.embeddings, weight * (1 - degraded)), (one.degraded, weight * degraded)]
        for rows, share in copies:
            windows.append(rows)
            shares.append(np.full(len(rows), share / len(rows)))
            owners.append(np.full(len(rows), index))
    return (
        np.concatenate(windows).astype(np.float64),
        np.concatenate(shares),
        np.concatenate(owners),
    )


def _fit_regression(
    windows: NDArray[np.float64],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    c: float,
    n_genres: int,
) -> LinearHead:
    with np.errstate(invalid="ignore"):  # rounding leaves constant features a variance below zero
        scaler = StandardScaler().fit(windows, sample_weight=weights)
    # One thread, so that any machine adds up in the same order; more gain little here.
    with threadpool_limits(1):
        fit = LogisticRegression(C=c, max_iter=2000, tol=1e-5).fit(
            scaler.transform(windows), labels, sample_weight=weights
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
