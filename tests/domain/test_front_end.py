"""What a front end may be, and how samples and frames count each other."""

import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.audio.mel import features, hz_to_band, mel_filters
from genretag.domain.front_end import FRONT_ENDS, FrontEnd

CHOICES = ("scaling", "hann", "mel_scale", "filter_axis", "filter_norm", "filter_precision")
OLD = FrontEnd(22050, 2048, 512, 128, "db-minmax")


@st.composite
def front_ends(draw: st.DrawFn) -> FrontEnd:
    rate_hz, n_fft = draw(st.integers(8000, 48000)), 2 * draw(st.integers(32, 1024))
    low_hz, n_mels = draw(st.floats(0, 1000)), draw(st.integers(1, 96))
    return FrontEnd(
        rate_hz,
        n_fft,
        draw(st.integers(1, 1024)),
        n_mels,
        draw(st.sampled_from(["db-minmax", "log-compression", "natural-log"])),
        rms_dbfs=draw(st.none() | st.floats(-60, 0)),
        frame_length=draw(st.none() | st.integers(1, n_fft // 2).map(lambda half: 2 * half)),
        hann=draw(st.sampled_from(["periodic", "symmetric"])),
        mel_scale=draw(st.sampled_from(["slaney", "htk"])),
        low_hz=low_hz,
        high_hz=draw(st.none() | st.floats(low_hz + n_mels, rate_hz / 2)),
        filter_axis=draw(st.sampled_from(["hz", "mel"])),
        filter_norm=draw(st.sampled_from(["area", "peak"])),
        filter_precision=draw(st.sampled_from(["double", "single"])),
        power=draw(st.sampled_from([1, 2])),
        mean=draw(st.floats(-10, 10)),
        deviation=draw(st.floats(0.1, 10)),
        centred=draw(st.booleans()),
    )


@given(front_end=front_ends(), n_frames=st.integers(1, 100_000))
def test_so_many_samples_have_so_many_frames_and_one_sample_less_has_fewer(
    front_end: FrontEnd, n_frames: int
) -> None:
    n_samples = front_end.count_samples(n_frames)
    assert front_end.count_frames(n_samples) == n_frames
    assert front_end.count_frames(n_samples + front_end.hop - 1) == n_frames
    if n_samples:
        assert front_end.count_frames(n_samples - 1) == n_frames - 1


@given(front_end=front_ends(), n_samples=st.integers(1, 4000), seed=st.integers(0, 99))
def test_features_have_as_many_rows_as_are_counted_and_are_finite(
    front_end: FrontEnd, n_samples: int, seed: int
) -> None:
    n_samples = max(n_samples, front_end.count_samples(1))
    samples = np.random.default_rng(seed).normal(0, 0.1, n_samples).astype(np.float32)
    seen = features(samples, front_end)
    assert seen.dtype == np.float32
    assert seen.shape == (front_end.count_frames(n_samples), front_end.n_mels)
    assert np.isfinite(seen).all()


@given(front_end=front_ends())
def test_filters_lie_between_the_ends_of_the_bands(front_end: FrontEnd) -> None:
    filters = mel_filters.__wrapped__(front_end)
    bins_hz = np.arange(len(filters)) * front_end.rate_hz / front_end.n_fft
    rounding_hz = 1e-6 if front_end.filter_precision == "double" else 2.0
    outside = (bins_hz < front_end.low_hz - rounding_hz) | (
        bins_hz > front_end.top_hz + rounding_hz
    )
    assert (filters >= 0).all()
    assert not filters[outside].any()
    assert hz_to_band(front_end.low_hz, front_end) == pytest.approx(-0.5)
    assert hz_to_band(front_end.top_hz, front_end) == pytest.approx(front_end.n_mels + 0.5)


def test_a_peak_of_1_and_an_area_of_1_are_the_same_filters_otherwise() -> None:
    area = mel_filters(replace(OLD, n_mels=20))
    peak = mel_filters(replace(OLD, n_mels=20, filter_norm="peak"))
    ratio = area.sum(axis=0) / peak.sum(axis=0)
    assert np.allclose(area, peak * ratio, atol=1e-8)
    assert 0.8 < peak.max(axis=0).min() <= peak.max() <= 1
    assert np.allclose(area.sum(axis=0) * OLD.rate_hz / OLD.n_fft, 1, atol=0.01)


def test_mean_and_deviation_normalise_what_is_scaled() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    plain = features(samples, FRONT_ENDS["musicnn"])
    shifted = replace(FRONT_ENDS["musicnn"], mean=2.0, deviation=4.0)
    assert np.abs(features(samples, shifted) - (plain - 2) / 4).max() < 1e-6


def test_a_centred_first_frame_has_the_first_sample_in_its_middle() -> None:
    inside = FRONT_ENDS["vggish"]
    click = np.zeros(4000, np.float32)
    click[0] = 1.0
    centred = features(click, replace(inside, centred=True))
    padded = features(np.pad(click, 200), inside)
    assert np.array_equal(centred, padded)
    assert centred[0].min() > centred[10].max()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, bad) for name in ("rate_hz", "n_fft", "hop", "n_mels") for bad in (0, -2, 1e4)),
        *((name, 10**30) for name in ("rate_hz", "n_fft", "hop", "n_mels", "frame_length")),
        *((name, True) for name in ("rate_hz", "hop", "n_mels", "mean", "deviation", "power")),
        *((name, bad) for name in ("mean", "low_hz", "deviation") for bad in (math.nan, math.inf)),
        *((name, bad) for name in ("mean", "high_hz", "rms_dbfs") for bad in ("1", [1], 10**400)),
        *((name, bad) for name in CHOICES for bad in ("other", None, ["periodic"], {})),
        ("n_fft", 1023),
        ("frame_length", 399),
        ("frame_length", 4096),
        ("frame_length", 0),
        ("low_hz", -1.0),
        ("low_hz", 11025.0),
        ("low_hz", None),
        ("high_hz", 11026.0),
        ("high_hz", 0.5),
        ("power", 3),
        ("power", 2.0),
        ("deviation", 0.0),
        ("deviation", -1.0),
        ("mean", None),
        ("centred", 1),
        ("centred", None),
    ],
)
def test_a_front_end_that_cannot_be_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(OLD, **{field: value})


def test_filters_that_would_fill_the_memory_are_refused() -> None:
    assert FrontEnd(48000, 65536, 512, 256, "db-minmax")
    with pytest.raises(ValueError, match="too many"):
        FrontEnd(48000, 65536, 512, 1024, "db-minmax")


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_the_front_ends_of_the_table_are_their_own_and_hold_frames_of_sound_alone(
    name: str,
) -> None:
    front_end = FRONT_ENDS[name]
    assert FrontEnd(**asdict(front_end)) == front_end
    assert not front_end.centred
    assert front_end.rate_hz == 16000
