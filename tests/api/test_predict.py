"""What the API predicts is what the command line predicts."""

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import toy_model
from audio_files import RECIPES, encode, garbage, noise, tone, write_tone
from failing_model import failing_tagger

from genretag import Code, Failed, FileError, Prediction, RunError, Tagger, UsageError

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "low.flac", seconds=9, hz=toy_model.LOW_HZ)


@pytest.fixture
def silence(tmp_path: Path) -> Path:
    return encode(tmp_path / "silence.wav", 0 * tone(3), RECIPES["WAV"])


def test_the_loaded_model_describes_itself(tagger: Tagger) -> None:
    assert tagger.model.startswith("toy@")
    assert tagger.genres == toy_model.GENRES
    assert tagger.threshold == toy_model.MANIFEST.threshold
    assert tagger.device == "cpu"
    assert repr(tagger) == f"<Tagger {tagger.model} on cpu>"


@pytest.mark.parametrize("coverage", ["fast", "balanced", "full"])
def test_one_file_as_scan_shows_it(
    coverage: str, tagger: Tagger, toy: Path, song: Path, command: Command
) -> None:
    encode(song, noise(9) + tone(9, hz=toy_model.MIDDLE_HZ), RECIPES["FLAC"])
    scan = ["scan", "-n", "--format", "jsonl", "--model", toy, "--coverage", coverage]
    shown = json.loads(command(*scan, song).stdout)
    prediction = tagger.predict(song, coverage=coverage)
    assert shown["genres"] == [
        {"name": name, "score": round(score, 4)} for name, score in prediction.genres[:5]
    ]
    assert shown["path"] == str(prediction.path)
    assert shown["duration_s"] == round(prediction.duration_s, 4)
    assert (shown["windows"], shown["model"]) == (prediction.windows, prediction.model)


def test_genres_are_pairs_best_first_that_sum_to_one(tagger: Tagger, song: Path) -> None:
    genres = tagger.predict(str(song)).genres
    assert genres[0][0] == "Low"
    scores = [score for _, score in genres]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1)


def test_several_files_in_their_order_and_a_broken_one_among_them(
    tagger: Tagger, song: Path, tmp_path: Path
) -> None:
    broken = garbage(tmp_path / "broken.mp3")
    high = write_tone(tmp_path / "high.wav", seconds=5, hz=toy_model.HIGH_HZ)
    first, second, third = tagger.predict([song, str(broken), high])
    assert first == tagger.predict(song)
    assert isinstance(second, Failed)
    assert (second.path, second.error.code) == (broken, Code.NOT_AUDIO)
    assert isinstance(third, Prediction)
    assert third.genres[0][0] == "High"
    assert list(tagger.predict([])) == []


def test_files_are_decoded_when_they_are_asked_for(tagger: Tagger, song: Path) -> None:
    asked = []

    def paths() -> Iterator[Path]:
        for number in range(3):
            asked.append(number)
            yield song

    results = tagger.predict(paths())
    assert asked == []
    next(results)
    assert asked == [0]


def test_threads_share_a_tagger(tagger: Tagger, song: Path, tmp_path: Path) -> None:
    high = write_tone(tmp_path / "high.wav", seconds=5, hz=toy_model.HIGH_HZ)
    songs = [song, high] * 8
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tagger.predict, songs)) == list(tagger.predict(songs))


@pytest.mark.parametrize("name", ["predict", "embed"])
def test_a_single_file_that_cannot_be_decoded_raises(
    name: str, tagger: Tagger, tmp_path: Path
) -> None:
    for path, code in {
        garbage(tmp_path / "broken.mp3"): Code.NOT_AUDIO,
        tmp_path / "gone.mp3": Code.NOT_FOUND,
        tmp_path: Code.READ_FAILED,
    }.items():
        with pytest.raises(FileError) as error:
            getattr(tagger, name)(path)
        assert error.value.code == code
        assert str(path) in error.value.message


def test_silence_has_no_genres(tagger: Tagger, silence: Path) -> None:
    prediction = tagger.predict(silence)
    assert (prediction.genres, prediction.windows) == ((), 0)
    assert prediction.duration_s == pytest.approx(3)
    assert tagger.embed(silence).shape == (0,)


def test_an_embedding_is_one_vector_of_the_models_width(tagger: Tagger, song: Path) -> None:
    embedding = tagger.embed(song)
    assert embedding.shape == (toy_model.MANIFEST.front_end.n_mels,)
    assert embedding.dtype == np.float32
    assert np.isfinite(embedding).all()
    assert embedding.any()


def test_a_model_without_embeddings_says_so(song: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(toy_model.save(tmp_path / "other.onnx"))
    del model.graph.output[1]
    onnx.save(model, tmp_path / "other.onnx")
    plain = Tagger.load(tmp_path / "other.onnx")
    assert plain.predict(song).genres
    with pytest.raises(UsageError, match="gives no embeddings"):
        plain.embed(song)


def test_where_a_device_fails_the_cpu_goes_on_with_a_warning(
    tagger: Tagger, toy: Path, song: Path
) -> None:
    other = failing_tagger("cuda", toy)
    with pytest.warns(RuntimeWarning, match="The device cuda failed"):
        assert other.predict(song) == tagger.predict(song)
    assert other.device == "cpu"


def test_where_the_cpu_fails_too_no_other_file_is_tried(toy: Path, song: Path) -> None:
    with pytest.raises(RunError) as error:
        list(failing_tagger("cpu", toy).predict([song, song]))
    assert error.value.code == Code.MODEL_INVALID


def test_default_is_the_model_of_scan() -> None:
    assert Tagger.load().model == Tagger.load("genretag-musicnn").model


def test_what_is_not_there_is_refused(tagger: Tagger, song: Path) -> None:
    with pytest.raises(UsageError) as error:
        Tagger.load("no-such-model")
    assert error.value.code == Code.UNKNOWN_MODEL
    with pytest.raises(UsageError) as error:
        Tagger.load(device="abacus")
    assert error.value.code == Code.NO_DEVICE
    for call in (tagger.predict, tagger.embed):
        with pytest.raises(UsageError, match="no coverage 'half'") as error:
            call(song, coverage="half")
        assert error.value.code == Code.BAD_OPTION
