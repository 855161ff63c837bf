"""How much a score is worth: the temperature, and the threshold below which nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag_train.metrics import Chances, Labels, log_loss

_TEMPERATURES = np.geomspace(0.2, 5.0, 101)


@dataclass(frozen=True)
class Acceptance:
    """What a threshold lets through: the share of clips, and how many of those are right."""

    threshold: float
    coverage: float
    precision: float


def chances_at(logits: Sequence[NDArray[np.float32]], temperature: float) -> Chances:
    """Probabilities [n_clips, n_genres] as `scan` has them.

    Each clip's logits are [n_windows, n_genres]; their softmax at `temperature` is
    averaged over the windows, as the row `mean` of `AGGREGATIONS` does. No clip is without
    windows.
    """
    counts = np.array([len(rows) for rows in logits])
    windows = _softmax(np.concatenate(logits) / temperature).astype(np.float64)
    # All clips at once, as a search for the temperature asks a hundred times.
    chances: Chances = np.add.reduceat(windows, np.cumsum(counts) - counts) / counts[:, None]
    return chances


def best_temperature(logits: Sequence[NDArray[np.float32]], truth: Labels) -> float:
    """The temperature (Guo et al., 2017) with the least log loss over whole clips."""
    losses = [log_loss(chances_at(logits, t), truth) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def acceptance(chances: Chances, truth: Labels, threshold: float) -> Acceptance:
    """Coverage and precision, both in [0, 1], of the clips that score `threshold` or more."""
    accepted = chances.max(axis=1) >= threshold
    right = chances.argmax(axis=1) == truth
    precision = float(right[accepted].mean()) if accepted.any() else 0.0
    return Acceptance(threshold, float(accepted.mean()), precision)


def threshold_for(chances: Chances, truth: Labels, precision: float, accepted: int) -> Acceptance:
    """The lowest threshold, in hundredths, that lets clips through with `precision`.

    At least `accepted` clips must pass. Where no threshold reaches the precision, it is
    the one that comes nearest to it.
    """
    tried = [acceptance(chances, truth, step / 100) for step in range(1, 100)]
    enough = [found for found in tried if found.coverage * len(truth) >= accepted] or tried[:1]
    reached = (found for found in enough if found.precision >= precision)
    return next(reached, max(enough, key=lambda found: found.precision))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return chances
