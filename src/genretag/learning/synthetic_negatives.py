"""Synthetic sounds without any genre, of which a head must not be sure."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""[n_samples], full scale at 1.0."""

N_EACH = 24
"""Sounds of each kind."""


def _tones(rng: np.random.Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make one to four steady sines."""
    pitches = 2 ** rng.uniform(5.5, 12, size=rng.integers(1, 5))
    phases = rng.uniform(0, 6, (len(pitches), 1))
    chord: NDArray[np.float64] = np.sin(2 * np.pi * np.outer(pitches, time_s) + phases).sum(axis=0)
    return chord


def _hum(rng: np.random.Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make the hum of a motor: a low tone with overtones, and some noise."""
    overtones = np.arange(1, rng.integers(4, 30))
    levels = rng.uniform(0, 1, len(overtones)) / overtones
    tone = levels @ np.sin(2 * np.pi * rng.uniform(40, 200) * np.outer(overtones, time_s))
    return tone + rng.uniform(0, 0.3) * rng.normal(size=len(time_s))


def _noise(rng: np.random.Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make noise of any colour, steady or in gusts."""
    spectrum = np.fft.rfft(rng.normal(size=len(time_s)))
    spectrum *= np.maximum(np.arange(len(spectrum)), 20.0) ** -rng.uniform(0, 1.5)
    gusts = 1 + rng.uniform(0, 1) * np.sin(2 * np.pi * rng.uniform(0.05, 2) * time_s)
    gusty: NDArray[np.float64] = np.fft.irfft(spectrum, len(time_s)) * gusts
    return gusty


def _sweeps(rng: np.random.Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make a siren: a tone that glides up and down."""
    octaves = rng.uniform(0.3, 4) * np.sin(2 * np.pi * rng.uniform(0.03, 3) * time_s)
    pitch = rng.uniform(100, 1500) * 2**octaves
    siren: NDArray[np.float64] = np.sin(2 * np.pi * np.cumsum(pitch) * time_s[1])
    return siren


def _knocks(rng: np.random.Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make clicks, knocks and rings at random moments."""
    sound = np.zeros_like(time_s)
    for start in rng.integers(0, len(time_s), size=rng.integers(3, 60)):
        after_s = time_s[: len(time_s) - start]
        ring = np.exp(-after_s * rng.uniform(10, 200))
        sound[start:] += ring * np.sin(2 * np.pi * rng.uniform(80, 6000) * after_s)
    return sound + 0.003 * rng.normal(size=len(time_s))


GENERATORS: Mapping[
    str, Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.float64]]
] = {
    "tones": _tones,
    "hum": _hum,
    "noise": _noise,
    "sweeps": _sweeps,
    "knocks": _knocks,
}


def generate_sounds(n_samples: int, rate_hz: int, seed: int) -> Iterator[Samples]:
    """Yield `N_EACH` sounds [n_samples] of each row of `GENERATORS`, with a peak of 0.5."""
    time_s = np.arange(n_samples) / rate_hz
    for number, make in enumerate(GENERATORS.values()):
        for take in range(N_EACH):
            sound = make(np.random.default_rng((seed, number, take)), time_s)
            yield (sound / np.abs(sound).max() / 2).astype(np.float32)
