"""Rewrites a graph to the form of genretag's models: mel windows in, logits and embeddings out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

from genretag.domain.manifest import Activation
from genretag.errors import shorten
from genretag.inference.importing.graph import find_input, shape_of
from genretag.inference.importing.graph_writer import GIVEN, GraphWriter
from genretag.inference.importing.metadata import Metadata, TensorDescription
from genretag.inference.model import EMBEDDING, MOST_BATCH, ORT_ERRORS, OUTPUT, first_line
from genretag.inference.runtime import ort

_LAYOUTS: Mapping[int, tuple[str, ...]] = {
    3: ("bfm", "bmf"),
    4: ("bcfm", "bcmf", "bfmc", "bmfc"),
}
"""Orders of the axes of an input by their number: batch, frames, mels, and a channel."""
_ACTIVATIONS: Mapping[str, Activation] = {"Sigmoid": "sigmoid", "Softmax": "softmax"}
_PASS_ON = ("Identity", "Cast")
"""Operators that change nothing about what a tensor means."""
_MOST_FRAMES = 20_000
_MOST_SHOWN = 5
"""Outputs that a message names."""


@dataclass(frozen=True)
class CanonicalGraph:
    """A graph in the form of genretag's models, and what was found in the given one.

    Attributes:
        model: from INPUT to OUTPUT, and to EMBEDDING where there are embeddings.
        activation: from its logits to scores.
        input_shape: of the given graph; 0 for a side that is left open.
        output: the name of the output that was taken.
        n_frames: of a window.
    """

    model: onnx.ModelProto
    activation: Activation
    input_shape: tuple[int, ...]
    output: str
    n_frames: int


def make_canonical(
    given: onnx.ModelProto,
    metadata: Metadata,
    columns: Sequence[Sequence[int]],
    n_mels: int,
    n_frames: int,
    embedding: str | None,
    wanted: str | None = None,
) -> CanonicalGraph:
    """Return a graph in the form of genretag's models.

    Args:
        given: a checked graph; it is changed.
        metadata: of the model, or of its head.
        columns: for each genre the classes that stand for it, one or more.
        n_mels: bands of the spectrogram that it needs.
        n_frames: of a window, where graph and metadata leave that open.
        embedding: the output with embeddings; None for none.
        wanted: the output to take; None for the one with the predictions.

    Raises:
        ValueError: the graph is not what the metadata say, with the reason.
    """
    value = find_input(given)
    shape = shape_of(value) or (metadata.inputs[0].shape if metadata.inputs else ())
    layout = _find_layout(shape, n_mels)
    n_frames = shape[layout.index("f")] or n_frames
    if not 1 <= n_frames <= _MOST_FRAMES:
        raise ValueError(f"it wants windows of {n_frames:,} frames")
    if shape[0] > MOST_BATCH:
        raise ValueError(f"it wants {shape[0]:,} windows at once")
    n_classes = sum(map(len, columns))
    output = _choose_output(given, metadata, n_classes, wanted)
    (width,) = next(shape_of(one) for one in given.graph.output if one.name == output)[-1:] or (0,)
    if width not in (0, n_classes):
        raise ValueError(f"its output {shorten(output)!r} has {width} scores, the metadata have "
                         f"{n_classes} classes")  # fmt: skip
    declared = _ACTIVATIONS.get(_describe(metadata, output).op)
    tensor, activation = _find_logits(given, output, declared)
    gives_scores = activation is None and _gives_scores(
        given, output, value, layout, shape, n_frames
    )
    activation = activation or declared
    if activation is None:
        raise ValueError(f"nothing says whether {output!r} holds scores of a sigmoid or a softmax")
    compose.add_prefix(given, GIVEN, inplace=True)  # `value` has its new name by that
    graph = GraphWriter(given)
    graph.adapt_input(value, layout, shape, n_frames)
    logits = graph.add("Cast", GIVEN + tensor, to=TensorProto.FLOAT)
    if gives_scores:
        logits = graph.invert(logits, activation)
    graph.add("Identity", graph.join_columns(logits, columns, activation), name=OUTPUT)
    outputs = {OUTPUT: len(columns)}
    if embedding:
        flat = graph.add("Flatten", GIVEN + embedding, axis=1)
        graph.add("Cast", flat, name=EMBEDDING, to=TensorProto.FLOAT)
        outputs[EMBEDDING] = 0
    graph.finish(shape[0] or "batch", n_frames, n_mels, outputs)
    return CanonicalGraph(given, activation, shape, output, n_frames)


def find_embeddings(model: onnx.ModelProto, metadata: Metadata) -> str | None:
    """Return the name of the output with embeddings; None if there is none.

    Names change when a model is converted to ONNX: then it is the only output of that width.
    """
    described = metadata.find_output("embeddings")
    return _find_output(model, described) if described else None


def _find_layout(shape: Sequence[int], n_mels: int) -> str:
    """Return the order of the axes of an input with this shape."""
    for layout in _LAYOUTS.get(len(shape), ()):
        sides = dict(zip(layout, shape, strict=True))
        if sides["m"] == n_mels and sides.get("c", 1) in (0, 1):
            return layout
    sides_text = " x ".join(str(side or "?") for side in shape)
    raise ValueError(f"its input is {sides_text or 'a number'}, and must have {n_mels} mel bands")


def _describe(metadata: Metadata, output: str) -> TensorDescription:
    """Return what is said of an output: by its name, or else of the predictions."""
    named = [one for one in metadata.outputs if output in (one.name, one.name.partition(":")[0])]
    predictions = metadata.find_output("predictions")
    return next(iter(named), predictions or TensorDescription(output, ()))


def _find_output(model: onnx.ModelProto, described: TensorDescription) -> str | None:
    names: list[str] = [one.name for one in model.graph.output]
    for name in (described.name, described.name.partition(":")[0]):
        if name in names:
            return name
    width = described.shape[-1:]
    wide = [one.name for one in model.graph.output if width and shape_of(one)[-1:] == width]
    return wide[0] if len(wide) == 1 else None


def _choose_output(
    model: onnx.ModelProto, metadata: Metadata, n_classes: int, wanted: str | None
) -> str:
    """Return the output with the predictions, or the one that is wanted."""
    names: list[str] = [one.name for one in model.graph.output]
    shown = ", ".join(
        f"{shorten(one.name)!r} {list(shape_of(one))}" for one in model.graph.output[:_MOST_SHOWN]
    )
    if not names:
        raise ValueError("it has no output")
    if wanted is not None:
        if wanted not in names:
            raise ValueError(f"it has no output {wanted!r}; there are {shown}")
        return wanted
    described = [one for one in metadata.outputs if one.purpose == "predictions"]
    for one in described:
        if found := _find_output(model, one):
            return found
    fitting = [one.name for one in model.graph.output if shape_of(one)[-1:] == (n_classes,)]
    if len(fitting) == 1 or len(names) == 1:
        return (fitting or names)[0]
    raise ValueError(f"which output holds the predictions? Choose with --output among {shown}")


def _find_logits(
    model: onnx.ModelProto, output: str, declared: Activation | None
) -> tuple[str, Activation | None]:
    """Return the tensor before the activation at the end of a graph, and that activation.

    Where there is none, they are the output itself and None.
    """
    producers = {name: node for node in model.graph.node for name in node.output}
    node = producers.get(output)
    while node and node.op_type in _PASS_ON:
        node = producers.get(node.input[0])  # it comes before: a checked graph has no circles
    if node is None or node.op_type not in _ACTIVATIONS:
        return output, None
    found = _ACTIVATIONS[node.op_type]
    if declared and declared != found:
        raise ValueError(f"it ends with a {found}, and its metadata speak of a {declared}")
    return node.input[0], found


def _gives_scores(
    model: onnx.ModelProto,
    output: str,
    value: onnx.ValueInfoProto,
    layout: str,
    shape: Sequence[int],
    n_frames: int,
) -> bool:
    """Tell whether all that an output gives for noise lies in [0, 1], so that it is no logits."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    sides = {"b": 1, "f": n_frames, "c": 1}
    full = [side or sides[axis] for axis, side in zip(layout, shape, strict=True)]
    dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    noise = np.random.RandomState(0).uniform(0, 4, full).astype(dtype)
    try:
        session = ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        (given,) = session.run([output], {value.name: noise})
    except ORT_ERRORS as error:
        raise ValueError(f"ONNX Runtime refuses it: {first_line(error)}") from error
    if not isinstance(given, np.ndarray) or given.dtype.kind != "f":
        raise ValueError(f"its output {shorten(output)!r} is not of float numbers")
    return bool(np.all((given >= 0) & (given <= 1)))
