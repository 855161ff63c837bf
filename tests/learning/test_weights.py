import numpy as np
import pytest

from genretag.learning.weights import balance_genres, weigh_groups


def test_small_groups_weigh_more() -> None:
    weights = weigh_groups(["a", "a", "a", "a", "b"], 0.5)
    assert weights[4] == pytest.approx(2 * weights[0]) and weights.mean() == pytest.approx(1)


def test_genres_come_nearer_to_one_weight() -> None:
    shares = np.eye(3)[[0] * 16 + [1] * 4]
    sums = [balance_genres(np.ones(20), shares, power) @ shares for power in (0, 0.5, 1)]
    ratios = [one[0] / one[1] for one in sums]
    assert ratios == pytest.approx([4, 2, 1])
    assert all(one.sum() == pytest.approx(20) and one[2] == 0 for one in sums)
