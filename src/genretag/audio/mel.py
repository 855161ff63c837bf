"""The one mel front end: training and inference both compute their features here.

Mel spectrograms in float32, with the defaults of `FrontEnd` as librosa 0.11 makes them with
its own, with others as Essentia's TensorflowInputMusiCNN and TensorflowInputVGGish.

The Slaney scale: M. Slaney, "Auditory Toolbox", Technical Report 1998-010, Interval
Research Corporation, 1998. The HTK scale: S. Young et al., "The HTK Book", 2009.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.front_end import FrontEnd, Hann, MelScale

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
_LOG_STEP = math.log(6.4) / 27.0

_Axis = NDArray[np.floating[Any]]
_Warp = Callable[[_Axis], _Axis]


def features(samples: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    """Compute the input of a model with this front end.

    Args:
        samples: [n_samples] mono at `front_end.rate_hz`, full scale at 1.0, at least one, and
            at least a frame if frames are not centred.
        front_end: rate, transform, mels and scaling.

    Returns:
        [n_frames, n_mels] float32 with n_frames = `front_end.count_frames(n_samples)`.
    """
    if front_end.rms_dbfs is not None:
        samples = scale_to_level(samples, front_end.rms_dbfs)
    return scale(mel_power(samples, front_end), front_end)


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
    """Compute the mel spectrogram [n_frames, n_mels] of [n_samples] mono audio, not scaled."""
    n_fft, length = front_end.n_fft, front_end.frame_samples
    padded = np.pad(samples, length // 2) if front_end.centred else samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[:: front_end.hop]
    spectrum = np.fft.rfft(frames * _hann(length, front_end.hann), n_fft)
    power: NDArray[np.float32] = np.square(spectrum.real) + np.square(spectrum.imag)
    if front_end.power == 1:
        power = np.sqrt(power)
    filters = mel_filters(front_end)
    rows = max(1, _ONE_THREAD // filters.size)
    blocks = (power[first : first + rows] @ filters for first in range(0, len(power), rows))
    return np.concatenate(list(blocks))


def scale(mels: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    """Convert the result of `mel_power` to the input of the net, of the same shape."""
    scaled = SCALINGS[front_end.scaling](mels)
    scaled -= np.float32(front_end.mean)
    scaled /= np.float32(front_end.deviation)
    return scaled


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


def natural_log(mels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute ln(x + 0.01), the input scaling of VGGish (Hershey et al., 2017)."""
    scaled: NDArray[np.float32] = np.log(mels + np.float32(0.01))
    return scaled


SCALINGS: Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "db-minmax": decibel_minmax,
    "log-compression": log_compression,
    "natural-log": natural_log,
}
"""Compressions of small values, by the name in the manifest."""


@cache
def mel_filters(front_end: FrontEnd) -> NDArray[np.float32]:
    """Return the triangular filters [1 + n_fft // 2, n_mels] of a front end.

    >>> mel_filters(FrontEnd(16000, 512, 256, 96, "log-compression")).shape
    (257, 96)
    """
    to_mel, to_hz = _MEL_SCALES[front_end.mel_scale]
    bins_hz = np.fft.rfftfreq(front_end.n_fft, 1.0 / front_end.rate_hz)
    corners_mel = _find_corners(front_end)
    corners_hz = to_hz(corners_mel)
    in_hz = front_end.filter_axis == "hz"
    bins, corners = (bins_hz, corners_hz) if in_hz else (to_mel(bins_hz), corners_mel)
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    rising = (bins[:, None] - low) / (centre - low)
    falling = (high - bins[:, None]) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    if front_end.filter_norm == "area":
        triangles = triangles * 2.0 / (corners_hz[2:] - corners_hz[:-2])
    filters: NDArray[np.float32] = triangles.astype(np.float32)
    return filters


def _find_corners(front_end: FrontEnd) -> _Axis:
    """Return where filters start, peak and end, [n_mels + 2] in mel."""
    to_mel, _ = _MEL_SCALES[front_end.mel_scale]
    ends_hz: _Axis = np.array([front_end.low_hz, front_end.top_hz])
    if front_end.filter_precision == "single":
        ends_hz = ends_hz.astype(np.float32)
    low, top = to_mel(ends_hz)
    if front_end.filter_precision == "double":
        return np.linspace(float(low), float(top), front_end.n_mels + 2)
    # The sum is a millionth off, which a loud tone at the edge of a quiet band shows.
    step = (top - low) / np.float32(front_end.n_mels + 1)
    return np.cumsum(np.array([low] + [step] * (front_end.n_mels + 1)), dtype=np.float32)


def hz_to_band(hz: float, front_end: FrontEnd) -> float:
    """Convert a frequency to a position on the axis of bands: about 0 at their lower end.

    The first band is centred at 0.5, the last at `n_mels` - 0.5.
    """
    to_mel, _ = _MEL_SCALES[front_end.mel_scale]
    wanted, low, top = to_mel(np.array([hz, front_end.low_hz, front_end.top_hz]))
    return float((wanted - low) / (top - low) * (front_end.n_mels + 1) - 0.5)


@cache
def _hann(length: int, kind: Hann) -> NDArray[np.float32]:
    period = length if kind == "periodic" else length - 1
    phase = 2.0 * np.pi * np.arange(length) / period
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


def _slaney_mel(hz: _Axis) -> _Axis:
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, above)


def _slaney_hz(mel: _Axis) -> _Axis:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)


def _htk_mel(hz: _Axis) -> _Axis:
    mel: _Axis = 2595.0 * np.log10(1.0 + hz / 700.0)
    return mel


def _htk_hz(mel: _Axis) -> _Axis:
    hz: _Axis = 700.0 * (np.power(10.0, mel / 2595.0) - 1.0)
    return hz


_MEL_SCALES: Mapping[MelScale, tuple[_Warp, _Warp]] = {
    "slaney": (_slaney_mel, _slaney_hz),
    "htk": (_htk_mel, _htk_hz),
}
"""From Hz to mel and back."""
