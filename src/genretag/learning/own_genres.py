"""Learns the genres of a library: fits a head to tagged tracks, calibrates it and judges it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities
from genretag.domain.pooling import Pooling
from genretag.learning.folds import fold_groups
from genretag.learning.logistic_regression import (
    LinearHead,
    Samples,
    Shares,
    fit_logistic_regression,
)
from genretag.learning.out_of_fold import (
    UNKNOWN,
    Calibrated,
    CalibrationTarget,
    Mask,
    OutOfFold,
    calibrate_all,
    calibrate_by_fold,
)
from genretag.learning.threshold import find_families
from genretag.learning.units import Units
from genretag.learning.weights import balance_genres, weigh_groups

_TOLERANCE = 1e-5
"""No prediction changes where the search for a head goes on."""


@dataclass(frozen=True)
class Recipe:
    """Settings of a fit.

    Attributes:
        c: the inverse strength of the L2 penalty.
        artist_power: a track weighs 1 / (tracks of its artist) to this power.
        genre_power: how far genres are brought to one weight, in [0, 1].
        simulated: what all simulated tracks weigh, in parts of those with a genre.
        sounds: the same for sounds that are no music.
    """

    c: float = 0.005
    artist_power: float = 0.5
    genre_power: float = 0.5
    simulated: float = 0.5
    sounds: float = 0.1


@dataclass(frozen=True, eq=False)
class LabelledTracks:
    """Tracks with the genres that persons gave them, and others to tell them from.

    Attributes:
        genres: the names of those that are learned.
        parents: some of them with the family that they are of.
        embeddings: [n_tracks, width], the means of their windows.
        shares: [n_tracks, n_genres]; a row of zeros is a track of other genres.
        artists: [n_tracks].
        is_real: [n_tracks], False for simulated tracks of other genres.
        units: albums, by the positions of their tracks.
        sounds: [n_sounds, width], embeddings of what is no music.
    """

    genres: tuple[str, ...]
    parents: Mapping[str, str]
    embeddings: NDArray[np.float16]
    shares: Shares
    artists: NDArray[np.str_]
    is_real: Mask
    units: tuple[NDArray[np.int64], ...]
    sounds: Samples

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def targets(self) -> Shares:
        """[n_tracks, n_genres + 1]: the last column is 1 for tracks of other genres."""
        return np.column_stack([self.shares, ~self.shares.any(axis=1)])


@dataclass(frozen=True, eq=False)
class LearnedHead:
    """A head for all tracks, and what heads that were fitted without some say of those.

    Attributes:
        head: fitted to all tracks; its last output stands for all other music.
        temperature: by which its logits are divided.
        threshold: from which a genre is written into a track by itself.
        reaches_target: whether the tracks show that it is right as often as it should be.
        pooling: for albums and artists; None if the base model has none.
        by_fold: out-of-fold predictions, each fold calibrated by the others: what is to be expected
            of new music.
        units: the albums whose tracks are all in one fold, with the scores of `by_fold`.
        poolings: the model of units for each fold, its threshold chosen on the others.
    """

    head: LinearHead
    temperature: float
    threshold: float
    reaches_target: bool
    pooling: Pooling | None
    by_fold: Calibrated
    units: Units
    poolings: Mapping[int, Pooling]

    @property
    def probabilities(self) -> Probabilities:
        """The scores [n_tracks, n_genres] of `by_fold`, without that of all other music."""
        return self.by_fold.probabilities[:, :-1]


def learn(
    tracks: LabelledTracks,
    recipe: Recipe,
    target: CalibrationTarget,
    pooling: Pooling | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LearnedHead:
    """Fit a head to all tracks, and one without each fold to calibrate it; no artist is in two.

    Args:
        tracks: two genres or more, each by two artists or more.
        recipe: how heads are fitted.
        target: what the threshold must reach.
        pooling: of the base model; all but its thresholds are kept.
        progress: is told how many heads of how many are fitted.
    """
    targets = tracks.targets
    folds = fold_groups(targets.argmax(axis=1), tracks.artists.tolist())
    names = np.unique(folds).tolist()
    logits = np.zeros(targets.shape, np.float32)
    for done, fold in enumerate(names):
        progress(done, len(names) + 1)
        held_out = folds == fold
        logits[held_out] = fit(tracks, ~held_out, recipe).compute_logits(
            tracks.embeddings[held_out].astype(np.float32)
        )
    progress(len(names), len(names) + 1)
    head = fit(tracks, np.ones(len(tracks), bool), recipe)
    families = find_families(tracks.genres, tracks.parents)
    scored = OutOfFold(
        list(logits[:, None]),
        label_tracks(targets, logits),
        folds,
        tracks.artists,
        np.column_stack([families, np.zeros(len(families), bool)]),
        np.ones(len(tracks), bool),
        target,
    )
    temperature, final = calibrate_all(scored)
    by_fold = calibrate_by_fold(scored)
    threshold = float(final.thresholds[0])
    accepted = final.measure_accepted(np.ones(len(tracks), bool))
    units = _collect_units(tracks, by_fold)
    poolings, own = _choose_poolings(units, pooling, threshold, target)
    return LearnedHead(
        head,
        temperature,
        threshold,
        accepted.precision_95[0] >= target.precision,
        own,
        by_fold,
        units,
        poolings,
    )


def fit(tracks: LabelledTracks, mask: Mask, recipe: Recipe) -> LinearHead:
    """Fit a head to some of the tracks, with an output more than there are genres.

    Tracks of other genres, real and simulated ones, and sounds that are no music have that output.
    """
    targets, known = tracks.targets[mask], tracks.shares[mask].any(axis=1)
    weights = np.ones(len(targets))
    weights[known] = balance_genres(
        weigh_groups(tracks.artists[mask][known].tolist(), recipe.artist_power),
        targets[known],
        recipe.genre_power,
    )
    simulated = ~tracks.is_real[mask]
    weights[simulated] = recipe.simulated * known.sum() / max(simulated.sum(), 1)
    of_sounds = np.full(
        len(tracks.sounds), recipe.sounds * known.sum() / max(len(tracks.sounds), 1)
    )
    nothing = np.tile(np.eye(targets.shape[1])[-1], (len(tracks.sounds), 1))
    return fit_logistic_regression(
        np.concatenate([tracks.embeddings[mask], tracks.sounds]).astype(np.float32),
        np.concatenate([targets, nothing]),
        np.concatenate([weights, of_sounds]),
        recipe.c,
        _TOLERANCE,
    )


def label_tracks(targets: Shares, logits: NDArray[np.float32]) -> Labels:
    """Return the one output by which each track is judged, [n_tracks].

    That is the best one by `logits` [n_tracks, n_outputs] if the track has it in `targets`, of the
    same shape, as any of its genres is right; and else its first.
    """
    best = logits.argmax(axis=1)
    first = (targets > 0).argmax(axis=1)
    labels: Labels = np.where(targets[np.arange(len(targets)), best] > 0, best, first)
    return labels


def _collect_units(tracks: LabelledTracks, by_fold: Calibrated) -> Units:
    scored = by_fold.scored
    names = np.array([*tracks.genres, ""])
    outputs = len(tracks.genres)
    return Units(
        tuple(unit for unit in tracks.units if len(set(scored.folds[unit].tolist())) == 1),
        by_fold.probabilities[:, :outputs],
        np.where(scored.known, scored.truth, UNKNOWN),
        names[scored.truth],
        scored.groups,
        scored.folds,
        by_fold.thresholds,
        scored.families[:, :outputs],
    )


def _choose_poolings(
    units: Units, pooling: Pooling | None, threshold: float, target: CalibrationTarget
) -> tuple[Mapping[int, Pooling], Pooling | None]:
    """Return the model of units for each fold, and that for new music.

    Where too few tracks are of albums to choose a threshold for them, it is the base model's. It is
    never below that for single tracks: a few albums say less than all tracks.
    """
    if pooling is None:
        return {}, None
    folds = np.unique(units.folds).tolist()
    alone = {fold: float(units.thresholds[units.folds == fold][0]) for fold in folds}
    poolings = {fold: replace(pooling, apart=alone[fold]) for fold in folds}

    of_units = replace(target, otherwise=pooling.threshold)

    def choose(own: Units, floor: float) -> float:
        if len(own.clips) < target.min_accepted:
            return max(pooling.threshold, floor)
        return max(own.choose_threshold(poolings, of_units), floor)

    for fold in folds:
        others = units.select(units.folds != fold)
        poolings[fold] = replace(poolings[fold], threshold=choose(others, alone[fold]))
    return poolings, replace(pooling, threshold=choose(units, threshold), apart=threshold)
