"""From scores to calibrated probabilities of clips: temperature scaling and Platt scaling."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities, log_loss
from genretag.domain.prediction import Averaging, softmax
from genretag.learning.logistic_regression import fit_logistic_regression

_TEMPERATURES = np.geomspace(0.2, 5.0, 101)


def probabilities_at(
    logits: Sequence[NDArray[np.float32]], temperature: float, averaging: Averaging = "scores"
) -> Probabilities:
    """Compute the probabilities [n_clips, n_genres] that `scan` would show.

    `logits` holds [n_windows, n_genres] for each clip, with one window or more. Their softmax at
    `temperature` is averaged over the windows, or they are before it, as `mean_scores` does it.

    >>> probabilities_at([np.log(np.array([[9, 1], [5, 5]]))], 1.0).round(2).tolist()
    [[0.7, 0.3]]
    >>> probabilities_at([np.log(np.array([[9, 1], [5, 5]]))], 1.0, "logits").round(2).tolist()
    [[0.75, 0.25]]
    """
    counts = np.array([len(rows) for rows in logits])
    windows = np.concatenate(logits)
    if averaging == "logits":
        return softmax(_average(windows, counts).astype(np.float32), temperature).astype(np.float64)
    # All clips at once, as a search for the temperature asks a hundred times.
    return _average(softmax(windows, temperature), counts)


def fit_temperature(
    logits: Sequence[NDArray[np.float32]], truth: Labels, averaging: Averaging = "scores"
) -> float:
    """Find the temperature in [0.2, 5] with the least log loss over whole clips.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (2017).
    """
    losses = [log_loss(probabilities_at(logits, t, averaging), truth) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def fit_platt(odds: NDArray[np.float64], is_right: NDArray[np.bool_]) -> tuple[float, float]:
    """Find scale and bias, with which log-odds [n_clips] become those of being right, [n_clips].

    Source: Platt, "Probabilistic Outputs for Support Vector Machines" (1999), whose smoothed
    targets keep a fit to few clips, or to clips that are all right, within bounds.

    >>> odds = np.repeat([-2.0, 2.0], 1000)
    >>> scale, bias = fit_platt(odds, np.arange(2000) % 1000 < np.repeat([269, 731], 1000))
    >>> round(scale, 1), abs(round(bias, 1))
    (0.5, 0.0)
    """
    right = int(is_right.sum())
    wrong = len(is_right) - right
    targets = np.where(is_right, (right + 1) / (right + 2), 1 / (wrong + 2))
    shares = np.stack([1 - targets, targets], axis=1)
    head = fit_logistic_regression(odds[:, None], shares, np.ones(len(odds)), c=1.0)
    return float(np.diff(head.weight[:, 0])[0]), float(np.diff(head.bias)[0])


def _average(rows: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the means of the first, the next ... `counts` of `rows` [n_windows, n_genres]."""
    firsts = np.cumsum(counts) - counts
    means: NDArray[np.float64] = np.add.reduceat(rows.astype(np.float64), firsts) / counts[:, None]
    return means
