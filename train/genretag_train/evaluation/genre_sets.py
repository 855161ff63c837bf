"""Conformal prediction sets: how much score a set of genres needs to contain the true one."""

import numpy as np

from genretag.domain.manifest import SET_MASSES
from genretag.domain.metrics import Labels, Probabilities


def fit_set_masses(probabilities: Probabilities, truth: Labels) -> tuple[float, ...]:
    """Find the masses in [0, 1] with which `prediction_set` holds the truth in 1% to 99% of cases.

    Source: Romano, Sesia and Candès, "Classification with Valid and Adaptive Coverage" (2020).
    """
    true = probabilities[np.arange(len(truth)), truth][:, None]
    # A set grows until it has the mass, so it holds the truth if the genres before it have less.
    needed = np.sort(np.where(probabilities > true, probabilities, 0).sum(axis=1)) + 1e-6
    ranks = np.ceil((len(needed) + 1) * np.arange(1, SET_MASSES + 1) / 100).astype(int)
    return tuple(float(np.clip(needed[min(rank, len(needed)) - 1], 0, 1)) for rank in ranks)
