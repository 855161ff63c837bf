"""A track window by window, heard by a model that tells low, middle and high sounds apart."""

from pathlib import Path

import numpy as np
import pytest
import toy_model
from audio_files import RECIPES, encode, garbage, tone, write_tone

from genretag.domain.occlusion import OCCLUSIONS
from genretag.errors import FileError
from genretag.inference.session import Model, load
from genretag.pipeline.score import predict
from genretag.pipeline.windows import effects, timeline

LOW, HIGH = toy_model.LOW_HZ, toy_model.HIGH_HZ


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(toy_model.save(tmp_path_factory.mktemp("model") / "toy.onnx"))


def song(path: Path, *seconds: tuple[float, float]) -> Path:
    """A tone after the other; one of 0 Hz is silence."""
    parts = [tone(length, hz=hz) * (hz > 0) for hz, length in seconds]
    return encode(path, np.concatenate(parts, axis=1), RECIPES["FLAC"])


@pytest.mark.parametrize("coverage", ["fast", "balanced", "full"])
def test_a_timeline_comes_to_what_scan_hears(tmp_path: Path, model: Model, coverage: str) -> None:
    path = song(tmp_path / "a.flac", (LOW, 4.0), (0.0, 2.0), (HIGH, 5.5))
    found = timeline(path, model, coverage)
    heard = predict(path, model, coverage)
    assert found.prediction == heard
    assert np.array_equal(found.prediction.embedding, heard.embedding)
    assert len(found.excerpts) == len(found.scores) == len(found.mels) == heard.windows
    assert np.allclose(found.scores.mean(axis=0).max(), heard.genres[0].score)


def test_windows_stand_where_they_were_heard(tmp_path: Path, model: Model) -> None:
    path = song(tmp_path / "a.flac", (LOW, 4.0), (0.0, 2.0), (HIGH, 4.0))
    found = timeline(path, model, "full")
    assert [round(excerpt.start_s) for excerpt in found.excerpts] == [0, 2, 6, 8]
    assert [round(excerpt.start_s) for excerpt in found.silent] == [4]
    best = [found.genres[column] for column in found.scores.argmax(axis=1)]
    assert best == ["Low", "Low", "High", "High"]


def test_silence_has_no_windows(tmp_path: Path, model: Model) -> None:
    path = song(tmp_path / "a.flac", (0.0, 5.0))
    found = timeline(path, model, "balanced")
    assert not found.excerpts and len(found.silent) == 2 and not found.prediction.genres
    assert effects(path, model, "balanced", "Low", OCCLUSIONS["time"]) == []


def test_a_second_speaks_for_what_is_heard_in_it_and_against_the_rest(
    tmp_path: Path, model: Model
) -> None:
    path = song(tmp_path / "a.flac", (LOW, 1.0), (HIGH, 1.0))
    [[first, second]] = effects(path, model, "full", "Low", OCCLUSIONS["time"])
    assert first.worth > 0.05 and second.worth < -0.05
    [[for_high, _]] = effects(path, model, "full", "High", OCCLUSIONS["time"])
    assert for_high.worth < 0


def test_the_octave_of_a_tone_speaks_for_it(tmp_path: Path, model: Model) -> None:
    path = write_tone(tmp_path / "a.flac", seconds=4.5, hz=HIGH)
    found = effects(path, model, "full", "High", OCCLUSIONS["bands"])
    assert len(found) == 3
    for window in found:
        best = max(window, key=lambda effect: effect.worth)
        assert best.part.band and best.part.band.low_hz <= HIGH <= best.part.band.high_hz
        assert best.worth > 0.1


def test_what_cannot_be_heard_is_refused(tmp_path: Path, model: Model) -> None:
    path = garbage(tmp_path / "a.mp3")
    with pytest.raises(FileError):
        timeline(path, model, "balanced")
    with pytest.raises(FileError):
        effects(path, model, "balanced", "Low", OCCLUSIONS["time"])
