"""Multinomial logistic regression with an L2 penalty, in NumPy alone."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.prediction import Embeddings

Samples = NDArray[np.floating]
"""[n_samples, width]."""
Shares = NDArray[np.float64]
"""[n_samples, n_genres]: how much a sample is of each genre; rows sum to 1."""
Weights = NDArray[np.float64]
"""[n_samples], each at least 0."""

_Array = NDArray[np.float64]

_MAX_STEPS = 1000
_MEMORY = 10
_SUFFICIENT = 1e-4
_SMALLEST_STEP = 1e-10


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear layer with `weight` [n_genres, width] and `bias` [n_genres]."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def compute_logits(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Compute the logits [n_windows, n_genres] of embeddings [n_windows, width]."""
        logits: NDArray[np.float32] = (embeddings @ self.weight.T + self.bias).astype(np.float32)
        return logits


def fit_logistic_regression(
    samples: Samples, shares: Shares, weights: Weights, c: float, tolerance: float = 1e-7
) -> LinearHead:
    """Fit the head with the least penalised log loss to standardised samples.

    The loss is `c` times the weighted sum of the cross entropies, plus half the sum of all squared
    weights of the standardised samples; the bias has no penalty. The samples are turned to their
    principal axes first, which changes nothing of that, and there the loss is nearly round, so
    that L-BFGS (Liu and Nocedal, 1989) needs a few dozen steps.

    A genre without any share is never predicted. Single-precision samples take half the time, and
    the search ends where no slope, of the mean loss along an axis, exceeds `tolerance`.
    """
    known = np.flatnonzero(weights @ shares > 0)
    total = weights.sum()
    mean = weights @ samples / total
    deviation = np.sqrt(np.maximum(weights @ np.square(samples - mean) / total, 0))
    deviation[deviation <= np.finfo(np.float32).eps * np.abs(mean)] = 1  # constant but for rounding
    standard = ((samples - mean) / deviation).astype(samples.dtype)
    spreads = (standard * weights[:, None].astype(samples.dtype)).T @ standard / total
    variances, axes = np.linalg.eigh(spreads.astype(np.float64))
    # How curved the loss is along each axis: of the bias as of an axis of variance 1.
    spread = (1 - 1 / len(known)) / len(known)
    curvature = c * total * spread * np.append(np.maximum(variances, 0), 1) + np.append(
        np.ones(len(variances)), 0
    )
    scales = 1 / np.sqrt(curvature)
    inputs = np.empty((len(samples), len(scales)), samples.dtype)
    inputs[:, :-1] = standard @ (axes * scales[:-1]).astype(samples.dtype)
    inputs[:, -1] = scales[-1]
    solution = _minimise(
        _make_loss(inputs, shares[:, known], c * weights, np.append(scales[:-1], 0)),
        np.zeros((len(known), len(scales))),
        tolerance,
    )
    solution = solution * scales
    weight = solution[:, :-1] @ axes.T / deviation
    head = LinearHead(np.zeros((shares.shape[1], samples.shape[1])), np.full(shares.shape[1], -1e3))
    head.weight[known] = weight
    head.bias[known] = solution[:, -1] - weight @ mean
    return head


def _make_loss(
    inputs: Samples, shares: Shares, weights: Weights, penalty: _Array
) -> Callable[[_Array], tuple[float, _Array]]:
    """Return what computes the loss and its gradient, both divided by the sum of the weights."""
    total = weights.sum()
    shares = shares.astype(inputs.dtype)

    def compute(parameters: _Array) -> tuple[float, _Array]:
        logits = inputs @ parameters.T.astype(inputs.dtype)
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        sums = powers.sum(axis=1, keepdims=True)
        losses = np.log(sums[:, 0]) - (shares * logits).sum(axis=1)
        penalised = parameters * penalty
        loss = weights @ losses + 0.5 * np.square(penalised).sum()
        errors = (powers / sums - shares) * weights[:, None].astype(inputs.dtype)
        # OpenBLAS takes up to ten times as long for the product the other way round.
        slopes = (inputs.T @ errors).T.astype(np.float64)
        return float(loss / total), (slopes + penalised * penalty) / total

    return compute


def _minimise(
    loss: Callable[[_Array], tuple[float, _Array]], start: _Array, tolerance: float
) -> _Array:
    """Find the least of a convex loss by L-BFGS, halving each step until it gains enough."""
    point = start
    value, gradient = loss(point)
    steps: deque[tuple[_Array, _Array]] = deque(maxlen=_MEMORY)
    for _ in range(_MAX_STEPS):
        if np.abs(gradient).max() <= tolerance:
            break
        direction = -_precondition(gradient, steps)
        slope = float((gradient * direction).sum())
        size = 1.0 if steps else 1 / (1 + float(np.abs(gradient).sum()))
        while True:
            next_point = point + size * direction
            next_value, next_gradient = loss(next_point)
            if next_value <= value + _SUFFICIENT * size * slope:
                break
            size /= 2
            if size < _SMALLEST_STEP:  # rounding is all that is left to gain
                return point
        step, change = next_point - point, next_gradient - gradient
        if (step * change).sum() > 0:
            steps.append((step, change))
        point, value, gradient = next_point, next_value, next_gradient
    return point


def _precondition(gradient: _Array, steps: deque[tuple[_Array, _Array]]) -> _Array:
    """Multiply a gradient by the inverse of the curvature that the last steps have met."""
    result = gradient.copy()
    factors = []
    for step, change in reversed(steps):
        factor = float((step * result).sum() / (step * change).sum())
        result -= factor * change
        factors.append(factor)
    if steps:
        step, change = steps[-1]
        result *= float((step * change).sum() / (change * change).sum())
    for (step, change), factor in zip(steps, reversed(factors), strict=True):
        result += step * (factor - float((change * result).sum() / (step * change).sum()))
    return result
