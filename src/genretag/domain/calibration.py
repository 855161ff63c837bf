"""A calibration that was fitted on a person's library, for a model whose scores are not shares.

Each genre that scores by itself is calibrated by Platt scaling: its log-odds become
`scale * log-odds + bias` (Platt, 1999). Where genres share a softmax, `scale` is the inverse of a
temperature (Guo et al., 2017), and a bias would cancel out.
"""

import json
import math
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from genretag.domain.manifest import Activation

SCHEMA = 1
_MOST = 1000.0
"""A larger scale or bias makes a step of the curve, and is no fit of anything."""
_LEAST_ODDS = 1e-7
"""Nearer to 0 or 1 a score in single precision says no more."""


@dataclass(frozen=True)
class Calibration:
    """Turns the scores of one model into shares; holds the threshold for these.

    Attributes:
        sha256: of the model's file, in hexadecimal.
        scale: above 0, so that no genre overtakes another, and 1000 at most.
        bias: 1000 at most either way; 0 for a model with a softmax.
        threshold: the calibrated score from which a genre is written, in [0, 1].
        precision: how many of the genres that reach it should be right, in [0, 1].
        files: on how many it was fitted.
        artists: by how many artists these are.

    Raises:
        ValueError: a value is out of range.
    """

    sha256: str
    scale: float
    bias: float
    threshold: float
    precision: float
    files: int
    artists: int

    def __post_init__(self) -> None:
        for name in ("scale", "bias", "threshold", "precision"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, not {value!r}")
        if not 0 < self.scale <= _MOST:
            raise ValueError(f"the scale must be above 0, and {_MOST:g} at most: {self.scale}")
        if abs(self.bias) > _MOST:
            raise ValueError(f"the bias must be {_MOST:g} at most: {self.bias}")
        for name in ("threshold", "precision"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], not {getattr(self, name)}")
        for name in ("files", "artists"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ValueError(f"{name} must be a positive whole number")

    def to_json(self) -> str:
        """Return the calibration as the text that `from_json` reads."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, sha256: str) -> "Calibration":
        """Read what `to_json` wrote for the model with this SHA-256.

        Raises:
            ValueError: it is anything else.
        """
        try:
            entries = json.loads(text)
            if entries["schema"] != SCHEMA:
                raise ValueError(f"it has schema {entries['schema']!r}, not {SCHEMA}")
            found = cls(**{one.name: entries[one.name] for one in fields(cls)})
        except (KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError(f"an entry is missing or wrong: {error}") from error
        if found.sha256 != sha256:
            raise ValueError(f"it is for the model with the SHA-256 {found.sha256!r}")
        return found


def calibrate_scores(
    scores: NDArray[np.floating], activation: Activation, scale: float, bias: float
) -> NDArray[np.float64]:
    """Return calibrated scores in [0, 1], of the same shape [..., n_genres] and in the same order.

    Args:
        scores: as the model has them; with the activation `softmax` rows sum to 1, before and
            after.
        activation: of the model.
        scale: of a `Calibration`.
        bias: the same.

    >>> calibrate_scores(np.array([0.5, 0.75]), "sigmoid", 2.0, 0.0).round(6).tolist()
    [0.5, 0.9]
    >>> calibrate_scores(np.array([0.75, 0.25]), "softmax", 2.0, 0.0).round(6).tolist()
    [0.9, 0.1]
    """
    if activation == "softmax":
        logs = scale * np.log(np.maximum(scores.astype(np.float64), np.finfo(np.float32).tiny))
        powers = np.exp(logs - logs.max(axis=-1, keepdims=True, initial=-np.inf))
        shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
        return shares
    # The hyperbolic tangent does not overflow, as an exponential would.
    calibrated: NDArray[np.float64] = 0.5 + 0.5 * np.tanh((scale * log_odds(scores) + bias) / 2)
    return calibrated


def log_odds(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the finite log-odds of scores in [0, 1], of the same shape.

    >>> log_odds(np.array([0.5])).tolist()
    [0.0]
    """
    inside = np.clip(scores.astype(np.float64), _LEAST_ODDS, 1 - _LEAST_ODDS)
    odds: NDArray[np.float64] = np.log(inside / (1 - inside))
    return odds
