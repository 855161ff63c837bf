import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import toy_model
from onnx.external_data_helper import convert_model_to_external_data

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import METADATA_KEY
from genretag.errors import Code, RunError, UsageError
from genretag.inference.session import BATCH, devices, load


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return toy_model.save(tmp_path / "toy.onnx")


def windows(count: int, frames: int = 50) -> np.ndarray:
    shape = (count, frames, toy_model.MANIFEST.front_end.n_mels)
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def refused(path: Path) -> str:
    with pytest.raises(RunError) as caught:
        load(path)
    assert caught.value.code is Code.MODEL_INVALID
    return caught.value.message


def test_scores_are_the_softmax_of_logits_over_temperature(tmp_path: Path) -> None:
    mels = windows(3)
    thirds = mels.mean(axis=1).reshape(3, 3, -1).sum(axis=2) * 0.75
    for temperature in (0.5, 1.0, 4.0):
        manifest = replace(toy_model.MANIFEST, temperature=temperature)
        scores = load(toy_model.save(tmp_path / "m.onnx", manifest)).score(mels)
        powers = np.exp(thirds / temperature)
        assert np.allclose(scores, powers / powers.sum(axis=1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1, 3 * BATCH + 5])
def test_any_number_of_windows_of_any_length_is_scored(toy: Path, count: int) -> None:
    for frames in (1, 50, 333):
        scores = load(toy).score(windows(count, frames))
        assert scores.shape == (count, 3) and scores.dtype == np.float32
        assert np.allclose(scores.sum(axis=1), 1, atol=1e-6)


def test_the_identity_says_which_bytes_run(toy: Path) -> None:
    digest = hashlib.sha256(toy.read_bytes()).hexdigest()
    assert load(toy).identity == f"toy@{digest[:12]}"


def test_what_is_no_model_is_refused_by_name(toy: Path, tmp_path: Path) -> None:
    data = toy.read_bytes()
    for content in (b"", b"nonsense", data[: len(data) // 2], b"\0" * 1000):
        broken = tmp_path / "broken.onnx"
        broken.write_bytes(content)
        assert "broken.onnx" in refused(broken)


def changed(toy: Path, change) -> Path:
    model = onnx.load(toy)
    change(model)
    onnx.save(model, toy)
    return toy


def test_a_model_without_a_manifest_is_refused(toy: Path) -> None:
    assert "no genretag manifest" in refused(changed(toy, lambda m: m.ClearField("metadata_props")))


def test_an_unknown_schema_is_refused(toy: Path) -> None:
    def newer(model: onnx.ModelProto) -> None:
        text = toy_model.MANIFEST.to_json().replace('"schema": 1', '"schema": 2')
        onnx.helper.set_model_props(model, {METADATA_KEY: text})

    with pytest.raises(RunError, match="schema 2"):
        load(changed(toy, newer))


@pytest.mark.parametrize("name", ["mel", "logits"])
def test_other_inputs_and_outputs_are_refused(toy: Path, name: str) -> None:
    def renamed(model: onnx.ModelProto) -> None:
        for value in (*model.graph.input, *model.graph.output):
            value.name = value.name.replace(name, "other")
        for node in model.graph.node:
            node.input[:] = [text.replace(name, "other") for text in node.input]
            node.output[:] = [text.replace(name, "other") for text in node.output]

    refused(changed(toy, renamed))


def test_a_manifest_for_another_number_of_genres_is_refused(toy: Path) -> None:
    manifest = replace(toy_model.MANIFEST, genres=GenreVocabulary(("A", "B", "C", "D")))
    text = {METADATA_KEY: manifest.to_json()}
    message = refused(changed(toy, lambda model: onnx.helper.set_model_props(model, text)))
    assert "3 scores for 4 genres" in message


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "absolute"])
def test_weights_outside_the_file_are_refused_wherever_they_are(
    toy: Path, tmp_path: Path, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = onnx.load(toy)
    weights = model.graph.initializer[0].raw_data
    convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    folder = tmp_path / "folder"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "weights.bin").write_bytes(weights)
    if location == "absolute":
        location = str(tmp_path / "weights.bin")
    tensor = model.graph.initializer[0]
    tensor.external_data[0].value = location
    tensor.ClearField("raw_data")
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    monkeypatch.chdir(folder)
    refused(folder / "model.onnx")
    refused(Path("model.onnx"))


def test_a_missing_file_is_an_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "gone.onnx")
    assert caught.value.code is Code.UNKNOWN_MODEL


def test_a_device_that_is_not_there_is_refused_with_those_that_are(toy: Path) -> None:
    assert "cpu" in devices()
    assert load(toy, "auto").device == devices()[0]
    missing = next(device for device in ("dml", "coreml", "cuda") if device not in devices())
    with pytest.raises(UsageError, match="cpu") as caught:
        load(toy, missing)
    assert caught.value.code is Code.NO_DEVICE
