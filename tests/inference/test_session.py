import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import toy_model
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import convert_model_to_external_data

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import METADATA_KEY
from genretag.errors import Code, RunError, UsageError
from genretag.inference.session import BATCH, list_devices, load


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


def test_embeddings_are_of_the_same_windows_as_the_scores(toy: Path) -> None:
    mels = windows(BATCH + 3)
    scores, embeddings = load(toy).predict_with_embeddings(mels)
    assert np.array_equal(scores, load(toy).score(mels))
    assert np.allclose(embeddings, mels.mean(axis=1), atol=1e-5)


def test_a_model_that_tells_no_embedding_has_one_of_no_width(toy: Path) -> None:
    content = onnx.load(toy)
    del content.graph.output[1]
    onnx.save(content, toy)
    scores, embeddings = load(toy).predict_with_embeddings(windows(3))
    assert scores.shape == (3, 3) and embeddings.shape == (3, 0)


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
    assert "cpu" in list_devices()
    assert load(toy, "auto").device == list_devices()[0]
    missing = next(device for device in ("dml", "coreml", "cuda") if device not in list_devices())
    with pytest.raises(UsageError, match="cpu") as caught:
        load(toy, missing)
    assert caught.value.code is Code.NO_DEVICE


def built(
    path: Path,
    *nodes: onnx.NodeProto,
    mel: tuple[object, ...] = ("batch", "frames", 48),
    logits: tuple[object, ...] = ("batch", 3),
    kind: int = TensorProto.FLOAT,
) -> Path:
    """A model of these nodes, from `mel` by way of `heard` and the constant `weights`."""
    weights = numpy_helper.from_array(np.ones((48, 3), np.float32), "weights")
    minus = numpy_helper.from_array(np.array([-1], np.float32), "minus")
    graph = helper.make_graph(
        nodes,
        "built",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, mel)],
        [helper.make_tensor_value_info("logits", kind, logits)],
        [weights, minus],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: toy_model.MANIFEST.to_json()})
    path.write_bytes(model.SerializeToString())
    return path


HEAR = helper.make_node("ReduceMean", ["mel"], ["heard"], axes=[1], keepdims=0)
JUDGE = helper.make_node("MatMul", ["heard", "weights"], ["logits"])
MEASURE = helper.make_node("MatMul", ["heard", "weights"], ["measured"])


def test_a_model_for_a_fixed_number_of_windows_is_given_as_many(tmp_path: Path) -> None:
    free = load(built(tmp_path / "free.onnx", HEAR, JUDGE))
    for batch in (1, 2, 64):
        mel = (batch, "frames", 48)
        fixed = load(built(tmp_path / f"{batch}.onnx", HEAR, JUDGE, mel=mel))
        assert fixed.fixed_batch == batch and free.fixed_batch is None
        assert np.allclose(fixed.score(windows(5)), free.score(windows(5)), atol=1e-6)


def test_a_model_for_too_many_windows_at_once_is_refused(tmp_path: Path) -> None:
    assert "window" in refused(built(tmp_path / "m.onnx", HEAR, JUDGE, mel=(2**30, "frames", 48)))


def test_a_model_for_windows_of_another_length_is_refused(tmp_path: Path) -> None:
    assert "window" in refused(built(tmp_path / "m.onnx", HEAR, JUDGE, mel=("batch", 50, 48)))


def test_a_model_for_another_number_of_mels_is_refused(toy: Path) -> None:
    front_end = replace(toy_model.MANIFEST.front_end, n_mels=96)
    text = replace(toy_model.MANIFEST, front_end=front_end).to_json()
    refused(changed(toy, lambda model: helper.set_model_props(model, {METADATA_KEY: text})))


def test_an_input_of_another_rank_is_refused(tmp_path: Path) -> None:
    hear = helper.make_node("ReduceMean", ["mel"], ["heard"], axes=[1, 2], keepdims=0)
    refused(built(tmp_path / "m.onnx", hear, JUDGE, mel=("batch", 1, "frames", 48)))


@pytest.mark.parametrize(
    ("node", "logits"),
    [
        (helper.make_node("ReduceSum", ["mel"], ["logits"], keepdims=0), ()),
        (helper.make_node("MatMul", ["mel", "weights"], ["logits"]), ("batch", "frames", 3)),
    ],
    ids=["scalar", "a row for each frame"],
)
def test_an_output_of_another_rank_is_refused_with_its_shape(
    node: onnx.NodeProto, logits: tuple[object, ...], tmp_path: Path
) -> None:
    assert "shape (" in refused(built(tmp_path / "m.onnx", node, logits=logits))


@pytest.mark.parametrize(
    "kind", [TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.STRING]
)
def test_logits_of_another_kind_are_refused(kind: int, tmp_path: Path) -> None:
    cast = helper.make_node("Cast", ["measured"], ["logits"], to=kind)
    assert "float32" in refused(built(tmp_path / "m.onnx", HEAR, MEASURE, cast, kind=kind))


def test_logits_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    nodes = (
        helper.make_node("Log", ["minus"], ["nan"]),
        helper.make_node("Add", ["measured", "nan"], ["logits"]),
    )
    assert "finite" in refused(built(tmp_path / "m.onnx", HEAR, MEASURE, *nodes))


def test_an_operator_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Frobnicate", ["mel"], ["logits"])
    assert "ONNX Runtime refuses it" in refused(built(tmp_path / "m.onnx", node))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": 2}', '{"schema": 1}'])
def test_a_manifest_that_cannot_be_read_is_refused_by_the_name_of_its_file(
    text: str, toy: Path
) -> None:
    message = refused(changed(toy, lambda m: helper.set_model_props(m, {METADATA_KEY: text})))
    assert str(toy) in message
    assert "manifest" in message


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_a_download_that_broke_off_is_refused(share: float, toy: Path) -> None:
    data = toy.read_bytes()
    toy.write_bytes(data[: int(len(data) * share)])
    assert str(toy) in refused(toy)


def test_a_folder_in_the_place_of_a_model_is_an_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert caught.value.code is Code.UNKNOWN_MODEL
    assert str(tmp_path) in caught.value.message


def test_scores_do_not_depend_on_what_else_is_in_the_batch(toy: Path) -> None:
    model, mels = load(toy), windows(BATCH + 3)
    together = model.score(mels)
    alone = np.concatenate([model.score(mels[i : i + 1]) for i in range(len(mels))])
    assert np.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, 1e30])
def test_logits_of_any_size_give_scores_that_sum_to_1(scale: float, tmp_path: Path) -> None:
    model = load(toy_model.save(tmp_path / "m.onnx"))
    scores = model.score(windows(4) * np.float32(scale))
    assert np.isfinite(scores).all()
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-6)


def test_a_colder_model_is_surer_and_ranks_the_same(tmp_path: Path) -> None:
    mels = windows(5)
    scores = {
        temperature: load(
            toy_model.save(
                tmp_path / f"{temperature}.onnx",
                replace(toy_model.MANIFEST, temperature=temperature),
            )
        ).score(mels)
        for temperature in (0.25, 1.0, 4.0)
    }
    assert (scores[0.25].max(axis=1) > scores[1.0].max(axis=1)).all()
    assert (scores[1.0].max(axis=1) > scores[4.0].max(axis=1)).all()
    for one in scores.values():
        assert np.array_equal(one.argsort(axis=1), scores[1.0].argsort(axis=1))


def test_other_weights_have_another_identity(toy: Path) -> None:
    before = load(toy).identity

    def louder(model: onnx.ModelProto) -> None:
        tensor = model.graph.initializer[0]
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 2, tensor.name))

    assert load(changed(toy, louder)).identity != before
