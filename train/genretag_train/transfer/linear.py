"""A linear head: logistic regression on what frozen backbones found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from genretag_train.training.batches import compute_group_weights
from genretag_train.transfer.embeddings import Embedded, Found


@dataclass(frozen=True)
class Recipe:
    """What a fit depends on beside its clips.

    `c` is how little large weights are punished. A clip of a group weighs
    1 / size ** `group_power`, and `class_power` brings genres nearer to one weight, which
    they have at 1. Beside the clips of the head's genres, sounds without a genre weigh
    `nothing` times as much as all of them, and clips of other genres `others` times. Of a
    clip's weight, `worn` is that of altered copies.
    """

    c: float = 0.01
    group_power: float = 0.5
    class_power: float = 0.75
    nothing: float = 0.1
    others: float = 0.1
    worn: float = 0.5


@dataclass(frozen=True, eq=False)
class Head:
    """Logits [n_windows, n_genres] are features [n_windows, width] @ weight.T + bias."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of the windows of a clip."""
        logits: NDArray[np.float32] = (features @ self.weight.T + self.bias).astype(np.float32)
        return logits


def fitted(
    found: Sequence[Embedded], genres: Sequence[str], recipe: Recipe, nothing: Found
) -> Head:
    """The head with the least weighted loss over all windows; a clip's share its weight.

    Clips of no genre of `genres`, and `nothing` [n_windows, width], windows without any, count
    as every genre alike, so that the head is sure of none.
    """
    known = [one for one in found if one.clip.genre in genres]
    truth = np.array([genres.index(one.clip.genre) for one in known])
    weights = _weights(known, recipe)
    sums = np.bincount(truth, weights, minlength=len(genres))
    weights *= np.where(sums > 0, sums / sums.max(), 1.0)[truth] ** -recipe.class_power
    weights *= len(known) / weights.sum()
    windows, shares, owners = _windows(known, weights, recipe.worn)
    labels = truth[owners]
    others = [one for one in found if one.clip.genre not in genres]
    kinds = np.unique(truth)
    without = []
    if others:
        plain = [replace(one, worn=None) for one in others]
        some, parts, _ = _windows(plain, _weights(plain, recipe), recipe.worn)
        without.append((some, parts, recipe.others))
    if len(nothing):
        without.append((nothing.astype(np.float64), np.ones(len(nothing)), recipe.nothing))
    for more, parts, times in without:
        share = parts * (times * len(known) / (parts.sum() * len(kinds)))
        windows = np.concatenate([windows, *[more] * len(kinds)])
        shares = np.concatenate([shares, *[share] * len(kinds)])
        labels = np.concatenate([labels, np.repeat(kinds, len(more))])
    with np.errstate(invalid="ignore"):  # rounding leaves constant features a variance below zero
        scaler = StandardScaler().fit(windows, sample_weight=shares)
    # One thread, so that any machine adds up in the same order; more gain little here.
    with threadpool_limits(1):
        fit = LogisticRegression(C=recipe.c, max_iter=2000, tol=1e-5).fit(
            scaler.transform(windows), labels, sample_weight=shares
        )
    weight, bias = fit.coef_, fit.intercept_
    if len(fit.classes_) == 2:  # it has but one row then: how much likelier the second is
        weight, bias = (np.concatenate([-rows, rows]) / 2 for rows in (weight, bias))
    head = _scaled(scaler, weight, bias)
    return head if len(fit.classes_) == len(genres) else _spread(head, fit.classes_, len(genres))


def _weights(found: Sequence[Embedded], recipe: Recipe) -> NDArray[np.float64]:
    return np.array(compute_group_weights([one.clip.group for one in found], recipe.group_power))


def _windows(
    found: Sequence[Embedded], weights: NDArray[np.float64], worn: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """All windows of the clips, of the clip's weight the share that each has, and whose it is."""
    windows, shares, owners = [], [], []
    for place, (one, weight) in enumerate(zip(found, weights.tolist(), strict=True)):
        copies = [(one.found, weight)]
        if one.worn is not None:
            copies = [(one.found, weight * (1 - worn)), (one.worn, weight * worn)]
        for rows, share in copies:
            windows.append(rows)
            shares.append(np.full(len(rows), share / len(rows)))
            owners.append(np.full(len(rows), place))
    return (
        np.concatenate(windows).astype(np.float64),
        np.concatenate(shares),
        np.concatenate(owners),
    )


def _spread(head: Head, classes: NDArray[np.int64], n_genres: int) -> Head:
    """A head of `n_genres`, of which it never says those that a fold lacked."""
    weight = np.zeros((n_genres, head.weight.shape[1]))
    bias = np.full(n_genres, -1e3)
    weight[classes], bias[classes] = head.weight, head.bias
    return Head(weight, bias)


def _scaled(scaler: StandardScaler, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> Head:
    """The head for features as they come, unscaled."""
    ours = weight / scaler.scale_
    return Head(ours, bias - ours @ scaler.mean_)
