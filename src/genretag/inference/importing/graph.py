"""Reads graphs of ONNX that nobody trusts: what is odd is refused before anything is computed."""

from collections.abc import Iterator
from math import prod
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import checker, defs, helper

from genretag.errors import Code, RunError, UsageError, reason, shorten
from genretag.inference import store

MOST_BYTES = 2**31 - 1
"""Of a file; protobuf allows no more."""
_MOST_NODES = 50_000
_MOST_SIDE = 2**20
_MOST_RANK = 8
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
"""Of operators that ONNX Runtime brings with it."""
_OPSETS = range(9, 27)
_IR_VERSIONS = range(3, onnx.IR_VERSION + 1)
_NUMBERS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
"""Types that an input may have."""
_HALF_BYTE = (onnx.TensorProto.INT4, onnx.TensorProto.UINT4)


def read_graph(path: Path) -> onnx.ModelProto:
    """Read a graph and check it; nothing of it runs.

    Raises:
        UsageError: `unknown-model`, the file cannot be read.
        RunError: `model-invalid`, it is no ONNX, keeps tensors outside itself, has operators that
            ONNX Runtime does not bring, a tensor that is not as large as it says, or is no graph.
    """
    store.require_file(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise invalid_graph(path, "it is larger than 2 GB")
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{path}: the model cannot be read: {reason(error)}",
            "Name an ONNX file.",
        ) from error
    except DecodeError as error:
        raise invalid_graph(path, "it is no ONNX file") from error
    for problem in _problems(model):
        raise invalid_graph(path, problem)
    try:
        checker.check_model(model)
    except (checker.ValidationError, RuntimeError, ValueError) as error:
        raise invalid_graph(path, reason(error)) from error
    return model


def invalid_graph(path: Path, why: str) -> RunError:
    """Return the error of a file that cannot be imported."""
    return RunError(
        Code.MODEL_INVALID,
        f"{path}: this model cannot be imported: {why}",
        "Nothing was imported. Take the ONNX file from its publisher, with the JSON beside it.",
    )


def _problems(model: onnx.ModelProto) -> Iterator[str]:
    """Yield what speaks against a graph, the worst first."""
    if not model.graph.node:
        yield "it is no ONNX file, or has no nodes"
    if model.functions:
        yield "it has functions of its own; inline them first (onnx.inliner)"
    if model.ir_version not in _IR_VERSIONS:
        yield f"it is of the version {model.ir_version} of the file format"
    versions = {str(entry.domain): entry.version for entry in model.opset_import}
    if len(versions) < len(model.opset_import):
        yield "it names two opsets of one domain"
    for strange in sorted(set(versions) - set(_DOMAINS)):
        yield f"it needs operators of {shorten(strange)!r}"
    version = versions.get("", versions.get("ai.onnx", 0))
    if version not in _OPSETS:
        yield f"it is for opset {version}, and {_OPSETS[0]} to {_OPSETS[-1]} can be imported"
    nodes = 0
    for graph in _graphs(model.graph):
        nodes += len(graph.node)
        if nodes > _MOST_NODES:
            yield f"it has more than {_MOST_NODES:,} nodes"
        # Where a text is not in UTF-8, protobuf gives its bytes.
        if any(isinstance(name, bytes) for name in _names(graph)):
            yield "it has a name that is no text"
        for node in graph.node:
            yield from _node_problems(node, version)
        if graph.sparse_initializer:
            yield "it has sparse tensors"
        if len({tensor.name for tensor in graph.initializer}) < len(graph.initializer):
            yield "it has two weights of one name"
        for tensor in _tensors(graph):
            yield from _tensor_problems(tensor)


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph and those inside its nodes; protobuf reads none that is a hundred deep."""
    yield graph
    for node in graph.node:
        for inner in list_subgraphs(node):
            yield from _graphs(inner)


def list_subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yield the graphs inside a node, such as the branches of an If."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _names(graph: onnx.GraphProto) -> Iterator[str | bytes]:
    """Yield all names that mean something."""
    for node in graph.node:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
    for value in (*graph.input, *graph.output, *graph.value_info):
        yield value.name
        yield from (side.dim_param for side in value.type.tensor_type.shape.dim)
    yield from (tensor.name for tensor in _tensors(graph))


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _node_problems(node: onnx.NodeProto, version: int) -> Iterator[str]:
    operator = f"the operator {shorten(node.op_type)!r}"
    if node.domain not in _DOMAINS:
        yield f"it needs {operator} of {shorten(node.domain)!r}"
    elif node.domain in ("", "ai.onnx") and not defs.has(node.op_type, version):
        yield f"it needs {operator}, which opset {version} does not have"
    if any(one.HasField("sparse_tensor") or one.sparse_tensors for one in node.attribute):
        yield f"{operator} has sparse tensors"


def _tensor_problems(tensor: onnx.TensorProto) -> Iterator[str]:
    """Yield what speaks against a tensor; its numbers must be there, and as many as it says."""
    name = f"the tensor {shorten(tensor.name)!r}"
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        yield f"{name} lies outside the file"
    if len(tensor.dims) > _MOST_RANK or any(not 0 <= side < 2**31 for side in tensor.dims):
        yield f"{name} has the shape {list(tensor.dims)[:_MOST_RANK]}"
    try:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    except KeyError:
        yield f"{name} is of an unknown type"
        return
    count = prod(tensor.dims)
    if tensor.HasField("raw_data"):
        n_bytes = (count + 1) // 2 if tensor.data_type in _HALF_BYTE else count * dtype.itemsize
        right = len(tensor.raw_data) == n_bytes
    else:
        given = max(
            len(getattr(tensor, field))
            for field in ("float_data", "int32_data", "int64_data", "double_data",
                          "uint64_data", "string_data")
        )  # fmt: skip
        # Two numbers of four bits are in one entry.
        right = count <= 2 * given and given <= max(2 * count, 1)
    if not right:
        yield f"{name} is not as large as it says"


def find_input(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    """Return the one input of a graph that is no weight.

    Raises:
        ValueError: there is not one such input, or it holds no floating-point numbers.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [
        one for one in model.graph.input if one.name not in weights
    ]
    if len(inputs) != 1:
        raise ValueError(f"it has {len(inputs)} inputs, and must have one")
    if inputs[0].type.tensor_type.elem_type not in _NUMBERS:
        raise ValueError(f"its input {shorten(inputs[0].name)!r} is not of float numbers")
    return inputs[0]


def shape_of(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """Return the shape of an input or output; 0 for a side that is left open.

    Raises:
        ValueError: a side is larger than 1,048,576.
    """
    sides = tuple(
        max(0, side.dim_value) if side.HasField("dim_value") else 0
        for side in value.type.tensor_type.shape.dim
    )
    if len(sides) > _MOST_RANK or any(side > _MOST_SIDE for side in sides):
        raise ValueError(f"{shorten(value.name)!r} has the shape {sides[:_MOST_RANK]}")
    return sides
