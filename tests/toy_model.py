"""A model that needs no training: it tells low, middle and high sounds apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from genretag.domain.front_end import FrontEnd
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import METADATA_KEY, ModelManifest
from genretag.domain.pooling import Pooling
from genretag.domain.window import WindowSpec

GENRES = ("Low", "Middle", "High")
LOW_HZ, MIDDLE_HZ, HIGH_HZ = 150.0, 2200.0, 6000.0

POOLING = Pooling(
    outlier=0.2,
    weight=0.8,
    correlation=0.2,
    agreement=0.95,
    vote=0.98,
    coherent=0.976,
    coherent_folder=0.3,
    threshold=0.7,
    apart=0.99,
)
"""How a model may decide tracks together that belong together."""

MANIFEST = ModelManifest(
    name="toy",
    version="1",
    licence="MIT",
    description="Low, middle or high?",
    genres=GenreVocabulary(GENRES),
    front_end=FrontEnd(22050, 2048, 512, 48, "db-minmax"),
    window=WindowSpec(length_s=2.0),
    temperature=1.0,
    threshold=0.6,
)


MULTILABEL = replace(
    MANIFEST, name="toy-styles", activation="sigmoid", is_calibrated=False, threshold=0.5
)
"""The same with a score of its own for each genre, which says little: use it with an `offset`."""


def save(path: Path, manifest: ModelManifest = MANIFEST, offset: float = 0.0) -> Path:
    """Write the model to `path`: how much each third of the mels stands out, as logits.

    `offset` is added to all of them, which only matters where each genre scores by itself.
    """
    n_mels, n_genres = manifest.front_end.n_mels, len(manifest.genres)
    weights = np.repeat(np.eye(n_genres, dtype=np.float32) * 0.75, n_mels // n_genres, axis=0)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["mel"], ["embedding"], axes=[1], keepdims=0),
            helper.make_node("MatMul", ["embedding", "weights"], ["heights"]),
            helper.make_node("Add", ["heights", "offset"], ["logits"]),
        ],
        "toy",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["batch", "frames", n_mels])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", n_genres]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", n_mels]),
        ],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([offset], np.float32), "offset"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: manifest.to_json()})
    onnx.save(model, path)
    return path
