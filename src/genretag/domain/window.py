"""Where a track is sampled, and the pieces of sound that come back."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SILENCE_DBFS = -70.0


@dataclass(frozen=True)
class WindowSpec:
    """How much sound a model judges at a time.

    `length_s` is the length of one window in seconds, `balanced` the number of
    windows that `--coverage balanced` hears in a long track.
    """

    length_s: float
    balanced: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.length_s < math.inf:
            raise ValueError(f"a window must be longer than 0 s, not {self.length_s}")
        if not isinstance(self.balanced, int) or self.balanced < 1:
            raise ValueError(f"at least one whole window must be heard, not {self.balanced}")


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a track, in seconds from its start."""

    start_s: float
    length_s: float

    @property
    def end_s(self) -> float:
        """Where the stretch ends, in seconds."""
        return self.start_s + self.length_s


@dataclass(frozen=True, eq=False)
class Waveform:
    """Mono sound: `samples` [n_samples] float32, full scale at 1.0."""

    samples: NDArray[np.float32]
    rate_hz: int
    start_s: float = 0.0

    @property
    def excerpt(self) -> Excerpt:
        """Where in its track it lies."""
        return Excerpt(self.start_s, len(self.samples) / self.rate_hz)

    @property
    def is_silent(self) -> bool:
        """Whether its RMS level is below -70 dBFS, where no music can be heard."""
        if not len(self.samples):
            return True
        power = float(np.mean(np.square(self.samples, dtype=np.float64)))
        return bool(power < 10 ** (SILENCE_DBFS / 10))

    def fitted(self, n_samples: int) -> NDArray[np.float32]:
        """Cut to `n_samples`, or repeated from its start until it is that long."""
        if len(self.samples) >= n_samples:
            return self.samples[:n_samples]
        return np.resize(self.samples, n_samples)


Plan = Callable[[float], list[Excerpt]]
"""Where to listen in a track of a given duration in seconds."""


def _spread(duration_s: float, length_s: float, most: int) -> list[Excerpt]:
    """Up to `most` windows, evenly spaced; the outer tenths of a long track are left out."""
    count = max(1, min(most, int(duration_s // length_s)))
    length_s = min(length_s, duration_s)
    margin_s = min(duration_s / 10, (duration_s - count * length_s) / 2)
    room_s = duration_s - length_s - 2 * margin_s
    steps = [0.5] if count == 1 else [i / (count - 1) for i in range(count)]
    return [Excerpt(margin_s + step * room_s, length_s) for step in steps]


def fast(duration_s: float, spec: WindowSpec) -> list[Excerpt]:
    """One window from the middle."""
    return _spread(duration_s, spec.length_s, 1)


def balanced(duration_s: float, spec: WindowSpec) -> list[Excerpt]:
    """A few windows spread over the track, the first and last tenth of a long one left out."""
    return _spread(duration_s, spec.length_s, spec.balanced)


def full(duration_s: float, spec: WindowSpec) -> list[Excerpt]:
    """Window after window from the start; the last one ends with the track."""
    if duration_s <= spec.length_s:
        return [Excerpt(0.0, duration_s)]
    count = int(duration_s // spec.length_s)
    excerpts = [Excerpt(i * spec.length_s, spec.length_s) for i in range(count)]
    if excerpts[-1].end_s < duration_s:
        excerpts.append(Excerpt(duration_s - spec.length_s, spec.length_s))
    return excerpts


COVERAGES: Mapping[str, Callable[[float, WindowSpec], list[Excerpt]]] = {
    "fast": fast,
    "balanced": balanced,
    "full": full,
}
