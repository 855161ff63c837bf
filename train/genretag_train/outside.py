"""What a head is worth for music that it did not hear, by cross-validation."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.manifest import SET_MASSES
from genretag.domain.metrics import (
    Chances,
    Labels,
    accuracy,
    coverage,
    reliability,
    surest_half,
    threshold_for,
)
from genretag_train import metrics
from genretag_train.calibrate import best_temperature, chances_at
from genretag_train.embed_clips import Embedded, Found
from genretag_train.folds import Folds
from genretag_train.linear import Recipe, fitted


@dataclass(frozen=True, eq=False)
class Outside:
    """The judgement of heads on clips of folds that they did not hear.

    `chances` [n_clips, n_genres] are calibrated with the temperature of the other folds, so
    that they tell what calibration is worth too; `temperature` and `threshold` are those of all.
    """

    judged: tuple[Embedded, ...]
    truth: Labels
    chances: Chances
    temperature: float
    threshold: float
    set_masses: tuple[float, ...]
    report: dict[str, Any]

    @property
    def brief(self) -> dict[str, Any]:
        """What a manifest keeps of the report."""
        names = ("clips", "accuracy", "accuracy_95", "accuracy_top2", "f1_macro", "f1_macro_95")
        return {name: self.report[name] for name in (*names, "half", "ece", "accepted")}


OTHER = -1
"""Stands for the truth of a clip of none of the genres."""


def _place(genres: Sequence[str], genre: str) -> int:
    return genres.index(genre) if genre in genres else OTHER


@dataclass(frozen=True, eq=False)
class _Judged:
    """Logits [n_windows, n_genres], truth and fold of each clip."""

    rows: Sequence[NDArray[np.float32]]
    truth: Labels
    folds: NDArray[np.int64]

    def rows_of(self, chosen: NDArray[np.bool_]) -> list[NDArray[np.float32]]:
        return [self.rows[place] for place in np.flatnonzero(chosen).tolist()]


def judged_outside(
    found: Sequence[Embedded],
    genres: tuple[str, ...],
    folds: Folds,
    recipe: Recipe,
    nothing: Found,
    precision: float,
    min_accepted: int,
) -> Outside:
    """Judge each clip by a head that is fitted without its fold.

    Clips of other genres than `genres` can only be judged wrong. They count where it is said
    how often an answer is right: in the threshold and under `accepted` and `others`.

    Args:
        found: all clips; those without a fold are neither judged nor learned from.
        nothing: windows without a genre, see `fitted`.
        precision: of the clips that are to pass the threshold.
        min_accepted: how many clips must pass it.
    """
    placed = [(one, fold) for one, fold in zip(found, folds, strict=True) if fold is not None]
    logits: dict[int, NDArray[np.float32]] = {}
    for fold in sorted({fold for _, fold in placed}):
        head = fitted([one for one, other in placed if other != fold], genres, recipe, nothing)
        logits |= {
            place: head.logits(one.found) for place, (one, own) in enumerate(placed) if own == fold
        }
    every = _Judged(
        [logits[place] for place in range(len(placed))],
        np.array([_place(genres, one.clip.genre) for one, _ in placed]),
        np.array([fold for _, fold in placed]),
    )
    all_chances, limits = _calibrated_outside(every, precision, min_accepted)
    known = every.truth != OTHER
    judged = tuple(one for (one, _), is_known in zip(placed, known, strict=True) if is_known)
    truth, chances, folds_known = every.truth[known], all_chances[known], every.folds[known]
    temperature = round(best_temperature(every.rows_of(known), truth), 3)
    at_last = chances_at(every.rows, temperature)
    limit = threshold_for(at_last, every.truth, precision, min_accepted)
    groups = [one.clip.group for one in judged]
    report = {
        **metrics.report(chances, truth, groups, genres),
        "half": surest_half(chances, truth),
        "accepted": {**asdict(limit), **_accepted(all_chances, every.truth, limits)},
        "known": _accepted(chances, truth, limits[known]),
        "others": _accepted(all_chances[~known], every.truth[~known], limits[~known]),
        "coverage": _coverage(chances, truth),
        "reliability": _reliability(chances, truth),
        "sets": _sets(chances, truth, folds_known),
        "sources": _by_source(judged, chances, truth),
    }
    masses = set_masses(at_last[known], truth)
    return Outside(judged, truth, chances, temperature, limit.threshold, masses, report)


def _coverage(chances: Chances, truth: Labels) -> list[dict[str, float]]:
    return [
        {"coverage": one.coverage, "threshold": one.threshold, "precision": one.precision}
        for one in coverage(chances, truth)
    ]


def _reliability(chances: Chances, truth: Labels) -> list[dict[str, float]]:
    return [
        {"from": one.low, "clips": one.clips, "score": one.score, "right": one.right}
        for one in reliability(chances, truth)
    ]


def set_masses(chances: Chances, truth: Labels) -> tuple[float, ...]:
    """To what a set's scores must sum to hold the truth with 1% to 99%: `genre_set` uses it."""
    true = chances[np.arange(len(truth)), truth][:, None]
    # A set grows until it has the mass, so the truth is in it if those before it have less.
    needed = np.sort(np.where(chances > true, chances, 0).sum(axis=1)) + 1e-6
    ranks = np.ceil((len(needed) + 1) * np.arange(1, SET_MASSES + 1) / 100).astype(int)
    return tuple(float(np.clip(needed[min(rank, len(needed)) - 1], 0, 1)) for rank in ranks)


def _sets(chances: Chances, truth: Labels, of: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Share of the sets of 80%, 90% and 95% that hold the truth, and their mean size.

    The masses are those of the other folds.
    """
    told = {}
    sums = np.cumsum(-np.sort(-chances, axis=1), axis=1)
    ranks = (chances > chances[np.arange(len(truth)), truth][:, None]).sum(axis=1)
    for percent in (80, 90, 95):
        sizes = np.zeros(len(truth), np.int64)
        for fold in np.unique(of):
            mass = set_masses(chances[of != fold], truth[of != fold])[percent - 1]
            sizes[of == fold] = np.minimum((sums[of == fold] < mass).sum(axis=1) + 1, sums.shape[1])
        told[str(percent)] = {
            "holds": float((ranks < sizes).mean()), "genres": float(sizes.mean())
        }  # fmt: skip
    return told


def _calibrated_outside(
    every: _Judged, precision: float, min_accepted: int
) -> tuple[Chances, NDArray[np.float64]]:
    """Probabilities and thresholds of each clip by what the other folds tell."""
    chances = np.zeros((len(every.rows), every.rows[0].shape[1]))
    limits = np.zeros(len(every.rows))
    for fold in np.unique(every.folds):
        own, others = every.folds == fold, every.folds != fold
        known = others & (every.truth != OTHER)
        temperature = best_temperature(every.rows_of(known), every.truth[known])
        chances[own] = chances_at(every.rows_of(own), temperature)
        elsewhere = chances_at(every.rows_of(others), temperature)
        limits[own] = threshold_for(
            elsewhere, every.truth[others], precision, min_accepted
        ).threshold
    return chances, limits


def _accepted(chances: Chances, truth: Labels, limits: NDArray[np.float64]) -> dict[str, float]:
    """Coverage and precision of thresholds that the judged clips had no part in."""
    if not len(truth):
        return {"clips": 0, "coverage": 0.0, "precision": 0.0}
    accepted = chances.max(axis=1) >= limits
    right = (chances.argmax(axis=1) == truth)[accepted]
    precision = float(right.mean()) if len(right) else 0.0
    return {
        "clips": len(truth), "coverage": float(accepted.mean()), "precision": precision
    }  # fmt: skip


def _by_source(
    judged: Sequence[Embedded], chances: Chances, truth: Labels
) -> dict[str, dict[str, float]]:
    """How many clips each source has, and the accuracy on them."""
    sources = np.array([one.clip.source.partition("/")[0] or "other" for one in judged])
    said = chances.argmax(axis=1)
    return {
        source: {
            "clips": int((sources == source).sum()),
            "accuracy": accuracy(said[sources == source], truth[sources == source]),
        }
        for source in np.unique(sources).tolist()
    }
