from pathlib import Path

import librosa
import numpy as np
import pytest
from audio_files import chirp, noise, tone
from hypothesis import given
from hypothesis import strategies as st

from genretag.audio.decode import read_excerpts
from genretag.audio.mel import (
    SCALINGS,
    features,
    hz_to_band,
    mel_filters,
    mel_power,
    scale_to_level,
)
from genretag.domain.front_end import FrontEnd
from genretag.domain.window import Excerpt

RESEARCH = FrontEnd(22050, 2048, 512, 128, "db-minmax")
LOG = FrontEnd(16000, 512, 256, 96, "log-compression")
FRONT_ENDS = pytest.mark.parametrize("front_end", [RESEARCH, LOG], ids=["research", "log"])
CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"


def reference(samples: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=front_end.rate_hz,
        n_fft=front_end.n_fft,
        hop_length=front_end.hop,
        n_mels=front_end.n_mels,
    ).T
    if front_end.scaling == "log-compression":
        return np.log10(1 + 10000 * power)
    level_db = librosa.power_to_db(power, ref=np.max, top_db=80)
    return (level_db - level_db.min()) / (level_db.max() - level_db.min())


@FRONT_ENDS
@pytest.mark.parametrize("signal", [tone, noise, chirp])
def test_features_equal_librosa(front_end: FrontEnd, signal) -> None:
    samples = signal(3.0, front_end.rate_hz, channels=1)[0]
    ours = features(samples, front_end)
    assert ours.dtype == np.float32
    assert np.abs(ours - reference(samples, front_end)).max() < 1e-4


@pytest.mark.real
@pytest.mark.skipif(not CLIPS.exists(), reason="needs ../shared/data")
@FRONT_ENDS
def test_features_of_real_clips_equal_librosa(front_end: FrontEnd) -> None:
    for clip in sorted(CLIPS.iterdir())[::80]:
        (heard,) = read_excerpts(clip, front_end.rate_hz, lambda length_s: [Excerpt(0.0, length_s)])
        ours = features(heard.samples, front_end)
        assert np.abs(ours - reference(heard.samples, front_end)).max() < 1e-4


def features_before(samples: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Features as genretag computed them when frames were always centred."""

    def to_mel(hz: float) -> float:
        return hz / (200 / 3) if hz < 1000 else float(15 + np.log(hz / 1000) / (np.log(6.4) / 27))

    n_fft, rate_hz = front_end.n_fft, front_end.rate_hz
    hann = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, n_fft // 2), n_fft)
    spectrum = np.fft.rfft(frames[:: front_end.hop] * hann)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mels = np.linspace(0.0, to_mel(rate_hz / 2.0), front_end.n_mels + 2)
    above = 1000 * np.exp(np.log(6.4) / 27 * (mels - 15.0))
    corners_hz = np.where(mels < 15.0, mels * (200.0 / 3.0), above)
    low, centre, high = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    bins_hz = np.fft.rfftfreq(n_fft, 1.0 / rate_hz)[:, None]
    triangles = np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre))
    filters = (np.maximum(0.0, triangles) * 2.0 / (high - low)).astype(np.float32)
    rows = max(1, 2**18 // filters.size)  # a sum may depend on the shape of the product
    blocks = [power[first : first + rows] @ filters for first in range(0, len(power), rows)]
    return SCALINGS[front_end.scaling](np.concatenate(blocks))


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("n_fft", [512, 2048])
@pytest.mark.parametrize("n_mels", [40, 96, 128])
@pytest.mark.parametrize("scaling", ["db-minmax", "log-compression"])
@pytest.mark.parametrize("n_samples", [1, 513, 30011])
def test_features_of_older_manifests_are_bit_equal(
    rate_hz: int, n_fft: int, n_mels: int, scaling, n_samples: int
) -> None:
    front_end = FrontEnd(rate_hz, n_fft, n_fft // 2, n_mels, scaling)
    samples = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    assert np.array_equal(features(samples, front_end), features_before(samples, front_end))


@FRONT_ENDS
@pytest.mark.parametrize("n_samples", [1, 255, 512, 513, 22050, 100_000])
def test_there_is_a_frame_for_each_hop_and_one_more(front_end: FrontEnd, n_samples: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    shape = (1 + n_samples // front_end.hop, front_end.n_mels)
    assert features(samples, front_end).shape == shape


@FRONT_ENDS
def test_silence_is_all_zeros(front_end: FrontEnd) -> None:
    assert not features(np.zeros(8000, np.float32), front_end).any()


def test_research_scaling_fills_the_unit_interval_at_any_level() -> None:
    samples = noise(2.0, 22050, channels=1)[0]
    loud, quiet = features(samples, RESEARCH), features(samples * np.float32(0.01), RESEARCH)
    assert loud.min() == 0 and loud.max() == 1
    assert np.abs(loud - quiet).max() < 1e-3


def test_a_level_makes_log_compression_deaf_to_gain() -> None:
    levelled = FrontEnd(16000, 512, 256, 96, "log-compression", rms_dbfs=-14.0)
    samples = noise(2.0, 16000, channels=1)[0]
    loud, quiet = features(samples, levelled), features(samples * np.float32(0.01), levelled)
    assert np.abs(loud - quiet).max() < 1e-3
    assert np.abs(features(samples, LOG) - features(samples * np.float32(0.01), LOG)).max() > 0.1


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100])
@pytest.mark.parametrize("n_fft", [512, 2048])
@pytest.mark.parametrize("n_mels", [40, 96, 128])
def test_mel_filters_are_those_of_librosa(rate_hz: int, n_fft: int, n_mels: int) -> None:
    # Some filters are narrower than a bin of the spectrum, and empty in both.
    wanted = librosa.filters.mel(sr=rate_hz, n_fft=n_fft, n_mels=n_mels).T
    ours = mel_filters(FrontEnd(rate_hz, n_fft, 256, n_mels, "log-compression"))
    assert ours.dtype == np.float32
    assert np.abs(ours - wanted).max() < 1e-6 * wanted.max()


@FRONT_ENDS
def test_everything_stays_in_single_precision(front_end: FrontEnd) -> None:
    samples = noise(1.0, front_end.rate_hz, channels=1)[0]
    assert mel_power(samples, front_end).dtype == np.float32
    assert scale_to_level(samples, -20.0).dtype == np.float32
    assert features(samples, front_end).dtype == np.float32


@FRONT_ENDS
@pytest.mark.parametrize("sample", [1.0, -0.5, 1e-6, 0.0])
def test_a_single_sample_has_features_too(front_end: FrontEnd, sample: float) -> None:
    seen = features(np.array([sample], np.float32), front_end)
    assert seen.shape == (1, front_end.n_mels)
    assert np.isfinite(seen).all()


@pytest.mark.parametrize("level_dbfs", [-40.0, -20.0, -6.0])
@pytest.mark.parametrize("gain", [1e-4, 1.0, 100.0])
def test_a_waveform_comes_to_the_level_asked_for(level_dbfs: float, gain: float) -> None:
    samples = scale_to_level(noise(1.0, 16000, channels=1)[0] * np.float32(gain), level_dbfs)
    assert 20 * np.log10(np.sqrt(np.mean(samples**2))) == pytest.approx(level_dbfs, abs=1e-3)


@pytest.mark.parametrize("faint", [0.0, 1e-45, 1e-40, 1e-30])
def test_what_is_nearly_nothing_never_becomes_what_is_not_a_number(faint: float) -> None:
    samples = np.full(4096, faint, np.float32)
    assert np.isfinite(scale_to_level(samples, -14.0)).all()


SOUNDS = st.tuples(st.integers(1, 3000), st.floats(1e-6, 1e6), st.integers(0, 99)).map(
    lambda made: np.random.default_rng(made[2]).normal(0, made[1], made[0]).astype(np.float32)
)


@given(samples=SOUNDS)
def test_research_features_lie_in_0_to_1(samples: np.ndarray) -> None:
    seen = features(samples, RESEARCH)
    assert seen.shape == (1 + len(samples) // RESEARCH.hop, RESEARCH.n_mels)
    assert seen.min() >= 0.0
    assert seen.max() <= 1.0


@given(samples=SOUNDS)
def test_compressed_features_are_never_negative(samples: np.ndarray) -> None:
    seen = features(samples, LOG)
    assert np.isfinite(seen).all()
    assert seen.min() >= 0.0


def test_more_power_never_gives_less_after_compression() -> None:
    samples = noise(1.0, 16000, channels=1)[0]
    assert (features(samples * np.float32(2), LOG) >= features(samples, LOG)).all()


@FRONT_ENDS
def test_a_frequency_lies_where_its_band_does(front_end: FrontEnd) -> None:
    filters = mel_filters(front_end)
    step_hz = front_end.rate_hz / front_end.n_fft
    for band in range(front_end.n_mels // 2, front_end.n_mels):
        peak_hz = filters[:, band].argmax() * step_hz
        low, high = (hz_to_band(peak_hz + side * step_hz, front_end) for side in (-1, 1))
        assert low <= band + 0.5 <= high
    assert hz_to_band(front_end.rate_hz / 2, front_end) == pytest.approx(front_end.n_mels + 0.5)
