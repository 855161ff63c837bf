"""From the scores of windows to a ranking of genres."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genretag.domain.prediction import AGGREGATIONS, Prediction, ScoredGenre, genre_set, ranked


def score_tables(most_windows: int = 9) -> st.SearchStrategy[np.ndarray]:
    """[n_windows, n_genres] as a model gives them: rows that sum to 1."""
    shapes = st.tuples(st.integers(1, most_windows), st.integers(2, 8))
    return arrays(np.float64, shapes, elements=st.floats(-20, 20)).map(
        lambda logits: (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype("f4")
    )


@pytest.mark.parametrize("name", AGGREGATIONS)
@given(scores=score_tables())
def test_scores_of_a_track_lie_in_0_to_1_and_sum_to_1(name: str, scores: np.ndarray) -> None:
    shares = AGGREGATIONS[name](scores)
    assert shares.shape == (scores.shape[1],)
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert shares.min() >= 0.0
    assert shares.max() <= 1.0 + 1e-6


@pytest.mark.parametrize("name", AGGREGATIONS)
@given(scores=score_tables(), seed=st.integers(0, 1000))
def test_the_order_of_windows_does_not_matter(name: str, scores: np.ndarray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(scores)
    assert AGGREGATIONS[name](shuffled) == pytest.approx(AGGREGATIONS[name](scores), abs=1e-6)


@pytest.mark.parametrize("name", ["mean", "median", "max"])
@given(scores=score_tables(most_windows=1))
def test_of_one_window_its_own_scores_remain(name: str, scores: np.ndarray) -> None:
    assert AGGREGATIONS[name](scores) == pytest.approx(scores[0], abs=1e-6)


@given(scores=score_tables(most_windows=1))
def test_the_vote_of_one_window_is_unanimous(scores: np.ndarray) -> None:
    shares = AGGREGATIONS["vote"](scores)
    assert shares[scores[0].argmax()] == 1.0


@pytest.mark.parametrize("name", AGGREGATIONS)
@given(scores=score_tables(most_windows=1), copies=st.integers(1, 9))
def test_windows_that_agree_count_as_one(name: str, scores: np.ndarray, copies: int) -> None:
    once = AGGREGATIONS[name](scores)
    assert AGGREGATIONS[name](np.repeat(scores, copies, axis=0)) == pytest.approx(once, abs=1e-6)


ODD_ONE_OUT = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.0, 1.0]], np.float32)


def test_one_odd_window_sways_the_mean_and_not_the_median() -> None:
    assert AGGREGATIONS["mean"](ODD_ONE_OUT)[0] == pytest.approx(0.675)
    assert AGGREGATIONS["median"](ODD_ONE_OUT)[0] == pytest.approx(0.9)


def test_one_telling_window_wins_by_max() -> None:
    assert AGGREGATIONS["max"](ODD_ONE_OUT).argmax() == 1


def test_a_vote_is_the_share_of_windows_won() -> None:
    assert AGGREGATIONS["vote"](ODD_ONE_OUT).tolist() == [0.75, 0.25]


def test_a_median_of_nothing_but_zeros_falls_back_to_the_mean() -> None:
    scores = np.eye(3, dtype=np.float32)
    assert AGGREGATIONS["median"](scores) == pytest.approx([1 / 3] * 3)


@given(scores=st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_ranking_keeps_every_genre_with_its_score_and_puts_the_best_first(
    scores: list[float],
) -> None:
    names = [f"genre {i}" for i in range(len(scores))]
    genres = ranked(names, np.array(scores))
    assert {genre.name: genre.score for genre in genres} == dict(zip(names, scores, strict=True))
    assert [genre.score for genre in genres] == sorted(scores, reverse=True)


def test_genres_that_score_the_same_stay_in_the_order_of_the_model() -> None:
    genres = ranked(["C", "A", "B", "Z"], np.array([0.2, 0.2, 0.2, 0.4]))
    assert [genre.name for genre in genres] == ["Z", "C", "A", "B"]


def test_scores_of_a_prediction_are_plain_numbers() -> None:
    assert all(type(genre.score) is float for genre in ranked(["A", "B"], np.array([0.5, 0.5])))


def test_a_prediction_that_is_not_best_first_is_refused() -> None:
    with pytest.raises(ValueError, match="best first"):
        Prediction((ScoredGenre("A", 0.2), ScoredGenre("B", 0.8)), 1, 1.0, "m@0")


@given(scores=score_tables(most_windows=1), mass=st.floats(0, 1))
def test_a_set_has_the_fewest_genres_that_reach_the_mass(scores: np.ndarray, mass: float) -> None:
    genres = ranked([str(n) for n in range(scores.shape[1])], scores[0].astype(float))
    chosen = genre_set(Prediction(genres, 1, 1.0, "toy"), mass)
    assert chosen == genres[: len(chosen)] and chosen
    assert sum(genre.score for genre in chosen) >= mass or chosen == genres
    assert len(chosen) == 1 or sum(genre.score for genre in chosen[:-1]) < mass


def test_silence_has_an_empty_set() -> None:
    assert genre_set(Prediction((), 0, 1.0, "toy"), 0.9) == ()
