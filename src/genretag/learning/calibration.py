"""Temperature scaling: from the logits of windows to calibrated probabilities of clips."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities, log_loss
from genretag.domain.prediction import Averaging, softmax

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


def _average(rows: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the means of the first, the next ... `counts` of `rows` [n_windows, n_genres]."""
    firsts = np.cumsum(counts) - counts
    means: NDArray[np.float64] = np.add.reduceat(rows.astype(np.float64), firsts) / counts[:, None]
    return means
