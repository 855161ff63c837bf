"""Numbers computed by hand, and what must hold for any judgement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genretag.domain.metrics import (
    acceptance,
    accuracy,
    accuracy_of_surest_half,
    bootstrap_indices,
    bootstrap_interval,
    calibration_error,
    confusion,
    coverage,
    f1_macro,
    f1_weighted,
    find_threshold,
    reliability,
    score_genres,
    wilson_interval,
)

TRUTH = np.array([0, 0, 0, 1, 1, 2])
SAID = np.array([0, 0, 1, 1, 0, 1])


@st.composite
def judged(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Chances of up to 40 clips, and their truth."""
    clips, genres = draw(st.integers(1, 40)), draw(st.integers(2, 6))
    raw = draw(arrays(np.float64, (clips, genres), elements=st.floats(0.01, 1)))
    truth = draw(arrays(np.int64, clips, elements=st.integers(0, genres - 1)))
    return raw / raw.sum(axis=1, keepdims=True), truth


def test_every_score_is_what_pencil_and_paper_give() -> None:
    assert accuracy(SAID, TRUTH) == 0.5
    assert confusion(SAID, TRUTH, 3).tolist() == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]
    first, second, third = score_genres(SAID, TRUTH, 3)
    assert (first.precision, first.recall, first.f1) == pytest.approx((2 / 3,) * 3)
    assert (second.precision, second.recall, second.f1) == pytest.approx((1 / 3, 1 / 2, 2 / 5))
    assert (third.precision, third.recall, third.f1, third.clips) == (0, 0, 0, 1)
    assert f1_macro(SAID, TRUTH) == pytest.approx((2 / 3 + 2 / 5 + 0) / 3)
    assert f1_weighted(SAID, TRUTH) == pytest.approx((3 * 2 / 3 + 2 * 2 / 5 + 0) / 6)


def test_a_genre_that_does_not_occur_is_no_part_of_the_mean() -> None:
    assert f1_macro(np.array([0, 2]), np.array([0, 0])) == pytest.approx(2 / 3)


def test_the_calibration_error_weighs_the_gap_of_each_tenth() -> None:
    scores = np.array([0.95, 0.91, 0.55, 0.65])
    probabilities = np.stack([scores, 1 - scores], axis=1)
    truth = np.array([0, 1, 0, 1])
    bins = reliability(probabilities, truth)
    assert [(one.low, one.clips, one.right) for one in bins] == [
        (0.5, 1, 1.0),
        (0.6, 1, 0.0),
        (0.9, 2, 0.5),
    ]
    assert bins[2].score == pytest.approx(0.93)
    assert calibration_error(probabilities, truth) == pytest.approx((0.45 + 0.65 + 2 * 0.43) / 4)


def test_a_score_of_one_is_in_the_last_tenth() -> None:
    assert [one.low for one in reliability(np.array([[1.0, 0.0]]), np.array([0]))] == [0.9]


def test_the_surest_are_counted_from_the_top() -> None:
    scores = np.linspace(0.55, 0.95, 10)
    probabilities = np.stack([scores, 1 - scores], axis=1)
    truth = np.array([1] * 5 + [0] * 5)
    assert accuracy_of_surest_half(probabilities, truth) == 1.0
    rows = coverage(probabilities, truth)
    assert [row.precision for row in rows[4:6]] == [1.0, pytest.approx(5 / 6)]
    assert rows[-1].coverage == 1.0 and rows[-1].precision == 0.5
    assert sum(row.clips for row in reliability(probabilities, truth)) == 10
    assert [row.right for row in reliability(probabilities, truth)] == [0.0, 0.0, 0.5, 1.0, 1.0]


@pytest.mark.parametrize(
    ("right", "clips", "limits"),
    [(9, 10, (0.5958, 0.9821)), (0, 10, (0.0, 0.2775)), (50, 100, (0.4038, 0.5962))],
)
def test_the_interval_of_a_share_is_that_of_wilson(
    right: int, clips: int, limits: tuple[float, float]
) -> None:
    assert wilson_interval(right, clips) == pytest.approx(limits, abs=1e-4)


def test_nothing_says_nothing_about_a_share() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_groups_are_drawn_whole() -> None:
    groups = ["a", "b", "a", "c", "b"]
    members = {"a": (0, 2), "b": (1, 4), "c": (3,)}
    for drawn in list(bootstrap_indices(groups))[:50]:
        counts = np.bincount(drawn, minlength=5)
        assert all(len({counts[clip] for clip in clips}) == 1 for clips in members.values())
        assert sum(counts[clips[0]] for clips in members.values()) == 3


@given(judged())
def test_shares_are_shares_and_counts_are_complete(case: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = case
    said, genres = probabilities.argmax(axis=1), probabilities.shape[1]
    table = confusion(said, truth, genres)
    assert table.sum() == len(truth)
    assert table.trace() / len(truth) == pytest.approx(accuracy(said, truth))
    scores = score_genres(said, truth, genres)
    assert sum(one.clips for one in scores) == len(truth)
    occurring = [one.f1 for one in scores if one.clips]
    assert np.mean(occurring) == pytest.approx(f1_macro(said, truth))
    for one in scores:
        low, high = sorted((one.precision, one.recall))
        assert 0 <= low <= one.f1 + 1e-9 and one.f1 <= high + 1e-9 <= 1 + 1e-9


@given(judged())
def test_bins_hold_every_clip_and_the_error_is_at_most_one(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    probabilities, truth = case
    bins = reliability(probabilities, truth)
    assert sum(one.clips for one in bins) == len(truth)
    assert all(one.low - 1e-9 <= one.score <= one.low + 0.1 + 1e-9 for one in bins)
    assert 0 <= calibration_error(probabilities, truth) <= 1


@given(judged())
def test_a_higher_threshold_never_lets_more_through(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    probabilities, truth = case
    shares = [acceptance(probabilities, truth, step / 20).coverage for step in range(21)]
    assert shares == sorted(shares, reverse=True)
    curve = coverage(probabilities, truth)
    assert [one.coverage for one in curve] == sorted(one.coverage for one in curve)
    assert curve[-1].precision == pytest.approx(accuracy(probabilities.argmax(axis=1), truth))


@given(judged(), st.floats(0.5, 0.99), st.integers(1, 10))
def test_the_threshold_is_the_lowest_that_will_do(
    case: tuple[np.ndarray, np.ndarray], precision: float, least: int
) -> None:
    probabilities, truth = case
    found = find_threshold(probabilities, truth, precision, least)
    passing = round(found.coverage * len(truth))
    if found.precision >= precision and passing >= least:
        lower = [
            acceptance(probabilities, truth, n / 100)
            for n in range(1, round(found.threshold * 100))
        ]
        assert all(one.precision < precision for one in lower)
    else:
        every = [acceptance(probabilities, truth, n / 100) for n in range(1, 100)]
        assert not any(
            one.precision >= precision and round(one.coverage * len(truth)) >= least
            for one in every
        )


@given(st.integers(0, 200), st.integers(1, 200))
def test_an_interval_holds_its_share(right: int, clips: int) -> None:
    right = min(right, clips)
    low, high = wilson_interval(right, clips)
    assert 0 <= low <= right / clips + 1e-9 and right / clips - 1e-9 <= high <= 1


def test_a_bootstrap_interval_holds_the_score() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=200)
    said = np.where(rng.random(200) < 0.7, truth, (truth + 1) % 3)
    low, high = bootstrap_interval(f1_macro, said, truth, [str(n) for n in range(200)])
    assert low < f1_macro(said, truth) < high and high - low < 0.2
