"""From the scores of windows to a ranking of genres."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genretag.domain.prediction import (
    Prediction,
    ScoredGenre,
    mean_scores,
    prediction_set,
    rank_genres,
    softmax,
)


def score_tables(most_windows: int = 9) -> st.SearchStrategy[np.ndarray]:
    """[n_windows, n_genres] as a model gives them: rows that sum to 1."""
    shapes = st.tuples(st.integers(1, most_windows), st.integers(2, 8))
    return arrays(np.float64, shapes, elements=st.floats(-20, 20)).map(
        lambda logits: (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype("f4")
    )


@given(scores=score_tables())
def test_scores_of_a_track_lie_in_0_to_1_and_sum_to_1(scores: np.ndarray) -> None:
    shares = mean_scores(scores)
    assert shares.shape == (scores.shape[1],)
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert shares.min() >= 0.0
    assert shares.max() <= 1.0 + 1e-6


@given(scores=score_tables(), seed=st.integers(0, 1000))
def test_the_order_of_windows_does_not_matter(scores: np.ndarray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(scores)
    assert mean_scores(shuffled) == pytest.approx(mean_scores(scores), abs=1e-6)


@given(scores=score_tables(most_windows=1), copies=st.integers(1, 9))
def test_windows_that_agree_count_as_one(scores: np.ndarray, copies: int) -> None:
    assert mean_scores(scores) == pytest.approx(scores[0], abs=1e-6)
    assert mean_scores(np.repeat(scores, copies, axis=0)) == pytest.approx(scores[0], abs=1e-6)


@given(scores=score_tables())
def test_each_window_counts_as_much_as_any_other(scores: np.ndarray) -> None:
    assert mean_scores(scores) == pytest.approx(sum(scores) / len(scores), abs=1e-6)


@given(
    logits=arrays(np.float32, (3, 4), elements=st.floats(-500, 500, width=32)),
    temperature=st.floats(0.1, 10),
)
def test_a_softmax_keeps_the_order_and_sums_to_1(logits: np.ndarray, temperature: float) -> None:
    scores = softmax(logits, temperature)
    assert scores.dtype == np.float32 and np.isfinite(scores).all()
    assert scores.sum(axis=1) == pytest.approx([1.0] * 3, abs=1e-5)
    assert (np.take_along_axis(scores, logits.argmax(axis=1)[:, None], 1)[:, 0]).tolist() == (
        scores.max(axis=1).tolist()
    )


@given(logits=arrays(np.float32, (2, 3), elements=st.floats(-20, 20, width=32)))
def test_a_higher_temperature_makes_scores_more_alike(logits: np.ndarray) -> None:
    assert (softmax(logits, 2.0).max(axis=1) <= softmax(logits).max(axis=1) + 1e-6).all()


@given(scores=st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_ranking_keeps_every_genre_with_its_score_and_puts_the_best_first(
    scores: list[float],
) -> None:
    names = [f"genre {i}" for i in range(len(scores))]
    genres = rank_genres(names, np.array(scores))
    assert {genre.name: genre.score for genre in genres} == dict(zip(names, scores, strict=True))
    assert [genre.score for genre in genres] == sorted(scores, reverse=True)


def test_genres_that_score_the_same_stay_in_the_order_of_the_model() -> None:
    genres = rank_genres(["C", "A", "B", "Z"], np.array([0.2, 0.2, 0.2, 0.4]))
    assert [genre.name for genre in genres] == ["Z", "C", "A", "B"]


def test_scores_of_a_prediction_are_plain_numbers() -> None:
    assert all(
        type(genre.score) is float for genre in rank_genres(["A", "B"], np.array([0.5, 0.5]))
    )


def test_a_prediction_that_is_not_best_first_is_refused() -> None:
    with pytest.raises(ValueError, match="best first"):
        Prediction((ScoredGenre("A", 0.2), ScoredGenre("B", 0.8)), 1, 1.0, "m@0")


@given(scores=score_tables(most_windows=1), mass=st.floats(0, 1))
def test_a_set_has_the_fewest_genres_that_reach_the_mass(scores: np.ndarray, mass: float) -> None:
    genres = rank_genres([str(n) for n in range(scores.shape[1])], scores[0].astype(float))
    chosen = prediction_set(Prediction(genres, 1, 1.0, "toy"), mass)
    assert chosen == genres[: len(chosen)] and chosen
    assert sum(genre.score for genre in chosen) >= mass or chosen == genres
    assert len(chosen) == 1 or sum(genre.score for genre in chosen[:-1]) < mass


def test_silence_has_an_empty_set() -> None:
    assert prediction_set(Prediction((), 0, 1.0, "toy"), 0.9) == ()


@given(scores=score_tables())
def test_the_mean_of_logits_is_one_distribution_whatever_the_order(scores: np.ndarray) -> None:
    mean = mean_scores(scores, "logits")
    assert mean.sum() == pytest.approx(1.0) and np.isfinite(mean).all()
    assert mean_scores(scores[::-1], "logits") == pytest.approx(mean, abs=1e-9)
    assert mean_scores(scores[:1], "logits") == pytest.approx(scores[0], abs=1e-5)


def test_the_mean_of_logits_leaves_out_what_one_window_rules_out() -> None:
    scores = np.array([[0.6, 0.4], [0.6, 0.4], [0.0, 1.0]], np.float32)
    assert mean_scores(scores, "logits")[0] < 1e-9 < 0.3 < mean_scores(scores)[0]
