import os
from collections.abc import Callable
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
from audio_files import RECIPES, encode, garbage, noise, tone, truncated, write_tone

from genretag.audio import audio_digest
from genretag.audio.decode import read_duration_s, read_excerpts
from genretag.domain.window import Excerpt, Waveform
from genretag.errors import Code, FileError

RATE_HZ = 22050
LOSSLESS = ("FLAC", "WAV", "AIFF", "WavPack", "TTA", "MP4 ALAC", "Ogg FLAC")


def at(*starts_s: float, length_s: float = 1.0) -> Callable[[float], list[Excerpt]]:
    return lambda _: [Excerpt(start_s, length_s) for start_s in starts_s]


def whole(path: Path, rate_hz: int = RATE_HZ) -> Waveform:
    (heard,) = read_excerpts(path, rate_hz, lambda length_s: [Excerpt(0.0, length_s)])
    return heard


def pitch_hz(samples: np.ndarray, rate_hz: int = RATE_HZ) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate_hz / len(samples))


def stairs(seconds: int, rate: int) -> np.ndarray:
    """A tone that is 100 Hz higher in each second: it tells where in a file a second is."""
    steps = [tone(1.0, rate, 300.0 + 100.0 * second, channels=2) for second in range(seconds)]
    return np.concatenate(steps, axis=1)


@pytest.mark.parametrize("container", sorted(RECIPES))
def test_excerpts_are_found_where_they_are(container: str, tmp_path: Path) -> None:
    recipe = RECIPES[container]
    path = encode(tmp_path / f"a.{recipe.suffix}", stairs(20, recipe.rate), recipe)
    for heard, second in zip(
        read_excerpts(path, RATE_HZ, at(2.0, 9.0, 17.0)), (2, 9, 17), strict=True
    ):
        assert len(heard.samples) == RATE_HZ
        middle = heard.samples[RATE_HZ // 4 : -RATE_HZ // 4]
        assert pitch_hz(middle) == pytest.approx(300 + 100 * second, abs=10)


@pytest.mark.parametrize("container", LOSSLESS)
def test_a_lossless_excerpt_is_exact_to_the_sample(container: str, tmp_path: Path) -> None:
    recipe = RECIPES[container]
    signal = noise(12.0, recipe.rate)
    path = encode(tmp_path / f"a.{recipe.suffix}", signal, recipe)
    (heard,) = read_excerpts(path, recipe.rate, at(7.0))
    wanted = signal.mean(axis=0)[7 * recipe.rate : 8 * recipe.rate]
    assert len(heard.samples) == len(wanted)
    assert np.abs(heard.samples - wanted).max() < 1e-3


def pcm(path: Path, samples: np.ndarray, layout: str, rate: int, codec: str = "pcm_f32le") -> Path:
    with av.open(str(path), "w", format="wav") as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        kind = {"pcm_u8": "u8", "pcm_s16le": "s16", "pcm_s32le": "s32", "pcm_f64le": "dbl"}
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T).reshape(1, -1),
            format=kind.get(codec, "flt"),
            layout=layout,
        )
        frame.rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    return path


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_every_channel_counts_equally(layout: str, tmp_path: Path) -> None:
    channels = len(av.AudioLayout(layout).channels)
    for channel in range(channels):
        samples = np.zeros((channels, 8000), np.float32)
        samples[channel] = tone(1.0, 8000, channels=1)[0]
        heard = whole(pcm(tmp_path / "a.wav", samples, layout, 8000), 8000)
        assert np.abs(heard.samples - samples[channel] / channels).max() < 1e-4


@pytest.mark.parametrize("rate", [8000, 11025, 32000, 44100, 48000, 96000, 192000])
def test_any_rate_becomes_the_models(rate: int, tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav", seconds=2.0, rate=rate, hz=440.0)
    heard = whole(path)
    assert heard.rate_hz == RATE_HZ
    assert len(heard.samples) == pytest.approx(2 * RATE_HZ, abs=40)
    assert pitch_hz(heard.samples) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("codec", "full_scale", "kind"),
    [("pcm_u8", 127, np.uint8), ("pcm_s16le", 32767, np.int16),
     ("pcm_s32le", 2**31 - 129, np.int32), ("pcm_f32le", 1, np.float32),
     ("pcm_f64le", 1, np.float64)],
)  # fmt: skip
def test_full_scale_is_one_in_any_sample_format(codec, full_scale, kind, tmp_path: Path) -> None:
    wave = tone(1.0, 8000, channels=1) * full_scale + (128 if kind is np.uint8 else 0)
    heard = whole(pcm(tmp_path / "a.wav", wave.astype(kind), "mono", 8000, codec), 8000)
    assert np.abs(heard.samples - tone(1.0, 8000, channels=1)[0]).max() < 0.02


def test_what_is_not_a_number_becomes_silence(tmp_path: Path) -> None:
    samples = np.full((1, 8000), np.nan, np.float32)
    samples[0, 4000:] = np.inf
    heard = whole(pcm(tmp_path / "a.wav", samples, "mono", 8000), 8000)
    assert np.isfinite(heard.samples).all()


def test_one_sample_is_heard(tmp_path: Path) -> None:
    path = pcm(tmp_path / "a.wav", np.full((1, 1), 0.5, np.float32), "mono", 8000)
    assert whole(path, 8000).samples == pytest.approx([0.5])


@pytest.mark.parametrize("container", sorted(RECIPES))
def test_a_truncated_file_gives_what_is_there_or_says_why_not(container, tmp_path: Path) -> None:
    recipe = RECIPES[container]
    path = encode(tmp_path / f"a.{recipe.suffix}", noise(20.0, recipe.rate), recipe)
    truncated(path, 0.5)
    try:
        heard = list(read_excerpts(path, RATE_HZ, lambda length_s: [
            Excerpt(length_s * share, 1.0) for share in (0.1, 0.5, 0.9)
        ]))  # fmt: skip
    except FileError as error:
        assert error.code in (Code.NOT_AUDIO, Code.UNDECODABLE)
        assert path.name in error.message
    else:
        assert heard and all(np.isfinite(w.samples).all() and len(w.samples) for w in heard)


def test_a_header_that_promises_too_much_is_seen_through(tmp_path: Path) -> None:
    path = truncated(write_tone(tmp_path / "a.wav", seconds=60.0), 0.2)
    asked: list[float] = []

    def plan(length_s: float) -> list[Excerpt]:
        asked.append(length_s)
        return [Excerpt(length_s / 2, 1.0)]

    heard = list(read_excerpts(path, RATE_HZ, plan))
    assert asked[-1] == pytest.approx(12.0, abs=0.1)
    assert len(heard) == 1 and len(heard[0].samples) == RATE_HZ


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500), b"\x89PNG\r\n\x1a\n" + bytes(99),
     b"just some text\n" * 50],
)  # fmt: skip
def test_what_is_not_audio_is_told_so_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        list(read_excerpts(path, RATE_HZ, at(0.0)))
    assert caught.value.code is Code.NOT_AUDIO and "a.mp3" in caught.value.message


def test_garbage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        list(read_excerpts(garbage(tmp_path / "a.mp3"), RATE_HZ, at(0.0)))


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_duration_s(tmp_path / "gone.mp3")
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    "name",
    ["a:b.wav", "-a.wav", "new\nline.wav", "http:__x.wav", "%41.wav", b"\xff\xfe.wav", "🎵.wav"],
)
def test_odd_names_open(name: str | bytes, tmp_path: Path) -> None:
    source = write_tone(tmp_path / "source.wav", seconds=1.0)
    path = tmp_path / os.fsdecode(name)
    source.rename(path)
    assert read_duration_s(path) == pytest.approx(1.0, abs=0.01)


def test_cover_art_and_video_are_not_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        picture = out.add_stream("mpeg4", rate=5)
        picture.width = picture.height = 64
        sound = out.add_stream("aac", rate=44100, layout="mono")
        for _ in range(10):
            still = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            out.mux(picture.encode(still))
        frame = av.AudioFrame.from_ndarray(tone(2.0, 44100, 880.0, 1), format="fltp", layout="mono")
        frame.rate = 44100
        for stream, last in ((sound, frame), (sound, None), (picture, None)):
            out.mux(stream.encode(last))
    heard = whole(path)
    assert pitch_hz(heard.samples) == pytest.approx(880, abs=5)


def test_tags_that_are_not_utf8_do_not_stop_a_decode(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.flac")
    tagged = mutagen.File(path)
    tagged["title"] = "ÄÄ"
    tagged.save()
    path.write_bytes(path.read_bytes().replace("ÄÄ".encode(), b"\xff\xfe\xfd\xfc"))
    assert len(whole(path).samples) > 0


def test_the_digest_of_sound_ignores_tags_and_sees_sound(tmp_path: Path) -> None:
    one = write_tone(tmp_path / "one.flac", hz=440.0)
    two = write_tone(tmp_path / "two.flac", hz=441.0)
    same = tmp_path / "same.flac"
    same.write_bytes(one.read_bytes())
    assert audio_digest.digest(one) == audio_digest.digest(same) != audio_digest.digest(two)
    assert audio_digest.digest(garbage(tmp_path / "no.flac")) is None
