"""The front ends of other people's models are Essentia's, to a thousandth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recordings import record
from toy_model import MANIFEST

from genretag.audio.mel import features, mel_filters
from genretag.domain.front_end import FRONT_ENDS, FrontEnd
from genretag.domain.window import Waveform, WindowSpec
from genretag.pipeline.extract import FeatureExtractor

patches = pytest.importorskip("essentia_patches", reason="needs the package essentia")
CLOSE, RATE, SOUNDS = patches.CLOSE, patches.RATE, patches.SOUNDS

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"
NAMES = pytest.mark.parametrize("name", patches.INPUTS)
ALGORITHMS = pytest.mark.parametrize("algorithm", patches.PATCHES)


def differ(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max())


def exact(samples: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """The same features in double precision."""
    length = front_end.frame_samples
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / (length - 1))
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: front_end.hop]
    spectrum = np.abs(np.fft.rfft(frames.astype(np.float64) * hann, front_end.n_fft))
    mels = spectrum**front_end.power @ mel_filters(front_end).astype(np.float64)
    return np.log10(1 + 10000 * mels) if front_end.power == 2 else np.log(mels + 0.01)


@NAMES
def test_the_filters_are_those_of_essentia_but_for_rounding(name: str) -> None:
    ours, theirs = mel_filters(FRONT_ENDS[name]), patches.compute_filters(name)
    assert differ(ours, theirs) < 1e-5 * ours.max()


@NAMES
@pytest.mark.parametrize("sound", SOUNDS)
def test_all_frames_of_a_sound_are_those_of_essentia(name: str, sound: str) -> None:
    ours = features(patches.pad(SOUNDS[sound], name), FRONT_ENDS[name])
    assert differ(ours, patches.compute(SOUNDS[sound], name)[0]) < CLOSE
    assert differ(ours, patches.compute_frames(SOUNDS[sound], name)) < CLOSE


@NAMES
def test_essentia_pads_frames_twice_that_start_before_a_sound_below_100_db(name: str) -> None:
    front_end = FRONT_ENDS[name]
    half, hop = front_end.frame_samples // 2, front_end.hop
    theirs, _ = patches.compute(patches.FAINT, name)
    ours = features(patches.pad(patches.FAINT, name), front_end)
    before = patches.count_padded(name)
    assert differ(ours[before:], theirs[before:]) < CLOSE
    for index in range(before):
        twice = np.pad(patches.FAINT, (2 * (half - index * hop), 0))[: front_end.frame_samples]
        assert differ(features(twice, front_end)[0], theirs[index]) < CLOSE


@pytest.mark.real
@pytest.mark.skipif(not CLIPS.exists(), reason="needs ../shared/data")
@NAMES
def test_all_frames_of_real_clips_are_those_of_essentia(name: str) -> None:
    front_end = FRONT_ENDS[name]
    for clip in sorted(CLIPS.iterdir())[::60]:
        samples = patches.decode(clip)
        padded = patches.pad(samples, name)
        ours = features(padded, front_end)
        assert differ(ours, patches.compute_frames(samples, name)) < CLOSE
        assert differ(ours, exact(padded, front_end)) < CLOSE / 3


@pytest.mark.parametrize("sound", SOUNDS)
def test_maest_gets_the_mels_of_musicnn_shifted_and_scaled(sound: str) -> None:
    theirs, _ = patches.compute(SOUNDS[sound], "musicnn")
    scaled = (theirs - 2.06755686098554) / (2 * 1.268292820667291)
    assert (
        differ(features(patches.pad(SOUNDS[sound], "maest"), FRONT_ENDS["maest"]), scaled) < CLOSE
    )


@pytest.mark.parametrize(
    ("n_frames", "seconds"), [(1876, 30), (1258, 20), (626, 10), (316, 5)], ids=lambda n: f"{n}"
)
def test_a_patch_of_maest_lasts_what_it_is_called_after(n_frames: int, seconds: int) -> None:
    n_samples = FRONT_ENDS["maest"].count_samples(n_frames)
    assert n_samples / RATE == pytest.approx(seconds, abs=0.15)


@ALGORITHMS
@pytest.mark.parametrize("sound", ["noise", "sweep", "odd length"])
def test_a_window_from_where_a_patch_starts_is_that_patch(algorithm: str, sound: str) -> None:
    name, n_frames, patch_hop = patches.PATCHES[algorithm]
    front_end = FRONT_ENDS[name]
    frames, theirs = patches.compute(SOUNDS[sound], name, n_frames, patch_hop)
    assert len(theirs) == 1 + (len(frames) - n_frames) // patch_hop
    # The first patch starts with zeros, as its first frame has the first sample in its middle.
    padded = patches.pad(SOUNDS[sound], name)
    n_samples = front_end.count_samples(n_frames)
    for index, patch in enumerate(theirs):
        start = index * patch_hop * front_end.hop
        assert differ(features(padded[start : start + n_samples], front_end), patch) < CLOSE


@ALGORITHMS
def test_a_last_patch_that_is_not_full_starts_with_the_same_frames(algorithm: str) -> None:
    name, n_frames, patch_hop = patches.PATCHES[algorithm]
    frames, theirs = patches.compute(SOUNDS["noise"], name, n_frames, patch_hop, "repeat")
    rest = len(frames) - (len(theirs) - 1) * patch_hop
    assert 0 < rest < n_frames
    ours = features(patches.pad(SOUNDS["noise"], name), FRONT_ENDS[name])[-rest:]
    assert differ(np.resize(ours, theirs[-1].shape), theirs[-1]) < CLOSE


@ALGORITHMS
def test_windows_of_a_file_have_the_frames_that_essentia_has_there(
    tmp_path: Path, algorithm: str
) -> None:
    name, n_frames, _ = patches.PATCHES[algorithm]
    front_end = FRONT_ENDS[name]
    n_samples = front_end.count_samples(n_frames)
    length_s = n_samples / RATE
    manifest = replace(MANIFEST, front_end=front_end, window=WindowSpec(length_s))
    sound = np.tile(SOUNDS["noise"], 3)[: round(3.4 * n_samples)][None]
    file = record(tmp_path / "sound.wav", sound, "pcm_f32le", "wav", "flt", RATE)
    extractor = FeatureExtractor(manifest, "full")
    waveforms = list(extractor.waveforms(file))
    assert len(waveforms) == 4
    for waveform in waveforms:
        start = round(waveform.start_s * RATE)
        theirs, _ = patches.compute(sound[0, start : start + n_samples], name, from_zero=True)
        assert len(theirs) == n_frames
        assert differ(extractor.window(waveform), theirs) < CLOSE
    assert waveforms[-1].excerpt.end_s == pytest.approx(extractor.duration_s, abs=1 / RATE)


@ALGORITHMS
def test_a_sound_shorter_than_a_patch_is_repeated_where_essentia_has_none(algorithm: str) -> None:
    name, n_frames, patch_hop = patches.PATCHES[algorithm]
    front_end = FRONT_ENDS[name]
    short = SOUNDS["noise"][: front_end.count_samples(n_frames // 2)]
    _, none = patches.compute(short, name, n_frames, patch_hop)
    assert not len(none)
    fitted = Waveform(short, RATE).fit(front_end.count_samples(n_frames))
    ours = features(fitted, front_end)
    theirs, _ = patches.compute(short, name, from_zero=True)
    assert ours.shape == (n_frames, front_end.n_mels)
    assert differ(ours[: n_frames // 2], theirs[: n_frames // 2]) < CLOSE
