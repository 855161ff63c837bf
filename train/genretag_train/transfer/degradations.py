"""Degradations of bad recordings, with which a head is trained so that they do not mislead it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genretag_train.features.extraction import Degradation

Samples = NDArray[np.float32]
"""[n_samples], full scale at 1.0."""

_GAIN = 4.0  # 12 dB
_BAND_HZ = 4000.0


def overdrive(samples: Samples, rate_hz: int) -> Samples:
    """Amplify by 12 dB and clip at full scale."""
    del rate_hz
    clipped: Samples = np.clip(_GAIN * samples, -1.0, 1.0)
    return clipped


def limit_band(samples: Samples, rate_hz: int) -> Samples:
    """Remove everything above 4 kHz, as a recording at 8 kHz does."""
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate_hz) > _BAND_HZ] = 0
    low: Samples = np.fft.irfft(spectrum, len(samples)).astype(np.float32)
    return low


DEGRADATIONS: Mapping[str, Degradation] = {"overdriven": overdrive, "narrow": limit_band}
"""To add one: a function and a row; the name goes into the keys of cached embeddings."""
