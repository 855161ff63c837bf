"""The lowest threshold that surely keeps what is promised of the genres that are written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.metrics import Labels, Probabilities, wilson_interval

Hits = NDArray[np.bool_]
"""[n_clips] or [n_clips, n_thresholds]."""

Limits = NDArray[np.float64]
"""[2] or [2, n_thresholds]: the lower and the upper end of 95% intervals."""

_TRIED = np.arange(1, 100) / 100
_RESAMPLES = 2000


@dataclass(frozen=True)
class Passing:
    """What passes a threshold: a share of the clips, and the share of these that is right.

    Each share is in [0, 1] and has the 95% interval of `share_limits`.
    """

    clips: int
    groups: int
    coverage: float
    coverage_95: tuple[float, float]
    precision: float
    precision_95: tuple[float, float]


def passing(
    probabilities: Probabilities,
    truth: Labels,
    groups: Sequence[str],
    thresholds: NDArray[np.float64] | float,
) -> Passing:
    """What passes `thresholds`, one for each clip or one for all; nothing right of nothing is 0."""
    passes = probabilities.max(axis=1) >= thresholds
    right = passes & (probabilities.argmax(axis=1) == truth)
    every = np.ones_like(passes)
    low, high = share_limits(passes, every, groups)
    least, most = share_limits(right, passes, groups)
    return Passing(
        len(truth),
        len(set(groups)),
        float(passes.mean()) if len(passes) else 0.0,
        (float(low), float(high)),
        float(right.sum() / max(passes.sum(), 1)),
        (float(least), float(most)),
    )


def sure_threshold(
    probabilities: Probabilities,
    truth: Labels,
    groups: Sequence[str],
    precision: float,
    accepted: int,
) -> float:
    """Find the lowest threshold, in hundredths, whose precision is surely `precision` or more.

    That is the lower end of its 95% interval. At least `accepted` clips must pass. Where no
    threshold is as good, it is the one that comes nearest.
    """
    passes = probabilities.max(axis=1)[:, None] >= _TRIED
    right = passes & (probabilities.argmax(axis=1) == truth)[:, None]
    least = share_limits(right, passes, groups)[0]
    enough = np.flatnonzero(passes.sum(axis=0) >= min(accepted, len(truth)))
    reached = enough[least[enough] >= precision]
    chosen = reached[0] if len(reached) else enough[least[enough].argmax()]
    return float(_TRIED[chosen])


def share_limits(hits: Hits, of: Hits, groups: Sequence[str]) -> Limits:
    """95% interval of the share of `hits` in `of`, which holds them all.

    Of two intervals it takes the lower and the upper end that lie further out: that of a bootstrap
    over whole groups, as the clips of an artist are alike, and Wilson's, as a bootstrap of a few
    clips that are all right knows no doubt.
    """
    if not len(hits):
        return np.stack([np.zeros(hits.shape[1:]), np.ones(hits.shape[1:])])
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    counted = np.zeros((2, len(names), *hits.shape[1:]))
    for kind, found in enumerate((hits, of)):
        np.add.at(counted[kind], member, found)
    draws = np.random.default_rng(0).multinomial(
        len(names), np.full(len(names), 1 / len(names)), _RESAMPLES
    )
    right, all_ = (draws @ of_group for of_group in counted)
    shares = right / np.maximum(all_, 1)
    # A draw in which nothing passes says nothing: none of it may be right, or all.
    low = np.percentile(np.where(all_ > 0, shares, 0), 2.5, axis=0)
    high = np.percentile(np.where(all_ > 0, shares, 1), 97.5, axis=0)
    alone = np.vectorize(wilson_interval)(hits.sum(axis=0), of.sum(axis=0))
    return np.stack([np.minimum(low, alone[0]), np.maximum(high, alone[1])])
