"""Precisions of an exported model's weights; to add one: a function and a row in `PRECISIONS`."""

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


def copy_fp32(model: Path, out: Path) -> None:
    """Copy the model: single precision, as trained."""
    shutil.copyfile(model, out)


def convert_to_fp16(model: Path, out: Path) -> None:
    """Store the weights in half precision, and compute with them in single precision.

    The file halves, and runs wherever the model ran: ONNX Runtime has no LSTM in half
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


def quantise_to_int8(model: Path, out: Path) -> None:
    """Quantise to 8 bits, dynamically, the operators for which ONNX Runtime can do it."""
    logging.disable(logging.WARNING)  # it advises a preparation that changes nothing here
    try:
        # Unsigned, as ONNX Runtime has no convolution with signed weights on many CPUs.
        quantize_dynamic(model, out, weight_type=QuantType.QUInt8)
    finally:
        logging.disable(logging.NOTSET)


PRECISIONS: Mapping[str, Callable[[Path, Path], None]] = {
    "fp32": copy_fp32,
    "fp16": convert_to_fp16,
    "int8": quantise_to_int8,
}
