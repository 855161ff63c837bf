"""Judges what was learned, by predictions of heads that had not heard the track's artist."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genretag.domain.evaluation import Estimate
from genretag.domain.metrics import Labels, calibration_error
from genretag.learning.metrics import compute_metrics
from genretag.learning.own_genres import LabelledTracks, LearnedHead
from genretag.learning.threshold import AcceptedClips, measure_written
from genretag.learning.units import decide, is_right

UNCOMPARED = -2
"""The label of a track whose genre the base model does not have."""


@dataclass(frozen=True)
class JudgedGenre:
    """Precision and recall of one genre.

    Attributes:
        name: as the library spells it.
        tracks: how many have it.
        artists: by how many artists these are.
        precision: how many of the tracks that are told to be of it are.
        recall: how many of its tracks are told to be of it.
    """

    name: str
    tracks: int
    artists: int
    precision: Estimate
    recall: Estimate


@dataclass(frozen=True)
class Comparison:
    """The base model and the learned one, on the tracks whose genre has the same name in both.

    Attributes:
        model: identity of the base model.
        tracks: how many these are.
        own: accuracy of the learned one.
        base: accuracy of the base model.
    """

    model: str
    tracks: int
    own: Estimate
    base: Estimate


@dataclass(frozen=True, eq=False)
class Judgement:
    """Metrics of a learned head on artists that it does not know.

    Attributes:
        tracks: how many have one of its genres.
        artists: by how many artists.
        others: how many tracks of other genres count as wrong where a genre is written.
        accuracy: how many tracks get one of the genres that they have.
        commonest: the genre that most tracks have.
        commonest_share: how many have it.
        f1_macro: mean F1 of the genres.
        ece: expected calibration error, in [0, 1].
        genres: each of them.
        confusion: [n_genres, n_genres] tracks, by true genre (rows) and predicted genre.
        threshold: from which a genre is written into a track by itself.
        target: the precision that it is chosen for.
        reaches_target: whether the tracks show that it has that precision.
        by_track: what reaches thresholds that were chosen on other artists.
        by_unit: the same where albums are decided together; None without albums or pooling.
        base: the base model on the same tracks; None where no name is the same.
    """

    tracks: int
    artists: int
    others: int
    accuracy: Estimate
    commonest: str
    commonest_share: float
    f1_macro: Estimate
    ece: float
    genres: tuple[JudgedGenre, ...]
    confusion: tuple[tuple[int, ...], ...]
    threshold: float
    target: float
    reaches_target: bool
    by_track: AcceptedClips
    by_unit: AcceptedClips | None
    base: Comparison | None

    @property
    def is_better_than_guessing(self) -> bool:
        """Whether it is surely right more often than who always says the commonest genre."""
        return self.accuracy.low > self.commonest_share

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON can hold them."""
        return asdict(self) | {"is_better_than_guessing": self.is_better_than_guessing}


def judge(
    learned: LearnedHead, tracks: LabelledTracks, base_labels: Labels, base_model: str
) -> Judgement:
    """Judge a head by its out-of-fold predictions.

    Args:
        learned: the head.
        tracks: those that it was fitted to.
        base_labels: [n_tracks], the base model's best genre as one of `tracks.genres`, or UNKNOWN;
            UNCOMPARED for tracks whose genre the base model does not have.
        base_model: identity of the base model.
    """
    scored, probabilities = learned.by_fold.scored, learned.probabilities
    known, truth = scored.known, scored.truth
    groups = scored.groups[known].tolist()
    metrics = compute_metrics(probabilities[known], truth[known], groups, tracks.genres)
    counts = np.bincount(truth[known], minlength=len(tracks.genres))
    target = scored.target.precision
    return Judgement(
        int(known.sum()),
        len(set(groups)),
        int((tracks.is_real & ~known).sum()),
        Estimate(metrics["accuracy"], *metrics["accuracy_95"]),
        tracks.genres[counts.argmax()],
        float(counts.max() / counts.sum()),
        Estimate(metrics["f1_macro"], *metrics["f1_macro_95"]),
        calibration_error(probabilities[known], truth[known]),
        tuple(_judge_genres(learned, tracks)),
        tuple(map(tuple, metrics["confusion"])),
        learned.threshold,
        target,
        learned.reaches_target,
        learned.by_fold.measure_accepted(tracks.is_real),
        _measure_units(learned),
        _compare(learned, base_labels, base_model),
    )


def _judge_genres(learned: LearnedHead, tracks: LabelledTracks) -> list[JudgedGenre]:
    scored, predicted = learned.by_fold.scored, learned.probabilities.argmax(axis=1)
    judged = []
    for column, name in enumerate(tracks.genres):
        told, own = (predicted == column) & scored.known, tracks.shares[:, column] > 0
        judged.append(
            JudgedGenre(
                name,
                int(own.sum()),
                len(set(scored.groups[own].tolist())),
                Estimate.of_share(own[told]),
                Estimate.of_share(told[own]),
            )
        )
    return judged


def _measure_units(learned: LearnedHead) -> AcceptedClips | None:
    units = learned.units
    if not (len(units.clips) and learned.poolings):
        return None
    pooled = units.pool(learned.poolings)
    written, right = np.zeros((2, len(units.truth)), bool)
    for unit in units.members:
        pooling = learned.poolings[int(units.folds[unit[0]])]
        claims = decide(pooled[unit], units.scores[unit], pooling, units.families)
        written[unit], right[unit] = claims.any(axis=1), is_right(claims, units.truth[unit])
    clips = units.clips
    return measure_written(written[clips], right[clips], units.groups[clips].tolist())


def _compare(learned: LearnedHead, base_labels: Labels, model: str) -> Comparison | None:
    scored = learned.by_fold.scored
    both = scored.known & (base_labels != UNCOMPARED)
    if not both.any():
        return None
    truth = scored.truth[both]
    own = learned.probabilities[both].argmax(axis=1) == truth
    return Comparison(
        model, len(truth), Estimate.of_share(own), Estimate.of_share(base_labels[both] == truth)
    )
