"""What is imported scores as the published files do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import published_models as published
import pytest
from onnx import TensorProto, helper, numpy_helper
from published_models import CLASSES, Net

from genretag.domain.front_end import FRONT_ENDS
from genretag.errors import GenretagError
from genretag.inference.importing.build import BuiltModel, PublishedModel, build_model
from genretag.inference.model import Model
from genretag.inference.runtime import ort
from genretag.inference.session import load

GENRES = ("Shoegaze", "Ska", "Bop", "House", "Fado", "Cut-up", "Classical", "Hardcore")
COLUMNS = ((0,), (1, 2), (3,), (4,), (5,), (6,), (7,), (8, 9))
"""Of CLASSES, by genre: two have two classes."""


def build(file: Path, **other: Any) -> tuple[BuiltModel, Model]:
    own = {key: other.pop(key) for key in ("output", "head", "head_metadata") if key in other}
    files = PublishedModel(file, file.with_suffix(".json"), **own)
    built = build_model(files, "m", "MIT", {"files": "here"}, file.parent / "built.onnx")
    return built, load(file.parent / "built.onnx", "cpu")


def run(file: Path, mels: np.ndarray, output: str = "activations") -> np.ndarray:
    """Score windows one by one with the published file itself."""
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    (value,) = session.get_inputs()
    return np.concatenate(
        [session.run([output], {value.name: mel.astype(np.float32)})[0] for mel in mels]
    )


def windows(count: int, frames: int = 128, mels: int = 96) -> np.ndarray:
    return np.random.default_rng(1).random((count, frames, mels), np.float32) * 4


def by_genre(scores: np.ndarray) -> np.ndarray:
    return np.stack([scores[:, own].max(axis=1) for own in COLUMNS], axis=1)


def refused(file: Path, **other: Any) -> str:
    with pytest.raises(GenretagError) as caught:
        build(file, **other)
    return caught.value.message


def test_it_scores_as_the_published_file_and_has_its_embeddings(tmp_path: Path) -> None:
    net = published.small()
    file = published.save(tmp_path, "m", net, published.metadata(net))
    built, model = build(file)
    mels = windows(5)
    scores, embeddings = model.predict_with_embeddings(mels)
    assert model.manifest.genres.names == GENRES
    np.testing.assert_allclose(scores, by_genre(run(file, mels[:, None])), atol=1e-6)
    np.testing.assert_allclose(embeddings, run(file, mels[:, None], "embeddings"), atol=1e-6)
    assert built.output == "activations" and built.n_classes == len(CLASSES)
    assert not model.manifest.is_calibrated and model.manifest.activation == "sigmoid"
    assert model.manifest.source["citation"] == "@article{nobody2026}"


def test_a_fixed_batch_is_filled_up(tmp_path: Path) -> None:
    free, fixed = published.small(), published.small(batch=64)
    file = published.save(tmp_path, "m", fixed, published.metadata(fixed))
    other = published.save(tmp_path / "free", "m", free, published.metadata(free))
    (built, model), (_, expected) = build(file), build(other)
    assert model.fixed_batch == 64 and built.input_shape == (64, 128, 96)
    for count in (1, 63, 64, 65, 130):
        mels = windows(count)
        np.testing.assert_allclose(model.score(mels), expected.score(mels), atol=1e-6)


def reshaped(sides: list[int | str], perm: list[int]) -> onnx.ModelProto:
    """A net that takes its spectrogram as `sides`, and turns it to [batch, 128, 96] itself."""
    net = published.small()
    turn = helper.make_node("Transpose", ["given"], ["turned"], perm=perm)
    flat = helper.make_node("Reshape", ["turned", "flat"], ["melspectrogram"])
    nodes = [turn, flat, *net.graph.node]
    del net.graph.node[:]
    net.graph.node.extend(nodes)
    net.graph.initializer.append(numpy_helper.from_array(np.array([-1, 128, 96]), "flat"))
    net.graph.input[0].CopyFrom(helper.make_tensor_value_info("given", TensorProto.FLOAT, sides))
    return net


@pytest.mark.parametrize(
    ("sides", "perm"),
    [
        (["b", 128, 96], [0, 1, 2]),
        (["b", 96, 128], [0, 2, 1]),
        (["b", 1, 128, 96], [0, 1, 2, 3]),
        (["b", 1, 96, 128], [0, 1, 3, 2]),
        (["b", 128, 96, 1], [0, 3, 1, 2]),
        (["b", 96, 128, 1], [0, 3, 2, 1]),
    ],
)
def test_each_order_of_axes_is_found(tmp_path: Path, sides: list[Any], perm: list[int]) -> None:
    plain, turned = published.small(), reshaped(sides, perm)
    file = published.save(tmp_path, "m", turned, published.metadata(turned))
    other = published.save(tmp_path / "plain", "m", plain, published.metadata(plain))
    np.testing.assert_allclose(
        build(file)[1].score(windows(3)), build(other)[1].score(windows(3)), atol=1e-6
    )


def to_half(net: onnx.ModelProto) -> onnx.ModelProto:
    """The same in half precision, inputs and outputs too."""
    for tensor in net.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), tensor.name))
    for value in (*net.graph.input, *net.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
    return net


def to_bytes(net: onnx.ModelProto) -> onnx.ModelProto:
    """The same with weights of one byte, which are turned into floats as it runs."""
    kept, nodes = [], []
    for tensor in net.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2:
            kept.append(tensor)
            continue
        scale = np.float32(np.abs(values).max() / 127)
        small = np.round(values / scale).astype(np.int8)
        kept += [numpy_helper.from_array(small, f"{tensor.name}_small"),
                 numpy_helper.from_array(scale, f"{tensor.name}_scale")]  # fmt: skip
        names = [f"{tensor.name}_small", f"{tensor.name}_scale"]
        nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name]))
    nodes += net.graph.node
    for field, values in (("initializer", kept), ("node", nodes)):
        net.graph.ClearField(field)
        getattr(net.graph, field).extend(values)
    return net


@pytest.mark.parametrize(("change", "near"), [(to_half, 0.01), (to_bytes, 0.05)])
def test_weights_of_fewer_bits_score_nearly_the_same(
    tmp_path: Path, change: Callable[[onnx.ModelProto], onnx.ModelProto], near: float
) -> None:
    changed, plain = change(published.small()), published.small()
    file = published.save(tmp_path, "m", changed, published.metadata(changed))
    other = published.save(tmp_path / "plain", "m", plain, published.metadata(plain))
    scores, embeddings = build(file)[1].predict_with_embeddings(windows(3))
    assert scores.dtype == embeddings.dtype == np.float32
    np.testing.assert_allclose(scores, build(other)[1].score(windows(3)), atol=near)


def test_a_softmax_is_found_and_scores_sum_to_one(tmp_path: Path) -> None:
    net = published.small(3, activation="Softmax")
    entries = published.metadata(net, ("rock", "jazz", "blues"))
    entries["schema"]["outputs"][0]["op"] = "Softmax"
    file = published.save(tmp_path, "m", net, entries)
    scores = build(file)[1].score(windows(4))
    np.testing.assert_allclose(scores, run(file, windows(4)[:, None]), atol=1e-6)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)


def without_activation(kind: str) -> onnx.ModelProto:
    """A net whose last node is none: it gives scores some other way, or logits."""
    net = published.small()
    last = net.graph.node[-1]
    assert last.op_type == "Sigmoid"
    if kind == "logits":
        last.op_type = "Identity"
        return net
    # sigmoid(x) = (1 + tanh(x / 2)) / 2
    half = numpy_helper.from_array(np.float32(0.5), "half")
    net.graph.initializer.append(half)
    x, y = last.input[0], last.output[0]
    del net.graph.node[-1]
    net.graph.node.extend(
        [
            helper.make_node("Mul", [x, "half"], ["x2"]),
            helper.make_node("Tanh", ["x2"], ["t"]),
            helper.make_node("Mul", ["t", "half"], ["t2"]),
            helper.make_node("Add", ["t2", "half"], [y]),
        ]
    )
    return net


@pytest.mark.parametrize("kind", ["logits", "scores"])
def test_scores_and_logits_are_told_apart_where_no_activation_ends_the_graph(
    tmp_path: Path, kind: str
) -> None:
    net, plain = without_activation(kind), published.small()
    file = published.save(tmp_path, "m", net, published.metadata(net))
    other = published.save(tmp_path / "plain", "m", plain, published.metadata(plain))
    np.testing.assert_allclose(
        build(file)[1].score(windows(3)), build(other)[1].score(windows(3)), atol=1e-5
    )


def rename_output(net: onnx.ModelProto, name: str) -> None:
    net.graph.node[-1].output[0] = net.graph.output[0].name = name


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_a_head_and_its_base_become_one_model(tmp_path: Path, opset: int) -> None:
    net, head = published.small(classes=3), published.head(opset=opset)
    # The outputs of both have one name, as Essentia's often have.
    rename_output(net, "model/Sigmoid")
    file = published.save(tmp_path, "base", net, published.metadata(net, CLASSES[:3]))
    entries = published.metadata(head, algorithm="TensorflowPredict2D")
    other = published.save(tmp_path, "head", head, entries)
    _, model = build(file, head=other, head_metadata=other.with_suffix(".json"))
    embeddings = run(file, windows(4)[:, None], "embeddings")
    expected = by_genre(run(other, embeddings[:, None], "model/Sigmoid"))
    scores, own = model.predict_with_embeddings(windows(4))
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    np.testing.assert_allclose(own, embeddings, atol=1e-6)


def test_what_does_not_fit_together_is_said(tmp_path: Path) -> None:
    net, head = published.small(), published.head(width=32)
    file = published.save(tmp_path, "base", net, published.metadata(net))
    other = published.save(
        tmp_path, "head", head, published.metadata(head, algorithm="TensorflowPredict2D")
    )
    own = {"head": other, "head_metadata": other.with_suffix(".json")}
    assert "embeddings of 32 numbers, not of 16" in refused(file, **own)
    entries = published.metadata(head, algorithm="TensorflowPredict2D")
    entries["inference"]["embedding_model"] = {"algorithm": "TensorflowPredictMAEST"}
    published.save(tmp_path, "head", head, entries)
    assert "'TensorflowPredictMAEST'" in refused(file, **own)
    assert "'activations' [0, 10]" in refused(file, output="elsewhere")


def test_an_unknown_algorithm_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    net = published.small()
    file = published.save(tmp_path, "m", net, published.metadata(net, algorithm="TempoCNN"))
    with pytest.raises(GenretagError) as caught:
        build(file)
    assert caught.value.code == "unknown-algorithm"
    assert "TensorflowPredictMAEST" in caught.value.hint
    published.save(tmp_path, "m", net, published.metadata(net, algorithm="TensorflowPredict2D"))
    with pytest.raises(GenretagError, match="is a head") as caught:
        build(file)
    assert "--head" in caught.value.hint


def choice() -> onnx.ModelProto:
    """A net with two outputs of one width."""
    net = Net()
    mean = net.add("ReduceMean", "melspectrogram", axes=[1], keepdims=0)
    for name in ("tags", "styles"):
        net.add("Sigmoid", net.dense(mean, 96, 10), name=name)
    return net.model(["n", 128, 96], {"tags": ["n", 10], "styles": ["n", 10]})


def test_of_several_outputs_one_can_be_chosen(tmp_path: Path) -> None:
    net = choice()
    entries = published.metadata(net)
    for output in entries["schema"]["outputs"]:
        output["output_purpose"] = "predictions"
    file = published.save(tmp_path, "m", net, entries)
    assert "--output among 'tags' [0, 10], 'styles' [0, 10]" in refused(file)
    for name in ("tags", "styles"):
        scores = build(file, output=name)[1].score(windows(2))
        np.testing.assert_allclose(
            scores, by_genre(run(file, windows(2)[:, None], name)), atol=1e-6
        )


@pytest.mark.parametrize(
    ("algorithm", "frames", "mels", "front_end"),
    [
        ("TensorflowPredictMusiCNN", 187, 96, "musicnn"),
        ("TensorflowPredictEffnetDiscogs", 128, 96, "musicnn"),
        ("TensorflowPredictVGGish", 96, 64, "vggish"),
        ("TensorflowPredictMAEST", 1876, 96, "maest"),
    ],
)
def test_each_algorithm_has_its_front_end_and_its_patches(
    tmp_path: Path, algorithm: str, frames: int, mels: int, front_end: str
) -> None:
    net = published.small(shape=(frames, mels))
    file = published.save(tmp_path, "m", net, published.metadata(net, algorithm=algorithm))
    manifest = build(file)[1].manifest
    assert manifest.front_end == FRONT_ENDS[front_end]
    assert manifest.front_end.count_frames(manifest.n_samples) == frames
    net.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "frames"
    published.save(tmp_path, "m", net, published.metadata(net, algorithm=algorithm))
    assert build(file)[1].manifest == manifest


def test_softmax_models_with_two_classes_of_one_name_are_refused(tmp_path: Path) -> None:
    net = published.small(activation="Softmax")
    entries = published.metadata(net)
    entries["schema"]["outputs"][0]["op"] = "Softmax"
    assert "one name" in refused(published.save(tmp_path, "m", net, entries))


def test_the_same_files_make_the_same_model(tmp_path: Path) -> None:
    net = published.small()
    file = published.save(tmp_path, "m", net, published.metadata(net))
    assert build(file)[1].digest == build(file)[1].digest
