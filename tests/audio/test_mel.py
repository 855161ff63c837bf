from pathlib import Path

import librosa
import numpy as np
import pytest
from audio_files import chirp, noise, tone

from genretag.audio.decode import listen
from genretag.audio.mel import features
from genretag.domain.manifest import FrontEnd
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
        (heard,) = listen(clip, front_end.rate_hz, lambda length_s: [Excerpt(0.0, length_s)])
        ours = features(heard.samples, front_end)
        assert np.abs(ours - reference(heard.samples, front_end)).max() < 1e-4


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
