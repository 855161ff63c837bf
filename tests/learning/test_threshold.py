"""The threshold keeps its promise: what is written is right as often as was asked."""

import numpy as np
import pytest

from genretag.learning.threshold import (
    choose_threshold,
    find_families,
    grouped_share_interval,
    judge_written,
    measure_accepted,
)

ALONE = find_families(("A", "B", "C"), {})


def predictions(scores: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of clips whose best genre, the first of three, has these scores; the truth."""
    probabilities = np.stack([scores, 0.6 * (1 - scores), 0.4 * (1 - scores)], axis=1)
    return probabilities, np.where(right, 0, 1)


def calibrated_clips(n: int, per: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Clips of which those with a score of 0.8 are right in 80%, `per` clips alike by an artist."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.5, 1, n)
    right = rng.random(n) < scores
    groups = [f"artist {i}" for i in range(n) for _ in range(per)]
    return *predictions(np.repeat(scores, per), np.repeat(right, per)), groups


def test_it_is_the_lowest_of_which_the_lower_end_of_the_interval_is_good_enough() -> None:
    probabilities, truth, groups = calibrated_clips(1500, 1)
    found = choose_threshold(probabilities, truth, groups, ALONE, 0.85, 20)
    assert measure_accepted(probabilities, truth, groups, ALONE, found).precision_95[0] >= 0.85
    lower = np.arange(50, round(100 * found)) / 100
    accepted, right = judge_written(probabilities, truth, ALONE, lower[None])
    assert (grouped_share_interval(right, accepted, groups)[0] < 0.85).all()
    # Among those above 0.7 85% are right; only more of them than that is sure.
    assert 0.7 < found < 0.8


def test_more_clips_of_the_same_artists_make_nobody_surer() -> None:
    alone = measure_accepted(*calibrated_clips(150, 1), ALONE, 0.7)
    alike = measure_accepted(*calibrated_clips(150, 10), ALONE, 0.7)
    assert alike.precision == pytest.approx(alone.precision) and alike.clips == 10 * alone.clips
    assert alike.precision_95 == pytest.approx(alone.precision_95, abs=0.02)


def test_a_few_clips_that_are_all_right_may_be_luck() -> None:
    few, many = (np.ones(n, bool) for n in (15, 60))
    assert grouped_share_interval(few, few, [str(i) for i in range(15)])[0] < 0.85
    assert 0.9 < grouped_share_interval(many, many, [str(i) for i in range(60)])[0] < 1


def test_where_all_scores_lie_below_every_threshold_it_is_the_lowest() -> None:
    scores, groups = np.full((30, 1), 0.001), [str(n) for n in range(30)]
    wrong = np.full(30, -1)
    assert choose_threshold(scores, wrong, groups, np.ones((1, 1), bool), 0.9, 20) == 0.01


def test_where_no_threshold_is_sure_enough_it_is_the_one_that_comes_nearest() -> None:
    probabilities, truth, groups = calibrated_clips(100, 1)
    found = choose_threshold(probabilities, truth, groups, ALONE, 0.999, 20)
    accepted = measure_accepted(probabilities, truth, groups, ALONE, found)
    assert accepted.coverage >= 0.2
    assert (
        accepted.precision_95[0]
        > measure_accepted(probabilities, truth, groups, ALONE, 0.5).precision_95[0]
    )


def test_the_interval_holds_the_true_share_as_often_as_it_says() -> None:
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        artist_right = rng.beta(8, 2, 60)  # 80% in the mean, and artists differ
        right = rng.random((60, 3)) < artist_right[:, None]
        low, high = grouped_share_interval(
            right.ravel(), np.ones(180, bool), [str(i // 3) for i in range(180)]
        )
        held += low <= 0.8 <= high
    assert held >= 92


def test_nothing_that_passes_promises_nothing() -> None:
    probabilities, truth, groups = calibrated_clips(20, 1)
    found = measure_accepted(probabilities, truth, groups, ALONE, 1.1)
    assert (found.coverage, found.precision, found.precision_95) == (0.0, 0.0, (0.0, 1.0))
    nobody = measure_accepted(probabilities[:0], truth[:0], [], ALONE, 0.5)
    assert (nobody.clips, nobody.coverage, nobody.precision_95) == (0, 0.0, (0.0, 1.0))


def test_a_family_is_written_where_no_genre_is_sure_enough_and_all_of_it_is_right() -> None:
    families = find_families(("Metal", "Pop", "Rock"), {"Metal": "Rock"})
    torn, sure, neither = [0.4, 0.1, 0.5], [0.1, 0.1, 0.8], [0.3, 0.5, 0.2]
    probabilities = np.array([torn, torn, torn, torn, sure, sure, neither])
    truth = np.array([0, 1, 2, -1, 2, 0, 1])
    written, right = judge_written(probabilities, truth, families, 0.7)
    assert written.tolist() == [True] * 6 + [False]
    assert right.tolist() == [True, False, True, False, True, False, False]
    at_each = judge_written(probabilities, truth, families, np.array([[0.7, 0.45]]))
    assert at_each[0][:, 0].tolist() == written.tolist() and at_each[0][:, 1].all()
    assert at_each[1][:, 1].tolist() == [False, False, True, False, True, False, True]


def test_families_let_more_be_written_with_the_same_precision() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3000, 4)) + np.eye(4)[np.arange(3000) % 4]
    logits += 3 * np.array([[1, 1, 0, 0], [0, 0, 1, 1]])[np.arange(3000) % 4 // 2]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(4, p=row) for row in probabilities])
    groups = [str(i) for i in range(3000)]
    names = ("A", "B", "C", "D")
    found = []
    for parents in ({}, {"A": "AB", "B": "AB", "C": "CD", "D": "CD"}):
        families = find_families(names, parents)
        threshold = choose_threshold(probabilities, truth, groups, families, 0.85, 20)
        found.append(measure_accepted(probabilities, truth, groups, families, threshold))
    assert found[1].coverage > 1.3 * found[0].coverage
    assert min(one.precision for one in found) > 0.85
