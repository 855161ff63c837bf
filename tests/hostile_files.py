"""Files that no honest publisher makes: graphs and metadata that lie, or ask for the machine."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import published_models
from onnx import TensorProto, helper, numpy_helper
from published_models import CLASSES, FLOAT, Net

Graph = onnx.ModelProto


def _small() -> Graph:
    return published_models.small()


def _changed(change: Callable[[Graph], object]) -> Callable[[], Graph]:
    def make() -> Graph:
        model = _small()
        change(model)
        return model

    return make


def _weight(model: Graph) -> TensorProto:
    return next(one for one in model.graph.initializer if one.data_type == FLOAT)


def _outside(tensor: TensorProto, location: str = "/etc/passwd") -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)


def _constant(tensor: TensorProto, name: str = "extra") -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=tensor)


def _external_tensor(name: str = "outside") -> TensorProto:
    tensor = numpy_helper.from_array(np.ones(4, np.float32), name)
    _outside(tensor)
    return tensor


def _branches(inner: onnx.GraphProto, depth: int = 0) -> list[onnx.NodeProto]:
    yes, branch = f"yes {depth}", f"branch {depth}"
    other = _branch(_constant(numpy_helper.from_array(np.ones(4, np.float32)), f"other {depth}"))
    return [
        _constant(numpy_helper.from_array(np.array(True)), yes),
        helper.make_node("If", [yes], [branch], then_branch=inner, else_branch=other),
    ]


def _branch(*nodes: onnx.NodeProto, weights: tuple[TensorProto, ...] = ()) -> onnx.GraphProto:
    output = helper.make_tensor_value_info(nodes[-1].output[0], FLOAT, None)
    return helper.make_graph(list(nodes), "branch", [], [output], list(weights))


def _deep(depth: int) -> list[onnx.NodeProto]:
    graph = _branch(_constant(numpy_helper.from_array(np.ones(1, np.float32)), "end"))
    for n in range(1, depth):
        graph = _branch(*_branches(graph, n))
    return _branches(graph)


def _sparse() -> onnx.SparseTensorProto:
    return helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(1, np.float32), "values"),
        numpy_helper.from_array(np.zeros(1, np.int64), "indices"),
        [2**40],
    )


def _with_function(model: Graph) -> None:
    model.functions.append(
        helper.make_function("mine", "Twice", ["x"], ["y"],
                             [helper.make_node("Add", ["x", "x"], ["y"])],
                             [helper.make_opsetid("", 13)])
    )  # fmt: skip
    model.opset_import.append(helper.make_opsetid("mine", 1))


def _side(model: Graph, number: int, side: int) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[number].dim_value = side


def _opset(model: Graph, version: int) -> None:
    model.opset_import[0].version = version


def claiming_to_be_ours() -> Graph:
    """A net that carries a manifest of genretag already, with a licence that is not its own."""
    model = _small()
    helper.set_model_props(model, {"genretag": json.dumps({"licence": "MIT", "name": "theirs"})})
    return model


REFUSED_GRAPHS: Mapping[str, Callable[[], Graph]] = {
    "a weight in another file": _changed(lambda m: _outside(_weight(m))),
    "a weight in a folder above": _changed(lambda m: _outside(_weight(m), "../../secret")),
    "an outside tensor in an attribute": _changed(
        lambda m: m.graph.node.insert(0, _constant(_external_tensor()))
    ),
    "an outside tensor in a branch": _changed(
        lambda m: m.graph.node.extend(_branches(_branch(_constant(_external_tensor()))))
    ),
    "an outside weight of a branch": _changed(
        lambda m: m.graph.node.extend(
            _branches(_branch(helper.make_node("Identity", ["outside"], ["z"]),
                              weights=(_external_tensor(),)))
        )
    ),
    "external data without saying so": _changed(
        lambda m: _weight(m).external_data.add(key="location", value="x")
    ),
    "a weight of 2^40 numbers": _changed(lambda m: _weight(m).dims.__setitem__(0, 2**40)),
    "a weight whose sides multiply beyond 2^64": _changed(
        lambda m: _weight(m).dims.extend([2**31 - 1] * 3)
    ),
    "a weight with a negative side": _changed(lambda m: _weight(m).dims.__setitem__(0, -1)),
    "a weight of a hundred sides": _changed(lambda m: _weight(m).dims.extend([1] * 100)),
    "a weight that is too short": _changed(
        lambda m: setattr(_weight(m), "raw_data", _weight(m).raw_data[:-1])
    ),
    "a weight without numbers": _changed(lambda m: _weight(m).ClearField("raw_data")),
    "a weight of an unknown type": _changed(lambda m: setattr(_weight(m), "data_type", 999)),
    "a sparse weight": _changed(lambda m: m.graph.sparse_initializer.append(_sparse())),
    "a sparse constant": _changed(
        lambda m: m.graph.node.insert(
            0, helper.make_node("Constant", [], ["extra"], sparse_value=_sparse())
        )
    ),
    "functions of its own": _changed(_with_function),
    "an unknown operator": _changed(lambda m: setattr(m.graph.node[0], "op_type", "Exfiltrate")),
    "an operator with control characters": _changed(
        lambda m: setattr(m.graph.node[0], "op_type", "\x1b[31mRed\x07\n\u202e" * 1000)
    ),
    "an unknown domain": _changed(lambda m: setattr(m.graph.node[0], "domain", "evil.example")),
    "a hundred domains with control characters": _changed(
        lambda m: [m.opset_import.append(helper.make_opsetid(f"\x1b[2J{n}" * 50, 1))
                   for n in range(100)]
    ),
    "opset 0": _changed(lambda m: _opset(m, 0)),
    "opset 10^9": _changed(lambda m: _opset(m, 10**9)),
    "no opset": _changed(lambda m: m.ClearField("opset_import")),
    "two opsets": _changed(lambda m: m.opset_import.append(helper.make_opsetid("", 9))),
    "IR version 0": _changed(lambda m: setattr(m, "ir_version", 0)),
    "IR version 10^9": _changed(lambda m: setattr(m, "ir_version", 10**9)),
    "no nodes": _changed(lambda m: m.graph.ClearField("node")),
    "a cycle": _changed(lambda m: m.graph.node[0].input.__setitem__(0, m.graph.node[-1].output[0])),
    "a node that feeds itself": _changed(
        lambda m: m.graph.node[1].input.__setitem__(0, m.graph.node[1].output[0])
    ),
    "a tensor that nobody makes": _changed(
        lambda m: m.graph.node[1].input.__setitem__(0, "nowhere")
    ),
    "two tensors of one name": _changed(
        lambda m: m.graph.node[1].output.__setitem__(0, m.graph.node[0].output[0])
    ),
    "two weights of one name": _changed(lambda m: m.graph.initializer.append(_weight(m))),
    "two outputs of one name": _changed(lambda m: m.graph.output.append(m.graph.output[0])),
    "no inputs": _changed(lambda m: m.graph.ClearField("input")),
    "two inputs": _changed(
        lambda m: m.graph.input.append(helper.make_tensor_value_info("more", FLOAT, [1]))
    ),
    "an input without a type": _changed(lambda m: m.graph.input[0].ClearField("type")),
    "an input of texts": _changed(
        lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.STRING)
    ),
    "an input of an unknown type": _changed(
        lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 999)
    ),
    "an input that is a sequence": _changed(
        lambda m: m.graph.input[0].CopyFrom(
            helper.make_tensor_sequence_value_info("melspectrogram", FLOAT, [1, 128, 96])
        )
    ),
    "an input of another rank": _changed(
        lambda m: m.graph.input[0].type.tensor_type.shape.dim.add(dim_value=3)
    ),
    "other mel bands": _changed(lambda m: _side(m, 2, 97)),
    "a batch of 2^30": _changed(lambda m: _side(m, 0, 2**30)),
    "a batch of a million": _changed(lambda m: _side(m, 0, 10**6)),
    "windows of 2^62 frames": _changed(lambda m: _side(m, 1, 2**62)),
    "no outputs": _changed(lambda m: m.graph.ClearField("output")),
    "an output that nobody makes": _changed(lambda m: setattr(m.graph.output[0], "name", "gone")),
}  # fmt: skip
"""Graphs that are refused: each is the small net with one thing changed."""


def _ending(op: str, *extra: tuple[str, Any], **attributes: Any) -> Callable[[], Graph]:
    """A net whose scores also need what an operator makes: something huge."""

    def make() -> Graph:
        net = Net()
        names = [net.constant(np.array(value)) for _, value in extra]
        huge = net.add(op, *names, **attributes)
        least = net.add("ReduceMax", net.add("Cast", huge, to=FLOAT), keepdims=0)
        return _scored(net, least)

    return make


def _scored(net: Net, extra: str) -> Graph:
    """Scores of a spectrogram, to which `extra` is added."""
    mean = net.add("ReduceMean", "melspectrogram", axes=[1], keepdims=0)
    logits = net.add("Add", net.dense(mean, 96, len(CLASSES)), extra)
    net.add("Sigmoid", logits, name="activations")
    return net.model(["batch", 128, 96], {"activations": ["batch", len(CLASSES)]})


def _of_input(op: str, *values: Any, **attributes: Any) -> Callable[[], Graph]:
    """The same with an operator that no constant folding can run: it needs the input."""

    def make() -> Graph:
        net = Net()
        zero = net.add("ReduceMin", "melspectrogram", keepdims=0)
        zero = net.add("Mul", zero, net.constant(np.float32(0)))
        whole = net.add("Cast", zero, to=TensorProto.INT64)
        names = [net.add("Add", whole, net.constant(np.array(value, np.int64))) for value in values]
        if op == "Range":
            huge = net.add("Range", *names)
        elif op == "ConstantOfShape":
            huge = net.add(op, *names)
        else:
            huge = net.add(op, net.add("Reshape", zero, net.constant(np.array([1, 1]))), *names)
        least = net.add("ReduceMax", net.add("Cast", huge, to=FLOAT), keepdims=0)
        return _scored(net, least)

    return make


def loop(trips: int | None, grows: bool = False) -> Graph:
    """A loop: without `trips` it never ends, and if it `grows`, it collects what it makes."""
    net = Net()
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["still"]),
         helper.make_node("Identity", ["x"], ["y"]),
         helper.make_node("Identity", ["x"], ["kept"])],
        "body",
        [helper.make_tensor_value_info("n", TensorProto.INT64, []),
         helper.make_tensor_value_info("going", TensorProto.BOOL, []),
         helper.make_tensor_value_info("x", FLOAT, None)],
        [helper.make_tensor_value_info("still", TensorProto.BOOL, []),
         helper.make_tensor_value_info("y", FLOAT, None),
         *([helper.make_tensor_value_info("kept", FLOAT, None)] if grows else [])],
    )  # fmt: skip
    start = net.add("ReduceMax", "melspectrogram", keepdims=0)
    if grows:
        start = net.add("Expand", start, net.constant(np.array([2**16], np.int64)))
    outputs = ["looped", *(["all"] if grows else [])]
    many = net.constant(np.array(2**62 if trips is None else trips, np.int64))
    net.nodes.append(helper.make_node("Loop", [many, net.constant(np.array(True)), start],
                                      outputs, body=body))  # fmt: skip
    return _scored(net, net.add("ReduceMax", outputs[-1], keepdims=0))


_TERA = 2**40

BOMBS: Mapping[str, Callable[[], Graph]] = {
    "a constant of 2^40 numbers": _ending("ConstantOfShape", ("shape", np.array([_TERA]))),
    "a constant of 2^32 numbers": _ending("ConstantOfShape", ("shape", np.array([2**32]))),
    "a constant whose size overflows": _ending(
        "ConstantOfShape", ("shape", np.array([2**32, 2**32, 2**32]))
    ),
    "a constant of a negative size": _ending("ConstantOfShape", ("shape", np.array([-5]))),
    "a constant expanded to 2^40": _ending(
        "Expand", ("x", np.float32([1])), ("shape", np.array([2**20, 2**20]))
    ),
    "a constant tiled to 2^40": _ending(
        "Tile", ("x", np.float32([[1]])), ("repeats", np.array([2**20, 2**20]))
    ),
    "a range of 2^40": _ending(
        "Range", ("start", np.int64(0)), ("limit", np.int64(_TERA)), ("step", np.int64(1))
    ),
    "a constant padded to 2^40": _ending(
        "Pad", ("x", np.float32([[1]])), ("pads", np.array([2**20, 0, 0, 2**20]))
    ),
    "its input expanded to 2^40": _of_input("Expand", [2**20, 2**20]),
    "its input tiled to 2^34": _of_input("Tile", [2**17, 2**17]),
    "its input padded to 2^40": _of_input("Pad", [2**20, 0, 0, 2**20]),
    "a range of 2^40 from its input": _of_input("Range", 0, _TERA, 1),
    "a constant of 2^34 from its input": _of_input("ConstantOfShape", [2**34]),
    "a loop that collects 2^45 numbers": lambda: loop(2**29, grows=True),
}
"""Graphs that ask for far more memory than there is, when they are loaded or run."""


def _many_nodes(count: int) -> Graph:
    model = _small()
    one = helper.make_node("Identity", ["melspectrogram"], ["x"])
    model.graph.node.extend([one] * count)
    return model


def _many_weights(count: int) -> Graph:
    model = _small()
    model.graph.initializer.extend([TensorProto()] * count)
    return model


LARGE: Mapping[str, Callable[[], Graph]] = {
    "a million nodes": lambda: _many_nodes(10**6),
    "a million weights": lambda: _many_weights(10**6),
}
"""Graphs that would take minutes in pure Python, if each of their parts were looked at."""


def _answering(value: float | str, op: str = "Mul") -> Callable[[], Graph]:
    """A net that gives one value, whatever it is asked."""

    def make() -> Graph:
        net = Net()
        constant = net.constant(np.array(value, object if isinstance(value, str) else np.float32))
        mean = net.add("ReduceMean", "melspectrogram", axes=[1], keepdims=0)
        net.add("Sigmoid", net.add(op, net.dense(mean, 96, len(CLASSES)), constant),
                name="activations")  # fmt: skip
        return net.model(["batch", 128, 96], {"activations": ["batch", len(CLASSES)]})

    return make


def _only_loud() -> Graph:
    """Finite on small numbers, as a probe may have, and not on those of sound."""
    net = Net()
    most = net.add("ReduceMax", "melspectrogram", axes=[1, 2], keepdims=0)
    most = net.add("Reshape", most, net.constant(np.array([-1, 1])))
    odd = net.add("Sqrt", net.add("Sub", net.constant(np.float32(1)), most))
    mean = net.add("ReduceMean", "melspectrogram", axes=[1], keepdims=0)
    net.add("Sigmoid", net.add("Add", net.dense(mean, 96, len(CLASSES)), odd), name="activations")
    return net.model(["batch", 128, 96], {"activations": ["batch", len(CLASSES)]})


def _typed(elem_type: int, sides: tuple[int | str, ...] = ("batch", len(CLASSES))) -> Graph:
    """A net whose scores have another type; texts among them."""
    net = Net()
    mean = net.add("ReduceMean", "melspectrogram", axes=[1], keepdims=0)
    scores = net.add("Relu", net.dense(mean, 96, len(CLASSES)))
    net.add("Cast", scores, name="activations", to=elem_type)
    model = net.model(["batch", 128, 96], {"activations": sides})
    model.graph.output[0].type.tensor_type.elem_type = elem_type
    return model


def wide_embeddings(width: int) -> Graph:
    """A net with embeddings of millions of numbers, for each window of each track."""
    net = Net()
    mean = net.add("ReduceMean", "melspectrogram", axes=[1], keepdims=0)
    first = net.add("ReduceMean", mean, axes=[1], keepdims=1)
    net.add("Tile", first, net.constant(np.array([1, width])), name="embeddings")
    net.add("Sigmoid", net.dense(mean, 96, len(CLASSES)), name="activations")
    outputs = {"embeddings": ["batch", 16], "activations": ["batch", len(CLASSES)]}
    return net.model(["batch", 128, 96], outputs)


def _mixing(batch: str = "batch") -> Graph:
    """A net that gives one row, however many windows it gets."""
    net = Net()
    mean = net.add("ReduceMean", "melspectrogram", axes=[0, 1], keepdims=0)
    flat = net.add("Reshape", mean, net.constant(np.array([1, 96])))
    net.add("Sigmoid", net.dense(flat, 96, len(CLASSES)), name="activations")
    return net.model([batch, 128, 96], {"activations": [1, len(CLASSES)]})


LYING: Mapping[str, Callable[[], Graph]] = {
    "a weight that is not finite": _changed(
        lambda m: setattr(_weight(m), "raw_data", b"\xff" * len(_weight(m).raw_data))
    ),
    "windows of 20,000 frames": _changed(lambda m: _side(m, 1, 20_000)),
    "an output that is an input": _changed(
        lambda m: setattr(m.graph.output[0], "name", "melspectrogram")
    ),
    "scores that are no numbers": _answering(float("nan")),
    "infinite logits": _answering(float("inf")),
    "no numbers for loud music alone": _only_loud,
    "scores of complex numbers": lambda: _typed(TensorProto.COMPLEX64),
    "scores that are texts": lambda: _typed(TensorProto.STRING),
    "scores that are whole numbers": lambda: _typed(TensorProto.INT64),
    "embeddings of four million numbers": lambda: wide_embeddings(2**22),
    "one row for all windows": _mixing,
}
"""Graphs whose scores nobody can use, which only shows when they run."""


def _many_inputs() -> Graph:
    net = Net()
    one = net.add("ReduceMax", "melspectrogram", keepdims=0)
    return _scored(net, net.add("Max", *[one] * 10**6))


def _branching() -> Graph:
    net = Net()
    net.nodes.extend(_deep(20))
    return _scored(net, net.add("ReduceMax", net.nodes[-1].output[0], keepdims=0))


ODD: Mapping[str, Callable[[], Graph]] = {
    "a manifest of its own": claiming_to_be_ours,
    "a node with a million inputs": _many_inputs,
    "branches in branches": _branching,
    "a text of 10 MB": _changed(lambda m: setattr(m, "doc_string", "\x1b[2J" * 2_500_000)),
    "a loop": lambda: loop(10),
}
"""Graphs that are odd and may be taken, if they score."""


def entries(**other: Any) -> dict[str, Any]:
    """Metadata of the small net, with other entries."""
    return published_models.metadata(_small(), **other)


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in entries().items() if key != name}


def _inference(**other: Any) -> dict[str, Any]:
    return entries(inference={"sample_rate": 16000, "algorithm": "TensorflowPredictEffnetDiscogs"}
                   | other)  # fmt: skip


def _schema(where: str, **other: Any) -> dict[str, Any]:
    schema = entries()["schema"]
    schema[where][0] |= other
    return entries(schema=schema)


def _text(found: object) -> bytes:
    return json.dumps(found).encode()


def _named(*names: str) -> bytes:
    return _text(entries(classes=[*names, *CLASSES[len(names) :]]))


REFUSED_METADATA: Mapping[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no table": lambda: b"[1, 2]",
    "a number": lambda: b"7",
    "UTF-16 cut in half": lambda: _text(entries()).decode().encode("utf-16")[:-1],
    "bytes that are no text": lambda: b"\xff\xfe\xfd" * 100,
    "a hundred thousand brackets": lambda: b"[" * 10**5 + b"]" * 10**5,
    "a hundred thousand tables": lambda: b'{"a":' * 10**5 + b"1" + b"}" * 10**5,
    "larger than 4 MB": lambda: _text(entries(padding="x" * (5 << 20))),
    "100,000 classes": lambda: _text(entries(classes=[f"Style {n}" for n in range(10**5)])),
    "no classes": lambda: _text(entries(classes=[])),
    "one class": lambda: _text(entries(classes=["Rock"])),
    "classes that are no list": lambda: _text(entries() | {"classes": "Rock"}),
    "classes that are numbers": lambda: _text(entries(classes=list(range(10)))),
    "thousands of classes of one name": lambda: _text(
        entries(classes=[*(f"F{n}---Ska" for n in range(5000)), *(f"S {n}" for n in range(5000))])
    ),
    "a class that moves the cursor": lambda: _named("Rock---\x1b[2J\x1b[31mRed"),
    "a class that turns the text": lambda: _named("Rock---\u202eksaR"),
    "a class of two lines": lambda: _named("Rock---One\nTwo"),
    "a class with a null": lambda: _named("Rock---\0"),
    "a class with half a character": lambda: _named("Rock---\ud800"),
    "a class of a million characters": lambda: _named("x" * 10**6),
    "a class of separators": lambda: _named(";/,;"),
    "a class of dashes": lambda: _named("---"),
    "a class of nothing": lambda: _named(""),
    "a class of spaces": lambda: _named("  \t "),
    "another number of classes": lambda: _text(entries(classes=[f"Style {n}" for n in range(400)])),
    "an endless sample rate": lambda: _text(_inference(sample_rate=float("inf"))),
    "a sample rate that is no number": lambda: _text(_inference(sample_rate=float("nan"))),
    "a negative sample rate": lambda: _text(_inference(sample_rate=-16000)),
    "another sample rate": lambda: _text(_inference(sample_rate=44100)),
    "a sample rate of 10^400": lambda: _text(_inference()).replace(b"16000", b"1" + b"0" * 400),
    "a sample rate of 10^10000": lambda: _text(_inference()).replace(b"16000", b"1" + b"0" * 10**4),
    "a sample rate as text": lambda: _text(_inference(sample_rate="16000")),
    "an unknown algorithm": lambda: _text(_inference(algorithm="\x1b[31mEvil" * 500)),
    "algorithms": lambda: _text(_inference(algorithm=["TensorflowPredictEffnetDiscogs"])),
    "an algorithm for heads": lambda: _text(_inference(algorithm="TensorflowPredict2D")),
    "no inference": lambda: _text(_without("inference")),
    "no schema": lambda: _text(_without("schema")),
    "no name": lambda: _text(_without("name")),
    "a schema that is a list": lambda: _text(entries(schema=[1, 2])),
    "inputs that are a number": lambda: _text(entries(schema={"inputs": 3, "outputs": 4})),
    "another activation": lambda: _text(_schema("outputs", op="Softmax")),
    "shapes that are no list": lambda: _text(_schema("inputs", shape={"a": 1})),
    "a name of two lines": lambda: _text(entries(name="One\nTwo")),
    "a name with half a character": lambda: _text(entries(name="\ud800")),
    "a citation with half a character": lambda: _text(entries(citation="\ud800")),
    "a citation of 20,000 characters": lambda: _text(entries(citation="x" * 20_000)),
    "a licence that acts on the terminal": lambda: _text(entries(license="MIT\x1b[2K\rCC BY-NC")),
    "a licence of 5,000 characters": lambda: _text(entries(license="CC BY-NC " * 555)),
    "a licence that is a list": lambda: _text(entries(license=["MIT"])),
    "a version with control characters": lambda: _text(entries(version="\x1b]0;owned\x07")),
}
"""Metadata that are refused beside an honest graph."""


def replace_by(kind: str, file: Path) -> None:
    """Put something in the place of `file` that is no file; `nothing` removes it."""
    file.unlink()
    targets = {"zeros": "/dev/zero", "terminal": "/dev/ptmx", "circle": file}
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind in targets:
        file.symlink_to(targets[kind])
