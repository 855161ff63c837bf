"""Windows of a track: where they lie, and their waveforms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SILENCE_DBFS = -70.0
LONGEST_S = 3600.0


@dataclass(frozen=True)
class WindowSpec:
    """The windows of a model.

    Attributes:
        length_s: length of one window in seconds, above 0, at most an hour.
        balanced: how many windows `--coverage balanced` takes from a long track, at least 1.

    Raises:
        ValueError: a number is out of range.
    """

    length_s: float
    balanced: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.length_s <= LONGEST_S:
            raise ValueError(
                f"a window must be longer than 0 s, at most {LONGEST_S:g} s, not {self.length_s}"
            )
        if not isinstance(self.balanced, int) or self.balanced < 1:
            raise ValueError(f"at least one whole window must be analysed, not {self.balanced}")

    def count_samples(self, rate_hz: int) -> int:
        """Return the length of a window in samples at `rate_hz`.

        >>> WindowSpec(3.0).count_samples(16000)
        48000
        """
        return round(self.length_s * rate_hz)


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a track, in seconds from its start.

    >>> Excerpt(30.0, 3.0).end_s
    33.0
    """

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
        """Whether its RMS level is below -70 dBFS, too low for music."""
        if not len(self.samples):
            return True
        power = float(np.mean(np.square(self.samples, dtype=np.float64)))
        return bool(power < 10 ** (SILENCE_DBFS / 10))

    def fit(self, n_samples: int) -> NDArray[np.float32]:
        """Cut the samples to `n_samples`, or repeat them until they are as many: [n_samples]."""
        if len(self.samples) >= n_samples:
            return self.samples[:n_samples]
        return np.resize(self.samples, n_samples)


Plan = Callable[[float], list[Excerpt]]
"""From the duration of a track in seconds to the excerpts to decode, in ascending order."""


def _spread(duration_s: float, length_s: float, most: int) -> list[Excerpt]:
    """Space up to `most` windows evenly; leave out the outer tenths of a long track."""
    count = max(1, min(most, int(duration_s // length_s)))
    length_s = min(length_s, duration_s)
    margin_s = min(duration_s / 10, (duration_s - count * length_s) / 2)
    room_s = duration_s - length_s - 2 * margin_s
    steps = [0.5] if count == 1 else [i / (count - 1) for i in range(count)]
    return [Excerpt(margin_s + step * room_s, length_s) for step in steps]


def fast(duration_s: float, spec: WindowSpec) -> list[Excerpt]:
    """Return one window from the middle.

    >>> fast(100.0, WindowSpec(3.0))
    [Excerpt(start_s=48.5, length_s=3.0)]
    """
    return _spread(duration_s, spec.length_s, 1)


def balanced(duration_s: float, spec: WindowSpec) -> list[Excerpt]:
    """Return a few windows spread over the track; of a long one without its outer tenths."""
    return _spread(duration_s, spec.length_s, spec.balanced)


def full(duration_s: float, spec: WindowSpec) -> list[Excerpt]:
    """Return window after window from the start; the last one ends with the track.

    >>> [excerpt.start_s for excerpt in full(8.0, WindowSpec(3.0))]
    [0.0, 3.0, 5.0]
    """
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
"""Functions that choose excerpts of a track, by the values of `--coverage`."""
