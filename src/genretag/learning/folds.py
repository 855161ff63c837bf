"""Folds for cross-validation that keep groups whole and genres balanced."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels

N_FOLDS = 5


def fold_groups(labels: Labels, groups: Sequence[str], n_folds: int = N_FOLDS) -> NDArray[np.int64]:
    """Return the fold of each sample, [n_samples]; no group is in two.

    Groups are dealt one by one, the most one-sided first, each to the fold in which it leaves the
    shares of all genres the most even; among equal ones, to the smallest. This is what
    StratifiedGroupKFold of scikit-learn does, which the tests hold it to.

    Args:
        labels: [n_samples], the genre of each.
        groups: the artist of each, or whatever may not be parted.
        n_folds: some are empty where there are fewer groups.
    """
    _, genre_of = np.unique(labels, return_inverse=True)
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.zeros((len(names), genre_of.max() + 1))
    np.add.at(counts, (group_of, genre_of), 1)
    sizes = counts.sum(axis=0)
    order = np.arange(len(names))
    np.random.RandomState(0).shuffle(order)
    order = order[np.argsort(-counts[order].std(axis=1), kind="stable")]
    in_fold = np.zeros((n_folds, len(sizes)))
    fold_of = np.zeros(len(names), np.int64)
    for group in order:
        # [n_folds, n_folds, n_genres]: what all folds would hold if the group went to each.
        tried = in_fold + np.eye(n_folds)[:, :, None] * counts[group]
        unevenness = (tried / sizes).std(axis=1).mean(axis=1)
        fold_of[group] = _pick(unevenness, in_fold.sum(axis=1))
        in_fold[fold_of[group]] += counts[group]
    folds: NDArray[np.int64] = fold_of[group_of]
    return folds


def _pick(unevenness: NDArray[np.float64], sizes: NDArray[np.float64]) -> int:
    best = 0
    for fold in range(1, len(sizes)):
        is_equal = np.isclose(unevenness[fold], unevenness[best])
        if unevenness[fold] < unevenness[best] or (is_equal and sizes[fold] < sizes[best]):
            best = fold
    return best
