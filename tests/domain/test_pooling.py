"""What holds of pooled scores, whatever the tracks and the parameters."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genretag.domain.pooling import Pooling, pool, unit_scores

POOLING = Pooling(
    outlier=0.24, weight=0.58, correlation=0.2, agreement=0.91, vote=0.98, coherent=0.976,
    coherent_folder=0.3, threshold=0.8, apart=0.95,
)  # fmt: skip

shares = st.floats(0.0, 1.0)
priors = st.floats(0.01, 0.99)
poolings = st.builds(
    Pooling, outlier=shares, weight=st.floats(0.05, 2.0), correlation=shares,
    agreement=shares, vote=shares, coherent=priors, coherent_folder=priors, threshold=shares,
    apart=shares,
)  # fmt: skip


@st.composite
def scored(draw: st.DrawFn, most: int = 8) -> np.ndarray:
    """Scores [n_tracks, n_genres] of which rows sum to 1; some are 0."""
    shape = draw(st.tuples(st.integers(1, most), st.integers(2, 6)))
    heights = draw(arrays(np.float64, shape, elements=st.sampled_from((0.0, 0.01, 0.3, 1.0, 5.0))))
    heights[heights.sum(axis=1) == 0] = 1.0
    return heights / heights.sum(axis=1, keepdims=True)


@given(scored(), poolings, st.booleans(), st.integers(0, 3))
def test_pooled_scores_are_scores(
    scores: np.ndarray, pooling: Pooling, is_tagged: bool, count: int
) -> None:
    pooled = pool(scores, pooling, is_tagged, {0: count})
    assert pooled.shape == scores.shape and np.isfinite(pooled).all() and (pooled >= 0).all()
    assert pooled.sum(axis=1) == pytest.approx(1)
    assert unit_scores(pooled).sum() == pytest.approx(1)


@given(scored(most=1), poolings, st.booleans())
def test_a_track_without_others_keeps_its_scores(
    scores: np.ndarray, pooling: Pooling, is_tagged: bool
) -> None:
    assert (pool(scores, pooling, is_tagged) == scores).all()


@given(scored(), poolings, st.randoms(use_true_random=False))
def test_neither_the_order_of_tracks_nor_that_of_genres_matters(
    scores: np.ndarray, pooling: Pooling, random: st.DataObject
) -> None:
    tracks, genres = ([*range(n)] for n in scores.shape)
    random.shuffle(tracks)
    random.shuffle(genres)
    votes = {genres.index(0): 2}
    moved = pool(scores[tracks][:, genres], pooling, votes=votes)
    assert moved == pytest.approx(pool(scores, pooling, votes={0: 2})[tracks][:, genres], abs=1e-9)


def lean(n_tracks: int, score: float) -> np.ndarray:
    """Scores of tracks of which the first of twelve genres is the best."""
    scores = np.full((n_tracks, 12), (1 - score) / 11)
    scores[:, 0] = score
    return scores


def test_an_album_that_leans_the_same_way_is_surer_than_each_of_its_tracks() -> None:
    pooled = pool(np.vstack([lean(7, 0.6), np.roll(lean(1, 0.3), 1)]), POOLING)
    assert (pooled.argmax(axis=1) == 0).all() and (pooled[:7, 0] > 0.7).all()


def test_a_track_that_is_sure_of_its_genre_gives_less_way_than_one_that_is_not() -> None:
    others = lean(3, 0.6)
    sure, unsure = (
        pool(np.vstack([np.roll(lean(1, score), 1), others]), POOLING)[0, 1]
        for score in (0.99, 0.5)
    )
    assert sure > 2 * unsure


def test_files_that_only_share_a_folder_move_each_other_less() -> None:
    scores = np.array([[0.6, 0.4], [0.3, 0.7]])
    tagged, folder = (pool(scores, POOLING, is_tagged) for is_tagged in (True, False))
    assert (abs(folder - scores) < abs(tagged - scores)).all()


@given(scored(), st.integers(1, 4))
def test_a_genre_that_a_person_gave_rises_in_tracks_that_were_not_sure_of_it(
    scores: np.ndarray, count: int
) -> None:
    before, after = (pool(scores, POOLING, votes={0: n})[:, 0] for n in (0, count))
    assert (after >= before - 1e-9)[before < 0.5].all()


def test_a_genre_that_a_person_gave_one_track_goes_to_another_that_does_not_say_otherwise() -> None:
    assert pool(np.full((1, 12), 1 / 12), POOLING, votes={3: 1})[0, 3] > 0.85


def test_persons_that_do_not_agree_leave_the_unit_undecided() -> None:
    pooled = pool(np.full((2, 4), 0.25), POOLING, votes={0: 3, 1: 3})
    assert pooled[:, 0] == pytest.approx(pooled[:, 1]) and pooled.max() < 0.6


@pytest.mark.parametrize("n_tracks", [2, 30, 500])
def test_long_units_stay_finite(n_tracks: int) -> None:
    rng = np.random.default_rng(0)
    for scores in (rng.dirichlet(np.full(12, 0.05), n_tracks), np.eye(12)[[3] * n_tracks]):
        pooled = pool(scores, POOLING, votes={1: n_tracks})
        assert np.isfinite(pooled).all() and pooled.sum(axis=1) == pytest.approx(1)


@given(scored(), poolings)
def test_single_precision_gives_the_same(scores: np.ndarray, pooling: Pooling) -> None:
    single = scores.astype(np.float32)
    assert pool(single, pooling) == pytest.approx(pool(scores, pooling), abs=1e-4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("outlier", -0.1),
        ("agreement", 1.1),
        ("coherent", 1.0),
        ("weight", 0.0),
        ("correlation", -1.0),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        replace(POOLING, **{name: value})
