"""Removes parts of a sound, to measure their effect on a prediction.

Occlusion: M. D. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional Networks",
ECCV 2014; here on the waveform instead of an image.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from genretag.domain.window import Excerpt, Waveform

_STRETCH_S = 1.0
_FADE_S = 0.01
_LOWEST_EDGE_HZ = 125.0


@dataclass(frozen=True)
class Band:
    """Frequencies from `low_hz` up to `high_hz`."""

    low_hz: float
    high_hz: float


@dataclass(frozen=True)
class Part:
    """A stretch of a track, or a band of it during that stretch."""

    excerpt: Excerpt
    band: Band | None = None


@dataclass(frozen=True)
class Effect:
    """The amount by which a window scores a genre with a part than without, in [-1, 1].

    Above 0 the part speaks for the genre, below 0 against it.
    """

    part: Part
    worth: float


def silence_stretches(waveform: Waveform) -> Iterator[tuple[Part, Waveform]]:
    """Yield stretches of about a second, and the sound with each of them silent.

    Edges are faded over 10 ms, because a click would have an effect of its own.
    """
    count = max(1, round(waveform.excerpt.length_s / _STRETCH_S))
    edges = np.linspace(0, len(waveform.samples), count + 1).round().astype(int)
    fade = max(1, round(_FADE_S * waveform.rate_hz))
    samples = np.arange(len(waveform.samples))
    for start, stop in pairwise(edges):
        excerpt = Excerpt(
            waveform.start_s + start / waveform.rate_hz, (stop - start) / waveform.rate_hz
        )
        distance = np.maximum(start - samples, samples - stop + 1) / fade
        gain = np.clip(distance, 0.0, 1.0).astype(np.float32)
        yield Part(excerpt), replace(waveform, samples=waveform.samples * gain)


def remove_octaves(waveform: Waveform) -> Iterator[tuple[Part, Waveform]]:
    """Yield octaves, and the sound with each of them filtered out."""
    spectrum = np.fft.rfft(waveform.samples)
    hertz = np.fft.rfftfreq(len(waveform.samples), 1 / waveform.rate_hz)
    for band in octave_bands(waveform.rate_hz / 2):
        inside = (hertz >= band.low_hz) & (hertz <= band.high_hz)
        samples = np.fft.irfft(np.where(inside, 0, spectrum), len(waveform.samples))
        quieter = replace(waveform, samples=samples.astype(np.float32))
        yield Part(waveform.excerpt, band), quieter


def octave_bands(top_hz: float) -> list[Band]:
    """Return bands from 0 Hz to `top_hz`, an octave each above 125 Hz.

    >>> [round(band.high_hz) for band in octave_bands(800.0)]
    [125, 250, 500, 800]
    """
    edges = [0.0, min(_LOWEST_EDGE_HZ, top_hz)]
    while edges[-1] < top_hz:
        edges.append(min(2 * edges[-1], top_hz))
    return [Band(low, high) for low, high in pairwise(edges)]


Occlusion = Callable[[Waveform], Iterator[tuple[Part, Waveform]]]

OCCLUSIONS: Mapping[str, Occlusion] = {"time": silence_stretches, "bands": remove_octaves}
"""Ways to remove parts: each yields the parts of a sound, and the sound without them."""
