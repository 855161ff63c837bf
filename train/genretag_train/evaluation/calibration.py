"""How much a score is worth: the temperature, and the chances that it makes of logits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities, log_loss

_TEMPERATURES = np.geomspace(0.2, 5.0, 101)


def probabilities_at(logits: Sequence[NDArray[np.float32]], temperature: float) -> Probabilities:
    """Probabilities [n_clips, n_genres] as `scan` has them.

    Each clip's logits are [n_windows, n_genres]; their softmax at `temperature` is
    averaged over the windows, as `domain.prediction.mean_scores` does. No clip is without
    windows.
    """
    counts = np.array([len(rows) for rows in logits])
    windows = _softmax(np.concatenate(logits) / temperature).astype(np.float64)
    # All clips at once, as a search for the temperature asks a hundred times.
    probabilities: Probabilities = (
        np.add.reduceat(windows, np.cumsum(counts) - counts) / counts[:, None]
    )
    return probabilities


def best_temperature(logits: Sequence[NDArray[np.float32]], truth: Labels) -> float:
    """The temperature (Guo et al., 2017) with the least log loss over whole clips."""
    losses = [log_loss(probabilities_at(logits, t), truth) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
