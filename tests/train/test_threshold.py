"""The threshold keeps its word: what is written is surely right as often as was asked."""

import numpy as np
import pytest

from genretag_train.evaluation.threshold import passing, share_limits, sure_threshold


def judged(scores: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chances of clips whose best genre, the first of three, has these scores; and the truth."""
    probabilities = np.stack([scores, 0.6 * (1 - scores), 0.4 * (1 - scores)], axis=1)
    return probabilities, np.where(right, 0, 1)


def worth_their_score(n: int, per: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Clips of which those with a score of 0.8 are right in 80%, `per` clips alike by an artist."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.5, 1, n)
    right = rng.random(n) < scores
    groups = [f"artist {i}" for i in range(n) for _ in range(per)]
    return *judged(np.repeat(scores, per), np.repeat(right, per)), groups


def test_it_is_the_lowest_of_which_the_lower_end_of_the_interval_is_good_enough() -> None:
    probabilities, truth, groups = worth_their_score(1500, 1)
    found = sure_threshold(probabilities, truth, groups, 0.85, 20)
    assert passing(probabilities, truth, groups, found).precision_95[0] >= 0.85
    for lower in np.arange(50, round(100 * found)) / 100:
        assert passing(probabilities, truth, groups, lower).precision_95[0] < 0.85
    # Among those above 0.7 85% are right; only more of them than that is sure.
    assert 0.7 < found < 0.8


def test_more_clips_of_the_same_artists_make_nobody_surer() -> None:
    alone = passing(*worth_their_score(150, 1), 0.7)
    alike = passing(*worth_their_score(150, 10), 0.7)
    assert alike.precision == pytest.approx(alone.precision) and alike.clips == 10 * alone.clips
    assert alike.precision_95 == pytest.approx(alone.precision_95, abs=0.02)


def test_a_few_clips_that_are_all_right_may_be_luck() -> None:
    few, many = (np.ones(n, bool) for n in (15, 60))
    assert share_limits(few, few, [str(i) for i in range(15)])[0] < 0.85
    assert 0.9 < share_limits(many, many, [str(i) for i in range(60)])[0] < 1


def test_where_no_threshold_is_sure_enough_it_is_the_one_that_comes_nearest() -> None:
    probabilities, truth, groups = worth_their_score(100, 1)
    found = sure_threshold(probabilities, truth, groups, 0.999, 20)
    accepted = passing(probabilities, truth, groups, found)
    assert accepted.coverage >= 0.2
    assert accepted.precision_95[0] > passing(probabilities, truth, groups, 0.5).precision_95[0]


def test_the_interval_holds_the_true_share_as_often_as_it_says() -> None:
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        artist_right = rng.beta(8, 2, 60)  # 80% in the mean, and artists differ
        right = rng.random((60, 3)) < artist_right[:, None]
        low, high = share_limits(
            right.ravel(), np.ones(180, bool), [str(i // 3) for i in range(180)]
        )
        held += low <= 0.8 <= high
    assert held >= 92


def test_nothing_that_passes_promises_nothing() -> None:
    probabilities, truth, groups = worth_their_score(20, 1)
    found = passing(probabilities, truth, groups, 1.1)
    assert (found.coverage, found.precision, found.precision_95) == (0.0, 0.0, (0.0, 1.0))
    nobody = passing(probabilities[:0], truth[:0], [], 0.5)
    assert (nobody.clips, nobody.coverage, nobody.precision_95) == (0, 0.0, (0.0, 1.0))
