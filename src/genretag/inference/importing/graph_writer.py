"""Adds nodes before and after a given graph, and leaves out of it what no output needs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from genretag.domain.manifest import Activation
from genretag.inference.importing.graph import list_subgraphs
from genretag.inference.model import INPUT

GIVEN = "model/"
"""The beginning of the names of all tensors of the given graph."""
_ADDED = "genretag/"
_LEAST_SCORE = 1e-7
"""A score nearer to 0 or 1 is taken for this near: the logit of 0 has no end."""
_LEAST_IR = 7


class GraphWriter:
    """Adds nodes to a graph, whose own tensors have the prefix `model/`."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        self._before: list[onnx.NodeProto] = []
        self._after: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def adapt_input(
        self, value: onnx.ValueInfoProto, layout: str, shape: Sequence[int], n_frames: int
    ) -> None:
        """Turn INPUT [batch, n_frames, n_mels] into what the graph takes."""
        elem_type = value.type.tensor_type.elem_type
        turned = layout.index("m") < layout.index("f")
        order = [0, 2, 1] if turned else [0, 1, 2]
        sides = {"b": shape[0] or -1, "f": n_frames, "c": 1}
        target = [sides.get(axis, side) for axis, side in zip(layout, shape, strict=True)]
        shape_name = self._constant(np.array(target, np.int64))
        names = [f"{_ADDED}turned", f"{_ADDED}shaped", value.name]
        self._before += [
            helper.make_node("Transpose", [INPUT], names[:1], perm=order),
            helper.make_node("Reshape", [names[0], shape_name], names[1:2]),
            helper.make_node("Cast", names[1:2], names[2:], to=elem_type),
        ]

    def add(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node to the end and return the name of what it makes."""
        name = name or f"{_ADDED}{len(self._after)}"
        self._after.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def invert(self, scores: str, activation: Activation) -> str:
        """Add what makes logits of scores."""
        scores = self.add("Max", scores, self._constant(np.array(_LEAST_SCORE, np.float32)))
        log = self.add("Log", scores)
        if activation == "softmax":
            return log
        most = self._constant(np.array(1 - _LEAST_SCORE, np.float32))
        rest = self.add("Sub", self._constant(np.array(1, np.float32)),
                        self.add("Min", scores, most))  # fmt: skip
        return self.add("Sub", log, self.add("Log", rest))

    def join_columns(
        self, logits: str, columns: Sequence[Sequence[int]], activation: Activation
    ) -> str:
        """Add what makes one logit for each genre: the largest of its classes' logits."""
        most = max(map(len, columns))
        if most == 1:
            return logits
        if activation == "softmax":
            raise ValueError("classes of one name are known with a sigmoid alone")
        parts = []
        for n in range(most):
            indices = np.array([own[min(n, len(own) - 1)] for own in columns], np.int64)
            parts.append(self.add("Gather", logits, self._constant(indices), axis=1))
        return self.add("Max", *parts)

    def finish(
        self, batch: int | str, n_frames: int, n_mels: int, outputs: Mapping[str, int]
    ) -> None:
        """Put the nodes into the graph, and leave out of it what no output needs."""
        graph = self._model.graph
        nodes = [*self._before, *graph.node, *self._after]
        needed, kept = set(outputs), []
        for node in reversed(nodes):
            if needed.intersection(node.output):
                needed.update(_list_used(node))
                kept.append(node)
        weights = [*graph.initializer, *self._constants]
        floats = TensorProto.FLOAT
        new = helper.make_graph(
            kept[::-1],
            "genretag",
            [helper.make_tensor_value_info(INPUT, floats, [batch, n_frames, n_mels])],
            [
                helper.make_tensor_value_info(name, floats, [batch, width or f"{name}_width"])
                for name, width in outputs.items()
            ],
        )
        new.initializer.extend(one for one in weights if one.name in needed)
        graph.CopyFrom(new)
        self._model.ir_version = max(self._model.ir_version, _LEAST_IR)

    def _constant(self, value: NDArray[np.generic]) -> str:
        name = f"{_ADDED}constant-{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(value, name))
        return name


def _list_used(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the names of tensors that a node uses, in graphs inside of it too."""
    yield from node.input
    for inner in list_subgraphs(node):
        for one in inner.node:
            yield from _list_used(one)
        yield from (output.name for output in inner.output)
