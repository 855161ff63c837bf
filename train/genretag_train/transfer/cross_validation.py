"""What a head is worth for music that it did not hear, by cross-validation."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.manifest import SET_MASSES
from genretag.domain.metrics import (
    Labels,
    Probabilities,
    accuracy_of_surest_half,
    calibration_error,
    coverage,
    reliability,
)
from genretag_train.data.dataset import Clip
from genretag_train.data.folds import Folds
from genretag_train.evaluation import metrics
from genretag_train.evaluation.calibration import best_temperature, probabilities_at
from genretag_train.evaluation.threshold import passing, share_limits, sure_threshold
from genretag_train.transfer.embeddings import Embedded, Found
from genretag_train.transfer.linear import Recipe, fitted

OTHER = -1
"""Stands for the truth of a clip of none of the genres."""

CALIBRATED_ON, ELSEWHERE = "calibrated on", "elsewhere"
"""The clips that temperature and threshold are chosen on, and all others, among the sources."""


@dataclass(frozen=True)
class Target:
    """How often a genre that is written must be right, and in which music.

    At least `precision` of what passes the threshold must be right, by the lower end of its 95%
    interval, and at least `min_accepted` clips must pass. Temperature, threshold and sets are
    chosen on the clips of the collections `on`, or on all clips where it names none.
    """

    precision: float
    min_accepted: int
    on: Sequence[str] = ()

    def includes(self, clip: Clip) -> bool:
        """Tell whether the clip is one of those that it is chosen on."""
        return not self.on or clip.collection in self.on


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The judgement of heads on clips of folds that they did not hear.

    `truth` [n_clips] is OTHER for clips of genres that the heads do not know. `probabilities`
    [n_clips, n_genres] are calibrated with the temperature of the other folds, so that they tell
    what calibration is worth too; `temperature` and `threshold` are those of all.
    """

    judged: tuple[Embedded, ...]
    truth: Labels
    probabilities: Probabilities
    temperature: float
    threshold: float
    set_masses: tuple[float, ...]
    report: dict[str, Any]

    @property
    def brief(self) -> dict[str, Any]:
        """What a manifest keeps of the report."""
        names = ("clips", "accuracy", "accuracy_95", "accuracy_top2", "f1_macro", "f1_macro_95")
        kept = (*names, "half", "ece", "chosen", "accepted", "coverage")
        return {name: self.report[name] for name in kept}


@dataclass(frozen=True, eq=False)
class _Judged:
    """Logits [n_windows, n_genres], truth, fold and group of each clip.

    `calibrates` says of which clips temperature and threshold are chosen.
    """

    rows: Sequence[NDArray[np.float32]]
    truth: Labels
    folds: NDArray[np.int64]
    groups: NDArray[np.str_]
    calibrates: NDArray[np.bool_]

    def rows_of(self, chosen: NDArray[np.bool_]) -> list[NDArray[np.float32]]:
        return [self.rows[place] for place in np.flatnonzero(chosen).tolist()]

    def without(self, fold: int) -> NDArray[np.bool_]:
        """The clips of the other folds by which one fold's temperature and threshold are chosen."""
        others: NDArray[np.bool_] = self.folds != fold
        chosen: NDArray[np.bool_] = others & self.calibrates
        # A source that is left out whole may be the only one to choose on.
        return chosen if (chosen & (self.truth != OTHER)).any() else others

    def temperature(self, chosen: NDArray[np.bool_]) -> float:
        known = chosen & (self.truth != OTHER)
        return best_temperature(self.rows_of(known), self.truth[known])

    def threshold(self, chosen: NDArray[np.bool_], temperature: float, target: Target) -> float:
        probabilities = probabilities_at(self.rows_of(chosen), temperature)
        truth, groups = self.truth[chosen], self.groups[chosen].tolist()
        return sure_threshold(probabilities, truth, groups, target.precision, target.min_accepted)


def judged_outside(
    found: Sequence[Embedded],
    genres: tuple[str, ...],
    folds: Folds,
    recipe: Recipe,
    nothing: Found,
    target: Target,
) -> CrossValidation:
    """Judge each clip by a head that is fitted without its fold.

    Clips of other genres than `genres` can only be judged wrong. They count where it is said
    how often what is written is right: in the threshold, and in the report under `chosen`,
    `accepted`, `others`, `coverage`, and as `written` of a source.

    Args:
        found: all clips; those without a fold are neither judged nor learned from.
        genres: the head's.
        folds: the fold of each clip.
        recipe: how heads are fitted.
        nothing: windows without a genre, see `fitted`.
        target: what is asked of the threshold.
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
        np.array([one.clip.group for one, _ in placed]),
        np.array([target.includes(one.clip) for one, _ in placed]),
    )
    temperature = round(every.temperature(every.calibrates), 3)
    threshold = every.threshold(every.calibrates, temperature, target)
    probabilities, limits = _calibrated_outside(every, target)
    judged = tuple(one for one, _ in placed)
    known, ours = every.truth != OTHER, every.calibrates
    at_last = probabilities_at(every.rows, temperature)
    both = known & ours
    report = {
        **metrics.report(
            probabilities[known], every.truth[known], every.groups[known].tolist(), genres
        ),
        "half": accuracy_of_surest_half(probabilities[known], every.truth[known]),
        "chosen": {"threshold": threshold, **_passing(every, at_last, threshold, ours)},
        "accepted": {"threshold": threshold, **_passing(every, probabilities, limits, ours)},
        "known": _passing(every, probabilities, limits, both),
        "others": _passing(every, probabilities, limits, ours & ~known),
        "coverage": _coverage(probabilities[ours], every.truth[ours]),
        "reliability": _reliability(probabilities[both], every.truth[both]),
        "sets": _sets(every, probabilities),
        "sources": _by_source(every, judged, probabilities, limits),
    }
    masses = set_masses(at_last[both], every.truth[both])
    return CrossValidation(
        judged, every.truth, probabilities, temperature, threshold, masses, report
    )


def _place(genres: Sequence[str], genre: str) -> int:
    return genres.index(genre) if genre in genres else OTHER


def _coverage(probabilities: Probabilities, truth: Labels) -> list[dict[str, float]]:
    return [
        {"coverage": one.coverage, "threshold": one.threshold, "precision": one.precision}
        for one in coverage(probabilities, truth)
    ]


def _reliability(probabilities: Probabilities, truth: Labels) -> list[dict[str, float]]:
    return [
        {"from": one.low, "clips": one.clips, "score": one.score, "right": one.right}
        for one in reliability(probabilities, truth)
    ]


def set_masses(probabilities: Probabilities, truth: Labels) -> tuple[float, ...]:
    """To what a set's scores must sum to hold the truth with 1% to 99%: `genre_set` uses it."""
    true = probabilities[np.arange(len(truth)), truth][:, None]
    # A set grows until it has the mass, so the truth is in it if those before it have less.
    needed = np.sort(np.where(probabilities > true, probabilities, 0).sum(axis=1)) + 1e-6
    ranks = np.ceil((len(needed) + 1) * np.arange(1, SET_MASSES + 1) / 100).astype(int)
    return tuple(float(np.clip(needed[min(rank, len(needed)) - 1], 0, 1)) for rank in ranks)


def _sets(every: _Judged, probabilities: Probabilities) -> dict[str, dict[str, float]]:
    """Share of the sets of 80%, 90% and 95% that hold the truth, and their mean size.

    The masses are those of the other folds.
    """
    told = {}
    known = every.truth != OTHER
    judged = known & every.calibrates
    sums = np.cumsum(-np.sort(-probabilities, axis=1), axis=1)
    # The true genre's score; of a clip without one it is never asked.
    true = probabilities[np.arange(len(probabilities)), every.truth]
    ranks = (probabilities > true[:, None]).sum(axis=1)
    for percent in (80, 90, 95):
        sizes = np.zeros(len(probabilities), np.int64)
        for fold in np.unique(every.folds[judged]):
            own, chosen = judged & (every.folds == fold), known & every.without(fold)
            mass = set_masses(probabilities[chosen], every.truth[chosen])[percent - 1]
            sizes[own] = np.minimum((sums[own] < mass).sum(axis=1) + 1, sums.shape[1])
        told[str(percent)] = {
            "holds": float((ranks < sizes)[judged].mean()), "genres": float(sizes[judged].mean())
        }  # fmt: skip
    return told


def _calibrated_outside(
    every: _Judged, target: Target
) -> tuple[Probabilities, NDArray[np.float64]]:
    """Probabilities and thresholds of each clip by what the other folds tell."""
    probabilities = np.zeros((len(every.rows), every.rows[0].shape[1]))
    limits = np.zeros(len(every.rows))
    for fold in np.unique(every.folds):
        own, chosen = every.folds == fold, every.without(fold)
        temperature = every.temperature(chosen)
        probabilities[own] = probabilities_at(every.rows_of(own), temperature)
        limits[own] = every.threshold(chosen, temperature, target)
    return probabilities, limits


def _passing(
    every: _Judged,
    probabilities: Probabilities,
    limits: NDArray[np.float64] | float,
    part: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return what passes `limits`, one for each clip or one for all, of a part of the clips."""
    own = limits[part] if isinstance(limits, np.ndarray) else limits
    return asdict(passing(probabilities[part], every.truth[part], every.groups[part].tolist(), own))


def _by_source(
    every: _Judged,
    judged: Sequence[Embedded],
    probabilities: Probabilities,
    limits: NDArray[np.float64],
) -> dict[str, dict[str, Any]]:
    """Return how each collection is judged, all that count for the threshold, and all others."""
    collections = np.array([one.clip.collection for one in judged])
    parts = {name: collections == name for name in np.unique(collections).tolist()}
    if not every.calibrates.all():
        parts |= {CALIBRATED_ON: every.calibrates, ELSEWHERE: ~every.calibrates}
    told = {}
    for name, part in parts.items():
        known = part & (every.truth != OTHER)
        told[name] = {
            **_scores(probabilities[known], every.truth[known], every.groups[known].tolist()),
            "written": _passing(every, probabilities, limits, part),
        }
    return told


def _scores(probabilities: Probabilities, truth: Labels, groups: Sequence[str]) -> dict[str, Any]:
    if not len(truth):
        nothing = dict.fromkeys(("accuracy", "accuracy_top2", "ece"), 0.0)
        return {"clips": 0, "accuracy_95": (0.0, 1.0), **nothing}
    right = probabilities.argmax(axis=1) == truth
    return {
        "clips": len(truth),
        "accuracy": float(right.mean()),
        "accuracy_95": tuple(share_limits(right, np.ones_like(right), groups).tolist()),
        "accuracy_top2": metrics.accuracy_top2(probabilities, truth),
        "ece": calibration_error(probabilities, truth),
    }
