"""Projects embeddings onto a plane, for a map of a library."""

import numpy as np
from numpy.typing import NDArray


def project_to_plane(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Project points [n, width] onto their first two principal components, [n, 2] in [-1, 1].

    Principal component analysis (Hotelling, 1933). Components have no sign of their own: each is
    turned so that its farthest point lies above 0. Where points do not differ, all is 0.

    >>> project_to_plane(np.array([[0.0], [0.0], [3.0]])).tolist()
    [[-0.5, 0.0], [-0.5, 0.0], [1.0, 0.0]]
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
    differs = reach > 1e-5 * max(1.0, float(np.abs(centred).max()))
    return np.where(differs, flat / np.where(differs, extremes, 1.0), 0.0)
