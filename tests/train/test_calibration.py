import numpy as np
import pytest

from genretag.domain.metrics import (
    acceptance,
    accuracy,
    bootstrap_interval,
    calibration_error,
    f1_macro,
    find_threshold,
)
from genretag.learning.calibration import fit_temperature, probabilities_at
from genretag.learning.metrics import compute_metrics


def guesses(count: int, sharpness: float) -> tuple[list[np.ndarray], np.ndarray]:
    """Logits of clips that are worth `1 / sharpness` of what they pretend, and the truth."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (count, 5)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(5, p=row / row.sum()) for row in probabilities.astype(np.float64)])
    return [row[None] * np.float32(sharpness) for row in logits], truth


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_too_much_or_too_little_confidence(sharpness: float) -> None:
    logits, truth = guesses(1500, sharpness)
    temperature = fit_temperature(logits, truth)
    assert temperature == pytest.approx(sharpness, rel=0.2)
    assert calibration_error(probabilities_at(logits, temperature), truth) < 0.05


def test_a_clip_is_the_mean_of_its_windows() -> None:
    logits = np.log(np.array([[0.9, 0.1], [0.5, 0.5]], np.float32))
    assert probabilities_at([logits], 1.0) == pytest.approx(np.array([[0.7, 0.3]]))


def test_the_threshold_is_the_lowest_with_the_wanted_precision() -> None:
    scores = np.array([0.55, 0.65, 0.75, 0.85, 0.95])
    probabilities = np.stack([scores, 1 - scores], axis=1)
    truth = np.array([1, 0, 1, 0, 0])
    found = find_threshold(probabilities, truth, precision=0.75, accepted=1)
    assert (found.threshold, found.coverage, found.precision) == (0.56, 0.8, 0.75)
    assert find_threshold(probabilities, truth, 1.0, accepted=1).threshold == pytest.approx(0.76)


def test_an_unreachable_precision_gives_the_nearest() -> None:
    scores = np.array([0.6, 0.7, 0.8, 0.9])
    probabilities = np.stack([scores, 1 - scores], axis=1)
    found = find_threshold(probabilities, np.array([1, 1, 0, 1]), precision=0.9, accepted=2)
    assert found.precision == 0.5 and found.coverage == 0.5


def test_nothing_accepted_has_no_precision() -> None:
    assert acceptance(np.array([[0.5, 0.5]]), np.array([0]), 0.9).precision == 0.0


def test_scores_are_what_their_names_say() -> None:
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])
    assert accuracy(predicted, truth) == 0.75
    assert f1_macro(predicted, truth) == pytest.approx((0.8 + 2 / 3) / 2)
    found = compute_metrics(np.eye(2)[predicted], truth, ["a", "a", "b", "c"], ("Low", "High"))
    assert found["confusion"] == [[2, 0], [1, 1]]
    assert found["genres"]["High"] == {
        "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "clips": 2
    }  # fmt: skip
    assert found["groups"] == 3


def test_an_interval_holds_the_score_and_widens_with_fewer_groups() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(2, size=40), 10)
    predicted = np.where(np.repeat(rng.random(40) < 0.7, 10), truth, 1 - truth)
    by_clip = bootstrap_interval(accuracy, predicted, truth, [str(i) for i in range(400)])
    by_group = bootstrap_interval(accuracy, predicted, truth, [str(i // 10) for i in range(400)])
    assert by_group[0] < by_clip[0] < accuracy(predicted, truth) < by_clip[1] < by_group[1]
