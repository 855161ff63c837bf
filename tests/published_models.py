"""Stand-ins for the models that Essentia publishes: the same inputs, outputs and sizes.

Their weights are random, from a seed, so that what they say of music means nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

CLASSES = (
    "Rock---Shoegaze", "Rock---Ska", "Reggae---Ska", "Jazz---Bop", "Electronic---House",
    "Folk, World, & Country---Fado", "Hip Hop---Cut-up/DJ", "Classical---Classical",
    "Electronic---Hardcore", "Rock---Hardcore",
)  # fmt: skip
"""Ten as they are in Discogs: with a name in two families, commas, a slash, and a family itself."""

FLOAT = TensorProto.FLOAT


def many_classes(count: int) -> tuple[str, ...]:
    """The ten, and styles that nobody knows."""
    return (*CLASSES, *(f"Rock---Style {n}" for n in range(len(CLASSES), count)))[:count]


@dataclass
class Net:
    """A graph that grows node by node, with weights from a seed."""

    seed: int = 0
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    def add(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def weight(self, *shape: int, fan_in: int = 0) -> str:
        scale = (2 / (fan_in or int(np.prod(shape[1:])) or 1)) ** 0.5
        return self.constant((self._random.standard_normal(shape) * scale).astype(np.float32))

    def constant(self, value: NDArray[Any]) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def dense(self, x: str, width: int, out: int, name: str = "") -> str:
        product = self.add("MatMul", x, self.weight(width, out, fan_in=width))
        return self.add("Add", product, self.weight(out, fan_in=100), name=name)

    def conv(self, x: str, n_in: int, out: int, size: int = 1, stride: int = 1,
             groups: int = 1) -> str:  # fmt: skip
        kernel = self.weight(out, n_in // groups, size, size)
        return self.add("Conv", x, kernel, self.weight(out, fan_in=1000), group=groups,
                        kernel_shape=[size] * 2, strides=[stride] * 2,
                        pads=[size // 2] * 4)  # fmt: skip

    def swish(self, x: str) -> str:
        return self.add("Mul", x, self.add("Sigmoid", x))

    def model(self, shape: Sequence[int | str], outputs: dict[str, Sequence[int | str]],
              input_name: str = "melspectrogram", opset: int = 13) -> onnx.ModelProto:  # fmt: skip
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info(input_name, FLOAT, shape)],
            [helper.make_tensor_value_info(name, FLOAT, sides) for name, sides in outputs.items()],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                                 ir_version=7)  # fmt: skip


def small(
    classes: int = len(CLASSES),
    batch: int | str = "batch",
    shape: Sequence[int | str] = (128, 96),
    width: int = 16,
    activation: str = "Sigmoid",
    seed: int = 0,
) -> onnx.ModelProto:
    """A small net on a spectrogram [frames, mels], with embeddings and predictions."""
    net = Net(seed)
    frames, mels = shape
    flat = net.add("Reshape", "melspectrogram", net.constant(np.array([-1, frames, mels])))
    mean = net.add("ReduceMean", flat, axes=[1], keepdims=0)
    net.add("Tanh", net.dense(mean, int(mels), width), name="embeddings")
    scores = net.dense("embeddings", width, classes)
    net.add(activation, scores, name="activations")
    return net.model([batch, frames, mels],
                     {"activations": [batch, classes], "embeddings": [batch, width]})  # fmt: skip


def head(classes: int = len(CLASSES), width: int = 16, opset: int = 13, seed: int = 1,
         batch: int | str = "n") -> onnx.ModelProto:  # fmt: skip
    net = Net(seed)
    hidden = net.add("Relu", net.dense("model/Placeholder", width, 512))
    net.add("Sigmoid", net.dense(hidden, 512, classes), name="model/Sigmoid")
    return net.model(
        [batch, width], {"model/Sigmoid": [batch, classes]}, "model/Placeholder", opset
    )


_BLOCKS = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
           (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3))  # fmt: skip
"""EfficientNet-B0: expansion, channels, repeats, stride, kernel."""


def effnet(classes: int = 400, batch: int | str = 64, seed: int = 0) -> onnx.ModelProto:
    """Discogs-EffNet in size: EfficientNet-B0 on [batch, 128, 96], 1,280 numbers as embeddings."""
    net = Net(seed)
    x = net.add("Unsqueeze", "melspectrogram", net.constant(np.array([1])))
    x, n_in = net.swish(net.conv(x, 1, 32, 3, 2)), 32
    for expansion, channels, repeats, first_stride, size in _BLOCKS:
        for n in range(repeats):
            stride, inner, start = first_stride if n == 0 else 1, n_in * expansion, x
            if expansion > 1:
                x = net.swish(net.conv(x, n_in, inner))
            x = net.swish(net.conv(x, inner, inner, size, stride, inner))
            squeezed = net.add("GlobalAveragePool", x)
            squeezed = net.swish(net.conv(squeezed, inner, max(1, n_in // 4)))
            gate = net.add("Sigmoid", net.conv(squeezed, max(1, n_in // 4), inner))
            x = net.conv(net.add("Mul", x, gate), inner, channels)
            if stride == 1 and n_in == channels:
                x = net.add("Add", x, start)
            n_in = channels
    x = net.swish(net.conv(x, n_in, 1280))
    net.add("Flatten", net.add("GlobalAveragePool", x), axis=1, name="embeddings")
    net.add("Sigmoid", net.dense("embeddings", 1280, classes), name="activations")
    return net.model([batch, 128, 96],
                     {"activations": [batch, classes], "embeddings": [batch, 1280]})  # fmt: skip


def maest(classes: int = 519, layers: int = 12, width: int = 768,
          frames: int = 1876, seed: int = 0) -> onnx.ModelProto:  # fmt: skip
    """MAEST in size: a transformer of 86 million weights on [batch, 1, 96, 1876]."""
    net = Net(seed)
    patches = net.add("Conv", "melspectrogram", net.weight(width, 1, 16, 16),
                      kernel_shape=[16, 16], strides=[10, 10])  # fmt: skip
    x = net.add("Reshape", patches, net.constant(np.array([0, width, -1])))
    x = net.add("Transpose", x, perm=[0, 2, 1])
    heads = width // 64
    for _ in range(layers):
        parts = []
        for _ in range(3):
            part = net.add("Reshape", net.dense(x, width, width),
                           net.constant(np.array([0, 0, heads, 64])))  # fmt: skip
            parts.append(net.add("Transpose", part, perm=[0, 2, 1, 3]))
        query, key, value = parts
        match = net.add("MatMul", query, net.add("Transpose", key, perm=[0, 1, 3, 2]))
        share = net.add("Softmax", net.add("Mul", match, net.constant(np.float32(0.125))), axis=-1)
        mixed = net.add("Transpose", net.add("MatMul", share, value), perm=[0, 2, 1, 3])
        mixed = net.add("Reshape", mixed, net.constant(np.array([0, 0, width])))
        x = net.add("Tanh", net.add("Add", x, net.dense(mixed, width, width)))
        inner = net.add("Relu", net.dense(x, width, 4 * width))
        x = net.add("Tanh", net.add("Add", x, net.dense(inner, 4 * width, width)))
    net.add("ReduceMean", x, axes=[1], keepdims=0, name="embeddings")
    net.add("Sigmoid", net.dense("embeddings", width, classes), name="activations")
    outputs = {"activations": ["batch", classes], "embeddings": ["batch", width]}
    return net.model(["batch", 1, 96, frames], outputs)


def metadata(
    model: onnx.ModelProto,
    classes: Sequence[str] = CLASSES,
    algorithm: str = "TensorflowPredictEffnetDiscogs",
    **other: Any,
) -> dict[str, Any]:
    """Metadata of a model as Essentia publishes them; outputs have names of TensorFlow."""

    def describe(value: onnx.ValueInfoProto, **more: Any) -> dict[str, Any]:
        sides = [side.dim_value or side.dim_param for side in value.type.tensor_type.shape.dim]
        return {"name": value.name, "type": "float", "shape": sides, **more}

    purposes = ({"op": "Sigmoid", "output_purpose": "predictions"},
                {"op": "Flatten", "output_purpose": "embeddings"})  # fmt: skip
    outputs = [
        describe(value, **purpose) | {"name": f"PartitionedCall:{n}"}
        for n, (value, purpose) in enumerate(zip(model.graph.output, purposes, strict=False))
    ]
    return {
        "name": "Stand-in", "type": "Music style classification and embeddings", "version": "1",
        "description": "Random weights", "author": "Nobody", "release_date": "2026-01-01",
        "link": "https://example.org/model.onnx", "classes": list(classes),
        "model_types": ["onnx"], "dataset": {"name": "None", "size": "0"},
        "schema": {"inputs": [describe(model.graph.input[0])], "outputs": outputs},
        "citation": "@article{nobody2026}",
        "inference": {"sample_rate": 16000, "algorithm": algorithm},
        **other,
    }  # fmt: skip


def save(folder: Path, name: str, model: onnx.ModelProto, entries: dict[str, Any]) -> Path:
    """Write NAME.onnx, and NAME.json beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.onnx"
    onnx.save(model, file)
    file.with_suffix(".json").write_text(json.dumps(entries), "utf-8")
    return file
