"""The weights of an exported model in fewer bits: a function and a row in `PRECISIONS` each."""

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: TID251 - its tools

_WORTH_HALVING = 256
"""Weights with fewer numbers stay as they are: there is nothing to gain."""


def full(model: Path, out: Path) -> None:
    """Single precision, as trained."""
    shutil.copyfile(model, out)


def halved(model: Path, out: Path) -> None:
    """Weights stored in half precision, and computed with in single precision.

    So the file halves and runs wherever the model ran: ONNX Runtime has no LSTM in half
    precision for the CPU. It widens the weights once, when it loads them.
    """
    content = onnx.load(model)
    graph = content.graph
    casts = []
    for weights in graph.initializer:
        numbers = numpy_helper.to_array(weights)
        if weights.data_type == TensorProto.FLOAT and numbers.size >= _WORTH_HALVING:
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(numbers.astype(np.float16), f"{name}_half"))
            casts.append(helper.make_node("Cast", [weights.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(content, out)


def quantised(model: Path, out: Path) -> None:
    """ONNX Runtime's dynamic quantisation to 8 bits, of the operators that it has it for."""
    logging.disable(logging.WARNING)  # it advises a preparation that changes nothing here
    try:
        # Unsigned, as ONNX Runtime has no convolution with signed weights on many CPUs.
        quantize_dynamic(model, out, weight_type=QuantType.QUInt8)
    finally:
        logging.disable(logging.NOTSET)


PRECISIONS: Mapping[str, Callable[[Path, Path], None]] = {
    "fp32": full,
    "fp16": halved,
    "int8": quantised,
}
