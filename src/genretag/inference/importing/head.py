"""Joins a base model and a head on its embeddings to one graph."""

import onnx
from onnx import compose, helper, version_converter

from genretag.inference.importing.graph import find_input, shape_of

_BASE, _HEAD = "base/", "head/"
"""Beginnings of the names of tensors: many models have the same ones."""


def join_head(
    base: onnx.ModelProto, embedding: str, head: onnx.ModelProto
) -> tuple[onnx.ModelProto, str]:
    """Return one graph of a base model and a head on its output `embedding`; both are changed.

    Its outputs are those of the head, under their own names, and the embeddings, whose new name
    is the second value.

    Raises:
        ValueError: the head does not fit the base.
    """
    opset = max(_opset(base), _opset(head))
    base, head = _convert(base, opset), _convert(head, opset)
    compose.add_prefix(base, _BASE, inplace=True)
    output = next(one for one in base.graph.output if one.name == _BASE + embedding)
    names = [one.name for one in head.graph.output]
    compose.add_prefix(head, _HEAD, inplace=True)
    value = find_input(head)
    width, wanted = shape_of(output)[-1:] or (0,), shape_of(value)[-1:] or (0,)
    if width != wanted and 0 not in (*width, *wanted):
        raise ValueError(f"the head is for embeddings of {wanted[0]} numbers, not of {width[0]}")
    nodes = base.graph.node
    nodes.append(helper.make_node("Flatten", [output.name], [value.name], axis=1))
    nodes.extend(head.graph.node)
    base.graph.initializer.extend(head.graph.initializer)
    outputs = [output]
    for name, one in zip(names, head.graph.output, strict=True):
        nodes.append(helper.make_node("Identity", [one.name], [name]))
        one.name = name
        outputs.append(one)
    new = onnx.GraphProto(output=outputs)
    base.graph.ClearField("output")
    base.graph.output.extend(new.output)
    base.ir_version = max(base.ir_version, head.ir_version)
    return base, new.output[0].name


def _opset(model: onnx.ModelProto) -> int:
    found: int = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    return found


def _convert(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """Return the same for a newer opset."""
    if _opset(model) == opset:
        return model
    try:
        return version_converter.convert_version(model, opset)
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"model and head are for two opsets, and one cannot be converted to {opset}"
        ) from error
