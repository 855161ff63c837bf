"""A linear head: logistic regression on what frozen backbones found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from genretag_train.batches import group_weights
from genretag_train.embed_clips import Embedded, Found


@dataclass(frozen=True)
class Recipe:
    """What a fit depends on beside its clips.

    `c` is how little large weights are punished. A clip of a group weighs
    1 / size ** `group_power`, and `class_power` brings genres nearer to one weight, which
    they have at 1. Sounds without a genre weigh `nothing` times as much as all clips.
    """

    c: float = 0.01
    group_power: float = 0.5
    class_power: float = 0.75
    nothing: float = 0.1


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

    `nothing` [n_windows, width] are windows without a genre: each counts as every genre alike,
    so that the head is sure of none.
    """
    truth = np.array([genres.index(one.clip.genre) for one in found])
    weights = np.array(group_weights([one.clip.group for one in found], recipe.group_power))
    sums = np.bincount(truth, weights, minlength=len(genres))
    weights *= np.where(sums > 0, sums / sums.max(), 1.0)[truth] ** -recipe.class_power
    weights *= len(found) / weights.sum()
    counts = [len(one.found) for one in found]
    windows = np.concatenate([one.found for one in found]).astype(np.float64)
    shares = np.repeat(weights / counts, counts)
    labels = np.repeat(truth, counts)
    if len(nothing):
        kinds = np.unique(truth)
        share = recipe.nothing * len(found) / (len(nothing) * len(kinds))
        windows = np.concatenate([windows, *[nothing.astype(np.float64)] * len(kinds)])
        shares = np.concatenate([shares, np.full(len(nothing) * len(kinds), share)])
        labels = np.concatenate([labels, np.repeat(kinds, len(nothing))])
    scaler = StandardScaler().fit(windows, sample_weight=shares)
    # One thread, so that any machine adds up in the same order; more gain little here.
    with threadpool_limits(1):
        fit = LogisticRegression(C=recipe.c, max_iter=2000, tol=1e-5).fit(
            scaler.transform(windows), labels, sample_weight=shares
        )
    if len(fit.classes_) < len(genres):  # a fold may lack a genre, which it then never says
        return _scaled(scaler, *_spread(fit, len(genres)))
    return _scaled(scaler, fit.coef_, fit.intercept_)


def _spread(
    fit: LogisticRegression, n_genres: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weight = np.zeros((n_genres, fit.coef_.shape[1]))
    bias = np.full(n_genres, -1e3)
    weight[fit.classes_], bias[fit.classes_] = fit.coef_, fit.intercept_
    return weight, bias


def _scaled(scaler: StandardScaler, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> Head:
    """The head for features as they come, unscaled."""
    ours = weight / scaler.scale_
    return Head(ours, bias - ours @ scaler.mean_)
