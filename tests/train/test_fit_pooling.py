"""Units: what is fitted to artists, and what deciding by artist is worth on music made up here."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import toy_model

from genretag.domain.pooling import Pooling
from genretag.errors import Code, RunError
from genretag.learning.out_of_fold import UNKNOWN, Calibrated, CalibrationTarget, OutOfFold
from genretag.learning.threshold import find_families, measure_written
from genretag.learning.units import Units, decide, is_right
from genretag_train.data.dataset import Clip
from genretag_train.transfer.fit_pooling import FOLDER_SIZE, MOST_LOST, FittedPooling, fit_by_fold
from genretag_train.transfer.unit_card import render_units
from genretag_train.transfer.unit_report import report_units
from genretag_train.transfer.units import UnitRecipe, find_units

RECIPE = UnitRecipe(("songs",), coherent=0.95, min_accepted=20)
N_GENRES = 6


def calibrated(
    artists: int = 90, per: int = 3, seed: int = 0
) -> tuple[Calibrated, tuple[Clip, ...]]:
    """Clips by artists of one genre each; every sixth artist's is none of the heads' genres.

    Scores are right as often as they say, and each artist is heard wrongly in one way.
    """
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(artists) % N_GENRES, per)
    heights = rng.normal(size=(artists * per, N_GENRES)) + np.repeat(
        rng.normal(scale=0.7, size=(artists, N_GENRES)), per, axis=0
    )
    heights[np.arange(len(truth)), truth] += 1.8
    scores = np.exp(heights) / np.exp(heights).sum(axis=1, keepdims=True)
    known = truth != N_GENRES - 1
    scores = scores[:, : N_GENRES - 1] / scores[:, : N_GENRES - 1].sum(axis=1, keepdims=True)
    groups = np.repeat([f"artist {n}" for n in range(artists)], per)
    clips = tuple(
        Clip(Path(f"{n}.flac"), f"{n}.flac", f"genre {genre}", group, source="songs")
        for n, (genre, group) in enumerate(zip(truth.tolist(), groups.tolist(), strict=True))
    )
    folds = np.repeat(np.arange(artists) // N_GENRES % 3, per)
    everything = np.ones(len(clips), bool)
    target = CalibrationTarget(0.8, 20)
    logits = [np.log(row)[None].astype(np.float32) for row in scores]
    truth = np.where(known, truth, UNKNOWN)
    families = find_families([str(n) for n in range(N_GENRES - 1)], {})
    scored = OutOfFold(logits, truth, folds, groups, families, everything, target)
    return Calibrated(scored, scores, np.full(len(clips), 0.8)), clips


@pytest.fixture(scope="module")
def fitted() -> FittedPooling:
    return fit_by_fold(find_units(*calibrated(), RECIPE), RECIPE, 0.8, 0.9)


def share_right(units: Units, scores: np.ndarray) -> float:
    clips = units.clips[units.truth[units.clips] != UNKNOWN]
    return float((scores[clips].argmax(axis=1) == units.truth[clips]).mean())


def test_only_artists_with_a_few_clips_are_units() -> None:
    found, clips = calibrated(artists=6)
    names = np.array([f"song/{n}" for n in "abcdef"], "U40").repeat(3)
    names[:3], names[5] = "code/owner/repository", "song/other"
    named = tuple(
        replace(clip, group=str(name), source="games" if name == "song/f" else "songs")
        for clip, name in zip(clips, names, strict=True)
    )
    units = find_units(
        replace(found, scored=replace(found.scored, groups=names)),
        named,
        replace(RECIPE, not_units=("code/*/*",)),
    )
    assert [set(names[unit].tolist()) for unit in units.members] == [
        {"song/b"}, {"song/c"}, {"song/d"}, {"song/e"},
    ]  # fmt: skip
    assert [len(unit) for unit in units.members] == [2, 3, 3, 3]


def test_dealt_clips_keep_their_fold_and_the_sizes_of_units(fitted: FittedPooling) -> None:
    units = fitted.units
    for size in (0, 8):
        mixed = units.shuffle(1, size)
        assert {len(unit) for unit in mixed.members} == {size or 3}
        assert all(len({*units.folds[unit].tolist()}) == 1 for unit in mixed.members)
        assert len(set(mixed.clips.tolist())) == len(mixed.clips)


def test_clips_of_artists_are_told_better_together(fitted: FittedPooling) -> None:
    units = fitted.units
    assert share_right(units, units.pool(fitted.by_fold)) > share_right(units, units.scores) + 0.05


@pytest.mark.parametrize("size", [0, FOLDER_SIZE])
def test_folders_of_other_artists_lose_hardly_anything(fitted: FittedPooling, size: int) -> None:
    """A bit more than MOST_LOST, as those that were fitted to were few."""
    lost = {True: [], False: []}
    units = find_units(*calibrated(artists=300, seed=7), RECIPE)
    for is_tagged, seed in product(lost, range(10)):
        mixed = units.shuffle(seed, size)
        pooled = mixed.pool(dict.fromkeys(range(3), fitted.pooling), is_tagged)
        lost[is_tagged].append(share_right(mixed, mixed.scores) - share_right(mixed, pooled))
    assert np.mean(lost[False]) < 3 * MOST_LOST < np.mean(lost[True])


def test_parameters_for_a_fold_do_not_depend_on_its_clips(fitted: FittedPooling) -> None:
    units = fitted.units
    rng = np.random.default_rng(1)
    own = units.folds == 1
    spoilt = units.scores.copy()
    spoilt[own] = rng.dirichlet(np.ones(N_GENRES - 1), own.sum())
    again = fit_by_fold(replace(units, scores=spoilt), RECIPE, 0.8, 0.9)
    assert again.by_fold[1] == fitted.by_fold[1] and again.pooling != fitted.pooling


def test_labels_that_agree_say_how_much_a_persons_genre_is_worth(fitted: FittedPooling) -> None:
    assert fitted.pooling.vote == 1.0
    labels = fitted.units.labels.copy()
    for unit in fitted.units.members[::2]:
        labels[unit[0]] = "another"
    # A pair agrees in half of the units always, in the others once in three.
    mixed = fit_by_fold(replace(fitted.units, labels=labels), RECIPE, 0.8, 0.9)
    assert mixed.pooling.vote == pytest.approx(np.sqrt(2 / 3), abs=0.001)


def test_the_threshold_keeps_its_promise_on_other_artists(fitted: FittedPooling) -> None:
    units = find_units(*calibrated(artists=300, seed=7), RECIPE)
    pooling = dict.fromkeys(range(3), fitted.pooling)
    pooled = units.pool(pooling)
    claims = np.concatenate(
        [
            decide(pooled[unit], units.scores[unit], fitted.pooling, units.families)
            for unit in units.members
        ]
    )
    clips = units.clips
    right = is_right(claims, units.truth[clips])
    found = measure_written(claims.any(axis=1), right, units.groups[clips].tolist())
    assert found.coverage > 0.2 and found.precision_95[1] >= 0.8


@pytest.mark.parametrize(
    ("pooled", "own", "decided"),
    [
        ([0.9, 0.8], [0.6, 0.6], [0, 0]),
        ([0.9, 0.6], [0.6, 0.2], [0, 0]),
        ([0.7, 0.6], [0.6, 0.6], [None, None]),
        ([0.9] * 9 + [0.6], [0.7] * 9 + [0.01], [0] * 9 + [1]),
        ([0.9] * 9 + [0.6], [0.7] * 9 + [0.2], [0] * 10),
        ([0.7, 0.7, 0.7], [0.7, 0.7, 0.01], [None] * 3),
    ],
)
def test_a_unit_gets_one_genre_but_for_tracks_that_are_surely_of_another(
    pooled: list[float], own: list[float], decided: list[int | None]
) -> None:
    pooling = replace(toy_model.POOLING, threshold=0.75, apart=0.95)
    rows = [np.column_stack([scores, 1 - np.array(scores)]) for scores in (pooled, own)]
    claims = decide(*rows, pooling, find_families(("A", "B"), {}))
    assert claims.tolist() == [[one == 0, one == 1] for one in decided]


def test_a_unit_gets_the_name_of_a_family_that_alone_is_sure() -> None:
    pooling = replace(toy_model.POOLING, threshold=0.75, apart=0.95)
    families = find_families(("Metal", "Pop", "Rock"), {"Metal": "Rock"})
    torn = np.tile([0.45, 0.1, 0.45], (3, 1))
    claims = decide(torn, torn, pooling, families)
    assert claims.tolist() == [[True, False, True]] * 3
    assert is_right(claims, np.array([0, 1, UNKNOWN])).tolist() == [True, False, False]
    sure = np.tile([0.1, 0.1, 0.8], (3, 1))
    assert decide(sure, sure, pooling, families).tolist() == [[False, False, True]] * 3


def test_the_report_counts_what_it_says(fitted: FittedPooling) -> None:
    report = report_units(fitted, promised=0.9)
    row = report["sizes"]["all"]
    assert (row["units"], row["clips"], row["known"]) == (90, 270, 225)
    assert report["sizes"]["3"] == row and report["sizes"]["2"]["clips"] == 0
    assert row["gain"] == pytest.approx(row["pooled"]["accuracy"] - row["alone"]["accuracy"])
    assert row["gain_95"][0] < row["gain"] < row["gain_95"][1]
    assert row["alone"]["accuracy"] == share_right(fitted.units, fitted.units.scores)
    for way in ("alone", "pooled"):
        shares = [share[way] for share in row["at_precision"]]
        assert shares == sorted(shares, reverse=True)
    assert row["at_precision"][-1]["precision"] == 0.9
    assert [*report["votes"]] == ["1 of 3", "2 of 3", "all"]
    assert report["votes"]["all"]["clips"] == 270 * 2 + 270
    # All labels of an artist are the same, also those that the heads do not know.
    assert report["votes"]["2 of 3"]["precision"] > 0.95
    assert report["votes"]["2 of 3"]["coverage"] > 0.9
    assert "| 1 of 3 | 90 |" in render_units(report, 0.8)


def test_artists_that_are_all_in_one_fold_are_refused() -> None:
    units = find_units(*calibrated(), RECIPE)
    with pytest.raises(RunError) as caught:
        fit_by_fold(units.select(units.folds == 0), RECIPE, 0.8, 0.9)
    assert caught.value.code is Code.BAD_DATASET and "songs" in caught.value.message


def test_what_is_fitted_lies_in_the_ranges_of_the_model(fitted: FittedPooling) -> None:
    for pooling in (fitted.pooling, *fitted.by_fold.values()):
        assert isinstance(pooling, Pooling) and pooling.coherent == RECIPE.coherent
        assert pooling.coherent_folder < pooling.coherent and pooling.agreement > 0.5
