from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.occlusion import (
    OCCLUSIONS,
    Band,
    octave_bands,
    remove_octaves,
    silence_stretches,
)
from genretag.domain.window import Waveform

RATE_HZ = 8000
FADE = 80


def sound(seconds: float, hz: float = 440.0, start_s: float = 0.0) -> Waveform:
    times = np.arange(max(1, round(seconds * RATE_HZ))) / RATE_HZ
    return Waveform(np.sin(2 * np.pi * hz * times).astype(np.float32), RATE_HZ, start_s)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@given(seconds=st.floats(0.001, 12.0), start_s=st.floats(0.0, 500.0))
def test_stretches_follow_each_other_and_fill_the_sound(seconds: float, start_s: float) -> None:
    waveform = sound(seconds, start_s=start_s)
    found = [part.excerpt for part, _ in silence_stretches(waveform)]
    assert found[0].start_s == pytest.approx(start_s)
    assert found[-1].end_s == pytest.approx(waveform.excerpt.end_s)
    for one, after in pairwise(found):
        assert after.start_s == pytest.approx(one.end_s)
    if seconds >= 1:
        assert all(0.6 < excerpt.length_s < 1.6 for excerpt in found)


def test_a_stretch_is_silent_and_the_rest_is_untouched() -> None:
    waveform = sound(3.0)
    for part, without in silence_stretches(waveform):
        start, stop = (round(s * RATE_HZ) for s in (part.excerpt.start_s, part.excerpt.end_s))
        assert not without.samples[start:stop].any()
        assert np.array_equal(without.samples[: max(0, start - FADE)],
                              waveform.samples[: max(0, start - FADE)])  # fmt: skip
        assert np.array_equal(without.samples[stop + FADE :], waveform.samples[stop + FADE :])


def test_the_edge_of_a_stretch_is_no_click() -> None:
    """A jump would put sound into all bands; a fade of 10 ms leaves those far away alone."""
    low = sound(3.0, hz=100.0)
    _, without = list(silence_stretches(low))[1]
    spectrum = np.abs(np.fft.rfft(without.samples))
    assert spectrum[len(spectrum) // 2 :].max() < 1e-3 * spectrum.max()


@given(top_hz=st.floats(20.0, 96_000.0))
def test_octaves_follow_each_other_up_to_the_top(top_hz: float) -> None:
    found = octave_bands(top_hz)
    assert found[0].low_hz == 0 and found[-1].high_hz == top_hz
    assert all(a.high_hz == b.low_hz for a, b in pairwise(found))
    assert all(band.high_hz <= 2 * band.low_hz for band in found[1:])


@pytest.mark.parametrize("hz", [60.0, 180.0, 700.0, 3000.0])
def test_only_the_octave_of_a_tone_takes_it_away(hz: float) -> None:
    waveform = sound(1.0, hz)
    for part, without in remove_octaves(waveform):
        inside = part.band.low_hz <= hz <= part.band.high_hz
        assert rms(without.samples) == pytest.approx(
            0 if inside else rms(waveform.samples), abs=1e-3
        )


@pytest.mark.parametrize("way", list(OCCLUSIONS))
@given(length=st.integers(1, 3 * RATE_HZ))
def test_what_is_left_is_as_long_and_in_the_same_place(way: str, length: int) -> None:
    waveform = Waveform(np.ones(length, np.float32), RATE_HZ, 7.0)
    for _, without in OCCLUSIONS[way](waveform):
        assert without.excerpt == waveform.excerpt
        assert without.samples.dtype == np.float32 and np.isfinite(without.samples).all()


def test_a_band_says_its_limits() -> None:
    assert octave_bands(500.0) == [Band(0.0, 125.0), Band(125.0, 250.0), Band(250.0, 500.0)]
