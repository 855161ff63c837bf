"""A head that was learned tells genres apart, is unsure of all else, and keeps its promise."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from genretag.domain.pooling import Pooling
from genretag.learning.calibration import probabilities_at
from genretag.learning.judgement import UNCOMPARED, Judgement, judge
from genretag.learning.out_of_fold import CalibrationTarget
from genretag.learning.own_genres import LabelledTracks, LearnedHead, Recipe, fit, learn

WIDTH = 24
GENRES = ("Drone", "Polka", "Zydeco")
TARGET = CalibrationTarget(0.85, 20, "logits", otherwise=0.9)
POOLING = Pooling(0.2, 0.8, 0.2, 0.95, 0.98, 0.976, 0.3, 0.7, 0.99)


def library(
    counts: Sequence[int] = (60, 60, 60),
    apart: float = 1.2,
    others: int = 0,
    simulated: int = 0,
    seed: int = 0,
) -> LabelledTracks:
    """Tracks in threes by one artist; the last kind are those of a genre that is not learned."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(5), [*counts, others, simulated])
    centres = np.random.default_rng(99).normal(size=(5, WIDTH))
    centres[4] = centres[3]
    artists = np.array([f"{label} {n // 3}" for n, label in enumerate(labels)])
    shift = {name: rng.normal(size=WIDTH) for name in np.unique(artists)}
    embeddings = apart * centres[labels] + rng.normal(size=(len(labels), WIDTH))
    embeddings += 0.7 * np.stack([shift[name] for name in artists])
    real = labels < 4
    return LabelledTracks(
        GENRES,
        {},
        embeddings.astype(np.float16),
        np.eye(5)[labels][:, :3],
        artists,
        real,
        tuple(np.flatnonzero(artists == name) for name in np.unique(artists[real])),
        rng.normal(size=(30, WIDTH)) * 3,
    )


def learned(tracks: LabelledTracks, pooling: Pooling | None = None) -> LearnedHead:
    return learn(tracks, Recipe(), TARGET, pooling)


def judged(tracks: LabelledTracks, pooling: Pooling | None = None) -> Judgement:
    return judge(learned(tracks, pooling), tracks, np.full(len(tracks), UNCOMPARED), "base")


def scores(head: LearnedHead, tracks: LabelledTracks) -> np.ndarray:
    logits = head.head.compute_logits(tracks.embeddings.astype(np.float32))
    return probabilities_at(list(logits[:, None]), head.temperature, "logits")[:, :-1]


def test_it_tells_the_genres_of_artists_that_it_does_not_know() -> None:
    head, new = learned(library()), library(seed=1)
    right = scores(head, new).argmax(axis=1) == new.shares.argmax(axis=1)
    assert right.mean() > 0.85
    assert judged(library()).accuracy.value == pytest.approx(right.mean(), abs=0.1)


def test_music_of_other_genres_comes_out_unsure() -> None:
    new = library((0, 0, 0), others=90, seed=1)
    alone, warned = (learned(library(simulated=n)) for n in (0, 45))
    written = [np.mean(scores(head, new).max(axis=1) >= head.threshold) for head in (alone, warned)]
    assert written[1] < 0.5 * written[0] and written[1] < 0.2


@pytest.mark.parametrize("seed", range(4))
def test_what_is_written_is_right_as_often_as_promised(seed: int) -> None:
    tracks, new = library(apart=0.6, seed=seed), library(apart=0.6, seed=50 + seed)
    head = learned(tracks)
    found = scores(head, new)
    written = found.max(axis=1) >= head.threshold
    right = found.argmax(axis=1) == new.shares.argmax(axis=1)
    assert written.any() and right[written].mean() >= 0.8


def test_noise_teaches_nothing_and_nothing_is_written() -> None:
    found = judged(library(apart=0.0))
    assert not found.is_better_than_guessing
    assert not found.reaches_target and found.by_track.coverage < 0.05


def test_a_track_with_two_genres_is_right_as_either() -> None:
    tracks = library()
    both = tracks.shares.copy()
    both[:120] = (0.5, 0.5, 0)
    found = judged(replace(tracks, shares=both))
    assert found.accuracy.value > 0.95


def test_albums_are_decided_together_where_the_base_model_can() -> None:
    tracks = library(apart=0.7)
    alone, together = judged(tracks), judged(tracks, POOLING)
    assert alone.by_unit is None and together.by_unit
    assert together.by_unit.coverage > together.by_track.coverage
    assert together.by_unit.precision > 0.8


def test_no_artist_is_on_two_sides() -> None:
    head = learned(library())
    scored = head.by_fold.scored
    folds = {name: set(scored.folds[scored.groups == name]) for name in np.unique(scored.groups)}
    assert all(len(one) == 1 for one in folds.values())


def test_two_artists_are_enough_to_judge_and_few_tracks_promise_nothing() -> None:
    tracks = library((6, 6, 6))
    found = judged(tracks)
    assert found.tracks == 18 and 0 <= found.by_track.coverage <= 1
    # Eighteen tracks may all be right by luck, so the threshold is that of the base model.
    assert found.threshold == TARGET.otherwise and not found.reaches_target


def test_the_last_output_is_for_all_other_music() -> None:
    tracks = library(simulated=60)
    head = fit(tracks, np.ones(len(tracks), bool), Recipe())
    assert head.weight.shape == (4, WIDTH)
    told = head.compute_logits(tracks.embeddings[~tracks.is_real].astype(np.float32)).argmax(axis=1)
    assert (told == 3).mean() > 0.8


def test_the_same_tracks_give_the_same_head() -> None:
    first, second = (learned(library()).head for _ in range(2))
    assert np.array_equal(first.weight, second.weight)


def test_the_judgement_can_be_written_as_json() -> None:
    import json

    text = json.dumps(judged(library(others=9), POOLING).to_dict())
    assert json.loads(text)["others"] == 9
