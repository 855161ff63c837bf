"""Joins a base model and a head on its embeddings to one graph."""

import onnx
from onnx import compose, helper, version_converter

from genretag.inference.importing.graph import find_input, shape_of

_PREFIX = "head/"
"""The beginning of the names of tensors that come from the head."""


def join_head(base: onnx.ModelProto, embedding: str, head: onnx.ModelProto) -> onnx.ModelProto:
    """Return one graph of a base model and a head on its output `embedding`; both are changed.

    Its outputs are those of the head, under their own names, and the embeddings.

    Raises:
        ValueError: the head does not fit the base.
    """
    value = find_input(head)
    output = next(one for one in base.graph.output if one.name == embedding)
    width, wanted = shape_of(output)[-1:] or (0,), shape_of(value)[-1:] or (0,)
    if width != wanted and 0 not in (*width, *wanted):
        raise ValueError(f"the head is for embeddings of {wanted[0]} numbers, not of {width[0]}")
    head = _convert(head, _opset(base))
    names = [one.name for one in head.graph.output]
    value = find_input(head)
    compose.add_prefix(head, _PREFIX, inplace=True)  # `value` has its new name by that
    nodes = base.graph.node
    nodes.append(helper.make_node("Flatten", [embedding], [value.name], axis=1))
    nodes.extend(head.graph.node)
    base.graph.initializer.extend(head.graph.initializer)
    del base.graph.output[:]
    base.graph.output.append(output)
    for name, one in zip(names, head.graph.output, strict=True):
        nodes.append(helper.make_node("Identity", [one.name], [name]))
        one.name = name
        base.graph.output.append(one)
    base.ir_version = max(base.ir_version, head.ir_version)
    return base


def _opset(model: onnx.ModelProto) -> int:
    found: int = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    return found


def _convert(head: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """Return a head for the opset of its base."""
    if _opset(head) == opset:
        return head
    try:
        return version_converter.convert_version(head, opset)
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"the head is for opset {_opset(head)}, its base for {opset}: convert one of them"
        ) from error
