"""Every codec, container, rate and layout comes out as the sound that went in."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from audio_files import Signal, noise, tone
from recordings import record, stored, wav

from genretag.audio.decode import read_duration_s, read_excerpts
from genretag.audio.mel import features
from genretag.domain.front_end import FrontEnd
from genretag.domain.window import Excerpt, Waveform
from genretag.errors import Code, FileError

RATE_HZ = 22050


class Kind(NamedTuple):
    """A codec in a container, as FFmpeg writes it."""

    codec: str
    muxer: str
    format: str = "s16"
    rate: int = 44100
    channels: int = 2

    def write(self, folder: Path, signal: Signal) -> Path:
        path = folder / f"sound.{self.muxer}"
        return record(path, signal, self.codec, self.muxer, self.format, self.rate, b="128000")


KINDS = [
    Kind("aac", "3gp", "fltp"), Kind("aac", "flv", "fltp"), Kind("aac", "latm", "fltp"),
    Kind("aac", "matroska", "fltp"), Kind("aac", "mpegts", "fltp"), Kind("ac3", "ac3", "fltp"),
    Kind("ac3", "ac3", "fltp", 48000, 6), Kind("ac3", "mp4", "fltp"), Kind("ac3", "rm", "fltp"),
    Kind("ac3", "vob", "fltp", 48000), Kind("adpcm_adx", "adx"),
    Kind("adpcm_ima_qt", "mov", "s16p"), Kind("adpcm_ima_wav", "wav", "s16p"),
    Kind("adpcm_ms", "wav"), Kind("adpcm_swf", "flv"), Kind("alac", "caf", "s16p"),
    Kind("alac", "mov", "s16p"), Kind("eac3", "eac3", "fltp"), Kind("flac", "mp4"),
    Kind("g722", "wav", "s16", 16000, 1), Kind("libmp3lame", "avi", "s16p"),
    Kind("libmp3lame", "flv", "s16p"), Kind("libmp3lame", "mp3", "fltp", 8000, 1),
    Kind("libmp3lame", "mp4", "s16p"), Kind("libopencore_amrnb", "amr", "s16", 8000, 1),
    Kind("libopus", "matroska", "flt", 48000), Kind("libopus", "mp4", "flt", 48000),
    Kind("libopus", "opus", "flt", 48000, 6), Kind("mp2", "mpeg"), Kind("mp2", "mpegts"),
    Kind("nellymoser", "flv", "flt", 22050, 1), Kind("pcm_alaw", "aiff"),
    Kind("pcm_mulaw", "wav", "s16", 8000, 1), Kind("pcm_s16be", "au"), Kind("pcm_s16be", "mov"),
    Kind("pcm_s16le", "avi"), Kind("pcm_s16le", "w64"), Kind("pcm_s24le", "caf", "s32"),
    Kind("pcm_u8", "voc", "u8", 25000, 1), Kind("sbc", "sbc"), Kind("tta", "matroska"),
    Kind("vorbis", "nut", "fltp"), Kind("vorbis", "webm", "fltp"),
    Kind("wavpack", "matroska", "s16p"), Kind("wmav1", "asf", "fltp"),
]  # fmt: skip


def stairs(seconds: int, rate: int, channels: int) -> Signal:
    """A tone that is 100 Hz higher in each second: it tells where in a file a second is."""
    steps = [tone(1.0, rate, 300.0 + 100.0 * second, channels) for second in range(seconds)]
    return np.concatenate(steps, axis=1) * np.float32(0.9)


def pitch_hz(heard: Waveform) -> float:
    middle = heard.samples[len(heard.samples) // 4 : -len(heard.samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(spectrum.argmax() * heard.rate_hz / len(middle))


def seconds_of(path: Path, *starts_s: float, rate_hz: int = RATE_HZ) -> list[Waveform]:
    return list(
        read_excerpts(path, rate_hz, lambda _: [Excerpt(start_s, 1.0) for start_s in starts_s])
    )


def whole(path: Path, rate_hz: int) -> np.ndarray:
    (heard,) = read_excerpts(path, rate_hz, lambda length_s: [Excerpt(0.0, length_s)])
    return heard.samples


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.codec}-{kind.muxer}")
def test_any_codec_in_any_container_is_heard_where_it_sounds(kind: Kind, tmp_path: Path) -> None:
    path = kind.write(tmp_path, stairs(12, kind.rate, kind.channels))
    assert read_duration_s(path) == pytest.approx(12, abs=0.5)
    heard = seconds_of(path, 1.0, 5.0, 9.0)
    assert [len(waveform.samples) for waveform in heard] == [RATE_HZ] * 3
    assert [pitch_hz(waveform) for waveform in heard] == pytest.approx([400, 800, 1200], abs=12)


EXACT = [
    Kind("flac", "flac", "s16"), Kind("flac", "flac", "s32"), Kind("alac", "ipod", "s32p"),
    Kind("tta", "tta", "u8"), Kind("tta", "tta", "s32"), Kind("wavpack", "wv", "fltp"),
    Kind("wavpack", "wv", "s32p"), Kind("pcm_u8", "wav", "u8"), Kind("pcm_s24le", "wav", "s32"),
    Kind("pcm_s32le", "wav", "s32"), Kind("pcm_f32le", "wav", "flt"),
    Kind("pcm_f64le", "wav", "dbl"), Kind("pcm_s24be", "aiff", "s32"),
    Kind("pcm_f32be", "aiff", "flt"), Kind("pcm_f32le", "w64", "flt"), Kind("pcm_s16be", "au"),
    Kind("flac", "flac", "s16", 192_000), Kind("flac", "flac", "s16", 8000, 1),
    Kind("flac", "flac", "s16", 48000, 6),
]  # fmt: skip


@pytest.mark.parametrize(
    "kind", EXACT, ids=lambda kind: "-".join(str(part) for part in kind if part)
)
def test_lossless_sound_comes_back_exactly_from_any_place(kind: Kind, tmp_path: Path) -> None:
    signal = noise(5.0, kind.rate, kind.channels)
    path = kind.write(tmp_path, signal)
    wanted = signal.astype(np.float64).mean(axis=0)
    step = 1 / 64 if kind.format == "u8" else 1e-4
    for start_s in (0.0, 1.2345, 3.0, 3.9999):
        (heard,) = seconds_of(path, start_s, rate_hz=kind.rate)
        first = round(start_s * kind.rate)
        assert heard.samples.dtype == np.float32
        assert heard.start_s == pytest.approx(start_s, abs=1e-6)
        assert np.abs(heard.samples - wanted[first : first + kind.rate]).max() < step


@pytest.mark.parametrize(
    ("codec", "muxer", "kind", "rate"),
    [("flac", "flac", "s16", 44100), ("ac3", "ac3", "fltp", 48000), ("aac", "ipod", "fltp", 44100),
     ("libopus", "opus", "flt", 48000), ("pcm_s16le", "matroska", "s16", 44100)],
)  # fmt: skip
def test_one_of_six_channels_comes_out_at_a_sixth(
    codec: str, muxer: str, kind: str, rate: int, tmp_path: Path
) -> None:
    # The channel for low sounds is left out: codecs cut its highs.
    for channel in (0, 1, 2, 4, 5):
        signal = np.zeros((6, rate), np.float32)
        signal[channel] = tone(1.0, rate, 440.0, channels=1)[0]
        path = record(tmp_path / "a", signal, codec, muxer, kind, rate, b="384000")
        level = np.sqrt(np.mean(np.square(whole(path, rate)[rate // 4 : rate * 3 // 4])))
        assert level == pytest.approx(0.5 / np.sqrt(2) / 6, rel=0.12)


def test_what_is_left_against_right_cancels_out(tmp_path: Path) -> None:
    left = noise(1.0, channels=1)[0]
    path = record(tmp_path / "a.flac", np.stack([left, -left]), "flac", "flac")
    assert np.abs(whole(path, 44100)).max() < 1e-4


def test_a_mono_file_and_its_stereo_copy_sound_alike(tmp_path: Path) -> None:
    mono = noise(1.0, channels=1)
    one = record(tmp_path / "1.wav", mono, "pcm_s16le", "wav")
    two = record(tmp_path / "2.wav", np.repeat(mono, 2, axis=0), "pcm_s16le", "wav")
    assert np.array_equal(whole(one, RATE_HZ), whole(two, RATE_HZ))


@pytest.mark.parametrize("channels", [3, 5, 7, 9, 11, 16, 24, 64])
def test_channels_without_names_count_equally_too(channels: int, tmp_path: Path) -> None:
    for channel in (0, channels // 2, channels - 1):
        signal = np.zeros((channels, 800), np.float32)
        signal[channel] = tone(0.1, 8000, channels=1)[0]
        data = stored(signal, "s16").T.tobytes()
        heard = whole(wav(tmp_path / "a.wav", data, channels=channels), 8000)
        assert np.abs(heard - signal[channel] / channels).max() < 1e-4


def test_more_channels_than_can_be_mixed_is_an_error_about_the_file(tmp_path: Path) -> None:
    path = wav(tmp_path / "choir.wav", bytes(200 * 800), channels=100)
    with pytest.raises(FileError) as caught:
        whole(path, RATE_HZ)
    assert caught.value.code is Code.UNDECODABLE
    assert "choir.wav" in caught.value.message


@pytest.mark.parametrize("rate", [50, 4000, 352_800, 768_000, 3_000_000])
def test_odd_rates_become_the_models(rate: int, tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.full(rate, 8192, "<i2").tobytes(), rate=rate)
    heard = whole(path, RATE_HZ)
    assert len(heard) == pytest.approx(RATE_HZ, abs=50)
    assert np.median(heard) == pytest.approx(0.25, abs=0.02)


def test_a_rate_beyond_all_sense_is_an_error_about_the_file(tmp_path: Path) -> None:
    path = wav(tmp_path / "fast.wav", bytes(2 * 80_000), rate=8_039_491)  # a prime
    with pytest.raises(FileError) as caught:
        whole(path, RATE_HZ)
    assert "fast.wav" in caught.value.message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 1e20])
@pytest.mark.parametrize("bits", [32, 64])
def test_features_are_numbers_whatever_floats_a_file_holds(
    value: float, bits: int, tmp_path: Path
) -> None:
    samples = noise(0.5, 8000, channels=1)[0].astype(f"<f{bits // 8}")
    samples[1000:1100] = value
    path = wav(tmp_path / "a.wav", samples.tobytes(), bits=bits, tag=3)
    heard = whole(path, RATE_HZ)
    assert np.isfinite(heard).all()
    for scaling in ("db-minmax", "log-compression"):
        assert np.isfinite(features(heard, FrontEnd(RATE_HZ, 2048, 512, 64, scaling))).all()


def test_what_is_not_a_number_costs_only_its_own_sound(tmp_path: Path) -> None:
    signal = tone(1.0, RATE_HZ, channels=1)[0]
    holed = signal.copy()
    holed[5000:5010] = np.nan
    path = wav(tmp_path / "a.wav", holed.astype("<f4").tobytes(), rate=RATE_HZ, bits=32, tag=3)
    heard = whole(path, RATE_HZ)
    assert not heard[5000:5010].any()
    assert np.array_equal(np.delete(heard, range(5000, 5010)), np.delete(signal, range(5000, 5010)))
