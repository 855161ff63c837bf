"""Fits the model of units, `genretag.domain.pooling`, to artists that no head had learned from."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from genretag.domain.pooling import Pooling
from genretag.learning.out_of_fold import UNKNOWN, CalibrationTarget
from genretag.learning.units import Units
from genretag_train.data.dataset import bad_dataset
from genretag_train.transfer.units import UnitRecipe

MOST_LOST = 0.005
"""The share of right tracks that folders without anything in common may lose."""

FOLDER_SIZE = 8
"""How many clips such a folder has, besides as many as the units."""

_START = Pooling(
    outlier=0.5, weight=1.0, correlation=0.3, agreement=0.88, vote=1.0, coherent=0.5,
    coherent_folder=0.5, threshold=1.0, apart=1.0,
)  # fmt: skip
_RIDGE = 2e-3  # keeps what few units say nothing of near the start
_SHUFFLES = 30


@dataclass(frozen=True, eq=False)
class FittedPooling:
    """Parameters fitted to all units, and to those of the other folds of each fold.

    `units` are those that they were fitted to.
    """

    units: Units
    pooling: Pooling
    by_fold: Mapping[int, Pooling]


def fit_by_fold(units: Units, recipe: UnitRecipe, precision: float, apart: float) -> FittedPooling:
    """Fit the parameters for each fold to the units of the others, and once to all units.

    The threshold for all is chosen on scores that were pooled with the parameters of the other
    folds; that for a fold on the other folds alone, so that its units tell what it is worth. The
    lower end of the 95% interval of what is right must reach `precision`. `apart` is the threshold
    for tracks by themselves; that for a fold is the one that was chosen without it.

    Raises:
        RunError: `bad-dataset`, all units are in one fold.
    """
    target = CalibrationTarget(precision, recipe.min_accepted)
    folds = np.unique(units.folds[units.clips]).tolist()
    if len(folds) < 2:
        raise bad_dataset(f"too few artists of {', '.join(recipe.sources)} have two clips or more")
    by_fold = {}
    for fold in folds:
        others = units.select(units.folds != fold)
        pooling = fit_pooling(others, recipe)
        by_fold[fold] = replace(
            pooling,
            threshold=others.choose_threshold(dict.fromkeys(folds, pooling), target),
            apart=float(units.thresholds[units.folds == fold][0]),
        )
    threshold = units.choose_threshold(by_fold, target)
    pooling = replace(fit_pooling(units, recipe), threshold=threshold, apart=apart)
    return FittedPooling(units, pooling, by_fold)


def fit_pooling(units: Units, recipe: UnitRecipe) -> Pooling:
    """Fit all parameters but the threshold, which is 1.

    Outlier, weight, correlation and agreement have the least log loss. A clip of a genre that no
    head knows asks for scores that are all alike: whichever is high, it is wrong.
    """
    # One fold for all: the parameters are the same, and clips may be dealt to any unit.
    units = replace(units, folds=np.zeros_like(units.folds))
    clips, n_genres = units.clips, units.scores.shape[1]
    targets = np.eye(n_genres)[units.truth[clips]]
    targets[units.truth[clips] == UNKNOWN] = 1 / n_genres
    start = _to_free(_START)
    given = replace(_START, coherent=recipe.coherent, vote=_measure_agreement(units))

    def loss(free: NDArray[np.float64]) -> float:
        pooled = units.pool({0: _from_free(free, given)})[clips]
        losses = -(targets * np.log(np.maximum(pooled, 1e-6))).sum(axis=1)
        return float(losses.mean() + _RIDGE * np.square(free - start).sum())

    fitted = _round(_from_free(minimize(loss, start, method="L-BFGS-B").x, given))
    return replace(fitted, coherent_folder=_fit_coherent_folder(units, fitted))


def _to_free(pooling: Pooling) -> NDArray[np.float64]:
    """Return the fitted parameters as numbers without bounds."""
    shares = (pooling.outlier, pooling.correlation, pooling.agreement)
    return np.array([*logit(shares), np.log(pooling.weight)])


def _from_free(free: NDArray[np.float64], given: Pooling) -> Pooling:
    outlier, correlation, agreement = expit(free[:3]).tolist()
    return replace(
        given,
        outlier=outlier,
        weight=float(np.exp(free[3])),
        correlation=correlation,
        agreement=agreement,
    )


def _round(pooling: Pooling) -> Pooling:
    return Pooling(**{name: round(value, 3) for name, value in asdict(pooling).items()})


def _measure_agreement(units: Units) -> float:
    """Return the probability that a label is the genre of its unit, in [0, 1].

    Two labels are the same where both are that genre, so it is the root of how often they are.
    """
    same = [
        units.labels[one] == units.labels[other]
        for unit in units.members
        for one, other in combinations(unit, 2)
    ]
    return float(np.sqrt(np.mean(same)))


def _fit_coherent_folder(units: Units, pooling: Pooling) -> float:
    """Find the largest prior, in hundredths, with which clips of many artists lose MOST_LOST."""
    sizes = [size for size in (0, FOLDER_SIZE) if units.shuffle(0, size).members]
    folders = [[units.shuffle(seed, size) for seed in range(_SHUFFLES)] for size in sizes]

    def loses_more(hundredths: int) -> bool:
        tried = {0: replace(pooling, coherent_folder=hundredths / 100)}
        return any(
            np.mean([_measure_loss(units, tried) for units in of_a_size]) > MOST_LOST
            for of_a_size in folders
        )

    return (1 + bisect_left(range(2, 100), True, key=loses_more)) / 100


def _measure_loss(units: Units, poolings: Mapping[int, Pooling]) -> float:
    """Return how much less accurate clips are told in folders than alone; at most 1."""
    clips = units.clips[units.truth[units.clips] != UNKNOWN]
    pooled = units.pool(poolings, is_tagged=False)
    alone, together = (
        np.mean(scores[clips].argmax(axis=1) == units.truth[clips])
        for scores in (units.scores, pooled)
    )
    return float(alone - together)
