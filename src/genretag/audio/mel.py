"""The one mel front end: training and inference both compute their features here.

Power mel spectrograms as librosa 0.11 makes them with its defaults (periodic Hann window,
frames centred by zero padding, Slaney mel scale with area normalisation), in float32.

The Slaney scale: M. Slaney, "Auditory Toolbox", Technical Report 1998-010, Interval
Research Corporation, 1998.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from genretag.domain.manifest import FrontEnd

DYNAMIC_RANGE_DB = 80.0
_POWER_FLOOR = 1e-10
# A larger product OpenBLAS shares out to threads, which wait for each other longer than they
# compute and take that time from the other workers.
_ONE_THREAD = 2**18
# Below this, the gain to any level is more than a float32 can hold.
_FAINTEST_RMS = 1e-30

# The Slaney scale is linear up to 1 kHz (15 mels) and logarithmic above.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def features(samples: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    """Compute the input of a model with this front end.

    Args:
        samples: [n_samples] mono at `front_end.rate_hz`, full scale at 1.0, at least one.
        front_end: rate, transform, mels and scaling.

    Returns:
        [n_frames, n_mels] float32 with n_frames = 1 + n_samples // hop.
    """
    if front_end.rms_dbfs is not None:
        samples = scale_to_level(samples, front_end.rms_dbfs)
    return SCALINGS[front_end.scaling](mel_power(samples, front_end))


def scale_to_level(samples: NDArray[np.float32], rms_dbfs: float) -> NDArray[np.float32]:
    """Amplify samples [n_samples] to an RMS level in dB relative to full scale.

    Silence stays silence.

    >>> scale_to_level(np.array([0.5, -0.5], np.float32), 0.0).tolist()
    [1.0, -1.0]
    """
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    if rms < _FAINTEST_RMS:
        return samples
    return samples * np.float32(10 ** (rms_dbfs / 20) / rms)


def mel_power(samples: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    """Compute the power mel spectrogram [n_frames, n_mels] of [n_samples] mono audio."""
    n_fft, hop = front_end.n_fft, front_end.hop
    padded = np.pad(samples, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    spectrum = np.fft.rfft(frames * _hann(n_fft))
    power: NDArray[np.float32] = np.square(spectrum.real) + np.square(spectrum.imag)
    filters = mel_filters(front_end.rate_hz, n_fft, front_end.n_mels)
    rows = max(1, _ONE_THREAD // filters.size)
    blocks = (power[first : first + rows] @ filters for first in range(0, len(power), rows))
    return np.concatenate(list(blocks))


def decibel_minmax(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convert power to decibels below its maximum, down to -80, and scale them to [0, 1].

    A window without any contrast, such as digital silence, becomes zeros.

    >>> decibel_minmax(np.array([[1.0, 1e-4]], np.float32)).tolist()
    [[1.0, 0.0]]
    """
    loud = np.log10(np.maximum(power, _POWER_FLOOR))
    level_db = np.maximum(10.0 * (loud - loud.max()), -DYNAMIC_RANGE_DB)
    low = level_db.min()
    return level_db / -low + 1.0 if low < 0.0 else np.zeros_like(level_db)


def log_compression(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute log10(1 + 10000 x), the input scaling of musicnn (Pons & Serra, 2019)."""
    scaled: NDArray[np.float32] = np.log10(1.0 + 10000.0 * power)
    return scaled


SCALINGS: Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "db-minmax": decibel_minmax,
    "log-compression": log_compression,
}
"""From power to the input of the net, by the name in the manifest."""


@cache
def mel_filters(rate_hz: int, n_fft: int, n_mels: int) -> NDArray[np.float32]:
    """Return triangular filters [1 + n_fft // 2, n_mels] from 0 Hz to half the rate, of area 1.

    >>> mel_filters(16000, 512, 96).shape
    (257, 96)
    """
    bins_hz = np.fft.rfftfreq(n_fft, 1.0 / rate_hz)
    top_mel = _hz_to_mel(rate_hz / 2.0)
    corners_hz = _mel_to_hz(np.linspace(0.0, top_mel, n_mels + 2))
    low, centre, high = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    rising = (bins_hz[:, None] - low) / (centre - low)
    falling = (high - bins_hz[:, None]) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (high - low)).astype(np.float32)


def hz_to_band(hz: float, front_end: FrontEnd) -> float:
    """Convert a frequency to a position on the axis of bands: about 0 at 0 Hz, `n_mels` at the top.

    The first band is centred at 0.5, the last at `n_mels` - 0.5.
    """
    top_mel = _hz_to_mel(front_end.rate_hz / 2.0)
    return _hz_to_mel(hz) / top_mel * (front_end.n_mels + 1) - 0.5


@cache
def _hann(n_fft: int) -> NDArray[np.float32]:
    phase = 2.0 * np.pi * np.arange(n_fft) / n_fft
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


def _hz_to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)
