"""The solver finds what scikit-learn finds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from genretag.learning.logistic_regression import LinearHead, fit_logistic_regression


def samples(
    n: int = 240, width: int = 30, genres: int = 5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correlated features of very different sizes, the genre of each sample, and weights."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, genres, n)
    centres = rng.normal(size=(genres, width))
    mixed = (centres[labels] + rng.normal(scale=2, size=(n, width))) @ rng.normal(
        size=(width, width)
    )
    return mixed * 10.0 ** rng.integers(-3, 3, width) + 5, labels, rng.uniform(0.1, 3, n)


def centred_logits(head: LinearHead, features: np.ndarray) -> np.ndarray:
    logits = features @ head.weight.T + head.bias
    return logits - logits.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("c", [0.001, 0.01, 0.3])
def test_it_is_the_regression_of_scikit_learn(c: float) -> None:
    features, labels, weights = samples()
    scaler = StandardScaler().fit(features, sample_weight=weights)
    theirs = LogisticRegression(C=c, max_iter=20_000, tol=1e-9).fit(
        scaler.transform(features), labels, sample_weight=weights
    )
    ours = fit_logistic_regression(features, np.eye(5)[labels], weights, c)
    expected = theirs.decision_function(scaler.transform(features))
    assert centred_logits(ours, features) == pytest.approx(
        expected - expected.mean(axis=1, keepdims=True), abs=2e-3
    )


def test_a_sample_of_two_genres_is_worth_a_share_of_each() -> None:
    features, labels, weights = samples()
    shares = np.eye(5)[labels]
    shares[:60] = 0.7 * shares[:60] + 0.3 * np.eye(5)[(labels[:60] + 1) % 5]
    mixed = fit_logistic_regression(features, shares, weights, 0.1)
    rows = np.concatenate([np.arange(240), np.arange(60)])
    apart = np.concatenate([np.eye(5)[labels], np.eye(5)[(labels[:60] + 1) % 5]])
    parts = np.concatenate([np.where(np.arange(240) < 60, 0.7, 1.0), np.full(60, 0.3)])
    written_out = fit_logistic_regression(features[rows], apart, parts * weights[rows], 0.1)
    assert centred_logits(mixed, features) == pytest.approx(
        centred_logits(written_out, features), abs=1e-3
    )


def test_a_genre_that_no_sample_has_is_never_predicted() -> None:
    features, labels, weights = samples()
    head = fit_logistic_regression(features, np.eye(7)[labels], weights, 0.1)
    logits = head.compute_logits(features.astype(np.float32))
    assert logits[:, 5:].max() < logits[:, :5].min() - 100


def test_features_that_never_change_say_nothing() -> None:
    features, labels, weights = samples()
    plain = fit_logistic_regression(features, np.eye(5)[labels], weights, 0.1)
    constant = np.column_stack([features, np.full(240, 3e4), np.zeros(240)])
    head = fit_logistic_regression(constant, np.eye(5)[labels], weights, 0.1)
    assert np.isfinite(head.weight).all()
    assert centred_logits(head, constant) == pytest.approx(
        centred_logits(plain, features), abs=1e-3
    )


def test_more_features_than_samples_are_no_trouble() -> None:
    features, labels, weights = samples(n=40, width=300)
    head = fit_logistic_regression(features, np.eye(5)[labels], weights, 0.01)
    assert (centred_logits(head, features).argmax(axis=1) == labels).all()
