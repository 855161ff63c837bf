"""Asks musicnn's own graph what it says, and keeps the answers in `data/` for the tests.

In an environment of its own (made with TensorFlow 2.21):

    pip install tensorflow-cpu
    pip install --no-deps -e .
    pip download --no-deps musicnn==0.1.0
    python tests/train/make_musicnn_parity.py musicnn-0.1.0-py3-none-any.whl

The graph is the one that was saved beside the published weights, without what is only for
learning. It is given the patches of `musicnn_inputs.py`, and besides the published weights those
drawn there, so that the network can be held to it where the weights cannot be had. A checkpoint
of three small variables is written as well, for the tests of its reader.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf
from musicnn_inputs import KERNELS, drawn_variables, patches

DATA = Path(__file__).parent / "data"
MUSICNN = ("model/batch_normalization_10/batchnorm/add_1", "model/dense_1/BiasAdd")
VGG = ("model/Flatten/flatten/Reshape", "model/dense/BiasAdd")
MODELS = {"MSD_musicnn": MUSICNN, "MTT_musicnn": MUSICNN, "MSD_vgg": VGG}
"""The nodes that give embedding and logits."""
PATCHES, LEARNING = "model/Placeholder", "model/Placeholder_2"
v1 = tf.compat.v1


def main(wheel: Path) -> None:
    v1.disable_eager_execution()
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        ZipFile(wheel).extractall(folder)
        for model, outputs in MODELS.items():
            home = Path(folder, "musicnn", model)
            checkpoint = v1.train.NewCheckpointReader(f"{home}/")
            names = [name for name in checkpoint.get_variable_to_shape_map() if "/" in name]
            variables = {name: checkpoint.get_tensor(name) for name in names if "Adam" not in name}
            answers[model] = answer(home / ".meta", outputs, variables)
            if model in KERNELS:
                drawn = drawn_variables(model)
                answers[f"drawn {model}"] = answer(home / ".meta", outputs, drawn)
    DATA.mkdir(exist_ok=True)
    np.savez_compressed(
        DATA / "musicnn_parity.npz",
        **{f"{name}/{part}": value for name, parts in answers.items() for part, value in parts},
    )
    write_checkpoint(DATA / "checkpoint")


def answer(
    meta: Path, outputs: tuple[str, str], variables: Mapping[str, np.ndarray]
) -> list[tuple[str, np.ndarray]]:
    """What the graph in `meta` says of all patches with these variables."""
    saved = v1.MetaGraphDef()
    saved.ParseFromString(meta.read_bytes())
    used = v1.graph_util.extract_sub_graph(saved.graph_def, list(outputs))
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(used, name="")
        given = {f"{name}/read:0": values for name, values in variables.items()}
        given |= {f"{PATCHES}:0": patches(), f"{LEARNING}:0": False}
        said = session.run([f"{name}:0" for name in outputs], given)
    return list(zip(("embedding", "logits"), said, strict=True))


def write_checkpoint(prefix: Path) -> None:
    """Two float variables with a common start of their names, and one of whole numbers."""
    variables = {
        "layer/bias": np.array([1.5, -2.0, 0.25], np.float32),
        "layer/kernel": np.arange(6, dtype=np.float32).reshape(2, 3) / 8,
        "step": np.array(300, np.int64),
    }
    with tf.Graph().as_default(), v1.Session() as session:
        tensors = [tf.constant(values) for values in variables.values()]
        session.run(tf.raw_ops.SaveV2(
            prefix=str(prefix), tensor_names=list(variables), shape_and_slices=[""] * 3,
            tensors=tensors,
        ))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
