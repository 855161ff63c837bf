"""A sound that is the same everywhere, to compare what models say of it."""

import numpy as np
from numpy.typing import NDArray

_CHORD_HZ = (110.0, 220.0, 277.18, 329.63, 440.0)
_BEAT_S = 0.5
_HARMONICS = 8
_PEAK = 0.5


def make_reference_sound(rate_hz: int, length_s: float) -> NDArray[np.float32]:
    """Make a chord with harmonics and a beat of noise: [n_samples], full scale at 1.0.

    It is computed without random numbers, so that every machine makes the same.
    """
    time_s = np.arange(round(rate_hz * length_s)) / rate_hz
    sound = np.zeros_like(time_s)
    for frequency_hz in _CHORD_HZ:
        for harmonic in range(1, _HARMONICS + 1):
            if frequency_hz * harmonic < rate_hz / 2:
                sound += np.sin(2 * np.pi * frequency_hz * harmonic * time_s) / harmonic
    # The fractional parts of a large multiple of sin(n), a known substitute for noise.
    noise = np.modf(np.sin(np.arange(len(time_s)) * 12.9898) * 43758.5453)[0]
    decay = np.exp(-12 * (time_s % _BEAT_S) / _BEAT_S)
    sound = sound / np.abs(sound).max() + noise * decay
    samples: NDArray[np.float32] = (_PEAK * sound / np.abs(sound).max()).astype(np.float32)
    return samples
