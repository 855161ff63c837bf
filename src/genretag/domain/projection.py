"""Puts what many numbers say into two."""

import numpy as np
from numpy.typing import NDArray


def plane(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points [n, width] in the two directions in which they differ most, [n, 2] in [-1, 1].

    Principal component analysis (Hotelling, 1933). Directions have no sign of their own: each is
    turned so that its farthest point lies above 0. Where points do not differ, all is 0.
    """
    if not points.size:
        return np.zeros((len(points), 2))
    # In single precision, as a large library fills gigabytes in double.
    centred = points.astype(np.float32)
    centred -= centred.mean(axis=0, dtype=np.float64).astype(np.float32)
    # Of the covariance, as there are far more points than directions.
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    flat = (centred @ axes[:, ::-1][:, :2].astype(np.float32)).astype(np.float64)
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    extremes = flat[np.abs(flat).argmax(axis=0), [0, 1]]
    reach = np.abs(extremes)
    # What is left of equal points after rounding is no difference.
    worth = reach > 1e-5 * max(1.0, float(np.abs(centred).max()))
    return np.where(worth, flat / np.where(worth, extremes, 1.0), 0.0)
