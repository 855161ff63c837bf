"""The report of units: what deciding by album and artist is worth, against track by track."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import (
    Labels,
    Probabilities,
    bootstrap_indices,
    calibration_error,
    percentile_interval,
)
from genretag.domain.pooling import pool
from genretag.learning.metrics import accuracy_top2
from genretag.learning.out_of_fold import UNKNOWN, Mask
from genretag.learning.threshold import (
    Hits,
    grouped_share_interval,
    judge_written,
    measure_accepted,
    measure_written,
)
from genretag.learning.units import MAX_TRACKS, MIN_TRACKS, Units, decide, is_right
from genretag_train.transfer.fit_pooling import FOLDER_SIZE, FittedPooling

PRECISIONS = (0.8, 0.85, 0.9)
"""At which precisions is told how much is written."""

_SIZES = {
    "2": (2, 2), "3": (3, 3), "2 or 3": (2, 3), "4 or more": (4, MAX_TRACKS),
    "all": (MIN_TRACKS, MAX_TRACKS),
}  # fmt: skip
_SHUFFLES = 40
_THRESHOLDS = np.arange(1, 1000) / 1000


@dataclass(frozen=True, eq=False)
class _Decided:
    """Scores [n_clips, n_genres] of all clips, and what is written by a threshold.

    `written` and `right` are [n_clips, 1 + n_thresholds]: whether a genre is, at the threshold
    that was chosen on the other folds, and at each of _THRESHOLDS.
    """

    scores: Probabilities
    written: Hits
    right: Hits


def report_units(fitted: FittedPooling, promised: float) -> dict[str, Any]:
    """Measure units, decided with what was fitted to other folds, for `metrics.json`.

    `promised` is the precision that tracks have which are written one by one. The report has

    - `parameters`: those of the model.
    - `chosen`: what the threshold for all lets through of the units that it was chosen on.
    - `sizes`: by the number of clips of a unit, what its clips alone and pooled are worth.
    - `folders`: clips of many artists that are taken for a unit, see `_report_folders`.
    - `votes`: units in which persons gave genres, see `_report_votes`.
    """
    units = fitted.units
    sizes = np.zeros(len(units.scores))
    for unit in units.members:
        sizes[unit] = len(unit)
    alone, pooled = _decide_alone(units), _decide_pooled(fitted)
    return {
        "parameters": asdict(fitted.pooling),
        "chosen": _measure_chosen(fitted),
        "sizes": {
            name: _compare(units.select((low <= sizes) & (sizes <= high)), alone, pooled, promised)
            for name, (low, high) in _SIZES.items()
        },
        "folders": list(_report_folders(fitted)),
        "votes": _report_votes(fitted),
    }


def _measure_chosen(fitted: FittedPooling) -> dict[str, Any]:
    units, threshold = fitted.units, fitted.pooling.threshold
    clips = units.clips
    means = units.mean_scores(units.pool(fitted.by_fold))[clips]
    groups = units.groups[clips].tolist()
    accepted = measure_accepted(means, units.truth[clips], groups, units.families, threshold)
    return {"threshold": threshold, **asdict(accepted)}


def _decide_alone(units: Units) -> _Decided:
    every = np.tile(_THRESHOLDS, (len(units.scores), 1))
    thresholds = np.column_stack([units.thresholds, every])
    return _Decided(
        units.scores, *judge_written(units.scores, units.truth, units.families, thresholds)
    )


def _decide_pooled(fitted: FittedPooling) -> _Decided:
    units = fitted.units
    pooled = units.pool(fitted.by_fold)
    written, right = np.zeros((2, len(pooled), 1 + len(_THRESHOLDS)), bool)
    for unit in units.members:
        pooling = fitted.by_fold[int(units.folds[unit[0]])]
        tried = (pooling, *(replace(pooling, threshold=one) for one in _THRESHOLDS))
        for column, one in enumerate(tried):
            claims = decide(pooled[unit], units.scores[unit], one, units.families)
            written[unit, column] = claims.any(axis=1)
            right[unit, column] = is_right(claims, units.truth[unit])
    return _Decided(pooled, written, right)


def _compare(units: Units, alone: _Decided, pooled: _Decided, promised: float) -> dict[str, Any]:
    """Compare the clips of some units, taken one by one and together.

    `gain` is that of accuracy, with a bootstrap interval over units. `at_precision` has the
    largest share that is written with some precision: `promised` and those of PRECISIONS; `ratio`
    is None where the clips alone do not reach it.
    """
    clips = units.clips
    known = clips[units.truth[clips] != UNKNOWN]
    counts = {"units": len(units.members), "clips": len(clips), "known": len(known)}
    if not len(known):
        return counts
    one_by_one, together = _measure(units, alone), _measure(units, pooled)
    gained = _is_best(units, pooled, known).astype(int) - _is_best(units, alone, known)
    shares = [
        (precision, *(_find_coverage(units, decided, precision) for decided in (alone, pooled)))
        for precision in (*PRECISIONS, promised)
    ]
    return {
        **counts,
        "alone": one_by_one,
        "pooled": together,
        "gain": float(gained.mean()),
        "gain_95": percentile_interval(
            float(gained[drawn].mean()) for drawn in bootstrap_indices(units.groups[known].tolist())
        ),
        "at_precision": [
            {
                "precision": precision, "alone": before, "pooled": after,
                "ratio": after / before if before else None,
            }
            for precision, before, after in shares
        ],
    }  # fmt: skip


def _measure(units: Units, decided: _Decided) -> dict[str, Any]:
    """Measure accuracy of clips of known genres; calibration and what is written of all clips."""
    clips = units.clips
    known = clips[units.truth[clips] != UNKNOWN]
    right, groups = _is_best(units, decided, known), units.groups[known].tolist()
    return {
        "accuracy": float(right.mean()),
        "accuracy_95": grouped_share_interval(right, np.ones_like(right), groups).tolist(),
        "accuracy_top2": accuracy_top2(decided.scores[known], units.truth[known]),
        "ece": calibration_error(decided.scores[clips], units.truth[clips]),
        "written": asdict(
            measure_written(
                decided.written[clips, 0], decided.right[clips, 0], units.groups[clips].tolist()
            )
        ),
    }


def _is_best(units: Units, decided: _Decided, clips: NDArray[np.int64]) -> Mask:
    right: Mask = decided.scores[clips].argmax(axis=1) == units.truth[clips]
    return right


def _find_coverage(units: Units, decided: _Decided, precision: float) -> float:
    """Return the largest share of clips that is written with at least `precision`."""
    counts, right = (hits[units.clips, 1:].sum(axis=0) for hits in (decided.written, decided.right))
    reached = counts[right >= precision * np.maximum(counts, 1)]
    return float(reached.max(initial=0) / len(units.clips))


def _report_folders(fitted: FittedPooling) -> Iterator[dict[str, Any]]:
    """Yield the accuracy of clips of many artists that tags, or a folder, hold together.

    They have the sizes of the units, `size` 0, or FOLDER_SIZE. Accuracies are means over many
    ways of dealing the clips.
    """
    sizes = [size for size in (0, FOLDER_SIZE) if fitted.units.shuffle(0, size).members]
    for is_tagged, size in product((False, True), sizes):
        accuracies = []
        for seed in range(_SHUFFLES):
            mixed = fitted.units.shuffle(seed, size)
            clips = mixed.clips[mixed.truth[mixed.clips] != UNKNOWN]
            both = (mixed.scores, mixed.pool(fitted.by_fold, is_tagged))
            accuracies.append(
                [np.mean(one[clips].argmax(axis=1) == mixed.truth[clips]) for one in both]
            )
        alone, pooled = np.mean(accuracies, axis=0).tolist()
        yield {"is_tagged": is_tagged, "size": size, "alone": alone, "pooled": pooled}


def _report_votes(fitted: FittedPooling) -> dict[str, Any]:
    """Return what is written into the other tracks where persons gave `2 of 3` a genre.

    Each track of a unit is among the others equally often. The genres given are the true ones.
    """
    rows: dict[str, list[tuple[bool, bool, str]]] = {"all": []}
    for unit in fitted.units.members:
        for tagged, first in product(range(1, len(unit)), range(len(unit))):
            decided = _decide_others(fitted, np.roll(unit, first), tagged)
            rows.setdefault(f"{tagged} of {len(unit)}", []).extend(decided)
            rows["all"] += decided
    report = {}
    for name in sorted(rows):
        written, right, groups = zip(*rows[name], strict=True)
        report[name] = asdict(measure_written(np.array(written), np.array(right), groups))
    return report


def _decide_others(
    fitted: FittedPooling, unit: NDArray[np.int64], tagged: int
) -> list[tuple[bool, bool, str]]:
    """Return of each clip but the first `tagged`: is it written, is that right, and its group."""
    units, pooling = fitted.units, fitted.by_fold[int(fitted.units.folds[unit[0]])]
    scores, truth = _add_names(units, unit, tagged)
    votes = Counter(truth[:tagged][truth[:tagged] != UNKNOWN].tolist())
    own = scores[tagged:]
    # What persons gave others goes to all.
    families = np.pad(units.families, ((0, 0), (0, own.shape[1] - units.families.shape[1])))
    pooled = pool(own, pooling, votes=votes)
    claims = decide(pooled, own, replace(pooling, apart=1.0), families)
    rows = (claims.any(axis=1), is_right(claims, truth[tagged:]), units.groups[unit[tagged:]])
    return list(zip(*(row.tolist() for row in rows), strict=True))


def _add_names(units: Units, clips: NDArray[np.int64], tagged: int) -> tuple[Probabilities, Labels]:
    """Return scores and truth of clips, with a column for each name that is new to the heads.

    New names are those given to the first `tagged` clips, if these are half of all at least. Sound
    speaks neither for one nor against it, so it has the score of a genre among equals.
    """
    scores, truth, labels = units.scores[clips], units.truth[clips], units.labels[clips]
    equal = np.full((len(scores), 1), 1 / scores.shape[1])
    new = labels[:tagged][truth[:tagged] == UNKNOWN] if 2 * tagged >= len(clips) else []
    for name in np.unique(new):
        truth = np.where(labels == name, scores.shape[1], truth)
        scores = np.hstack([scores, equal])
    return scores / scores.sum(axis=1, keepdims=True), truth
