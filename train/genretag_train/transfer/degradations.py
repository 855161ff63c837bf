"""What bad recordings do to music: a head that heard it is not led astray by it."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""[n_samples], full scale at 1.0."""

_LOUDER = 4.0  # 12 dB
_NARROW_HZ = 4000.0


def overdriven(samples: Samples, rate_hz: int) -> Samples:
    """12 dB louder and clipped at full scale."""
    del rate_hz
    clipped: Samples = np.clip(_LOUDER * samples, -1.0, 1.0)
    return clipped


def narrow(samples: Samples, rate_hz: int) -> Samples:
    """As a recording at 8 kHz has it: nothing above 4 kHz."""
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate_hz) > _NARROW_HZ] = 0
    low: Samples = np.fft.irfft(spectrum, len(samples)).astype(np.float32)
    return low


DEGRADATIONS: Mapping[str, Callable[[Samples, int], Samples]] = {
    "overdriven": overdriven,
    "narrow": narrow,
}
