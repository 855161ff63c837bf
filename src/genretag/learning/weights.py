"""Weights of labelled samples, so that no artist and no genre counts for too much."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from genretag.learning.logistic_regression import Shares, Weights


def weigh_groups(groups: Sequence[str], power: float) -> Weights:
    """Return 1 / (size of its group) to `power` for each sample, scaled to a mean of 1.

    >>> weigh_groups(["a", "a", "b"], 0.0).tolist()
    [1.0, 1.0, 1.0]
    """
    sizes = Counter(groups)
    weights = np.array([sizes[group] ** -power for group in groups])
    scaled: Weights = weights / weights.mean()
    return scaled


def balance_genres(weights: Weights, shares: Shares, power: float) -> Weights:
    """Return weights that bring the sums of genres nearer to each other, with a mean of 1.

    With a `power` of 1 all genres count the same, with 0 as much as their samples do.

    >>> balance_genres(np.ones(3), np.array([[1, 0], [1, 0], [0, 1]]), 1.0).tolist()
    [0.75, 0.75, 1.5]
    """
    sums = weights @ shares
    factors = np.where(sums > 0, sums / sums.max(), 1.0) ** -power
    balanced = weights * (shares @ factors)
    scaled: Weights = balanced * (len(weights) / balanced.sum())
    return scaled
