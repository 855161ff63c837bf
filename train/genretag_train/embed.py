"""Penultimate embeddings: what a model file computes just before its last layer."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from genretag.inference.session import INPUT, OUTPUT
from genretag_train.evaluate import Embed
from genretag_train.hearing import Windows

_LAYERS = frozenset({"Gemm", "MatMul", "MatMulInteger"})
_WRAPPINGS = frozenset({"DynamicQuantizeLinear", "Cast"})


def embedder(file: Path) -> Embed:
    """What takes a clip's windows to embeddings [n_windows, width] by the model in `file`.

    A model whose last layer cannot be found is represented by its logits.
    """
    model = onnx.load(file)
    name = _before_last_layer(model.graph)
    if name != OUTPUT:
        model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def embed(windows: Windows) -> NDArray[np.float32]:
        found: NDArray[np.float32] = session.run([name], {INPUT: windows})[0]
        return found.reshape(len(windows), -1)

    return embed


def _before_last_layer(graph: onnx.GraphProto) -> str:
    """The name of what goes into the last layer with weights."""
    makers = {output: node for node in graph.node for output in node.output}
    names = [OUTPUT]
    while names:
        node = makers.get(names.pop(0))
        if node is None:
            continue
        if node.op_type in _LAYERS:
            name = node.input[0]
            while name in makers and makers[name].op_type in _WRAPPINGS:
                name = makers[name].input[0]
            return str(name)
        names.extend(node.input)
    return OUTPUT
