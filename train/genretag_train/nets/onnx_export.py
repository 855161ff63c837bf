"""Export of a trained net to the one file that genretag runs."""

import warnings
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from genretag.domain.manifest import METADATA_KEY, ModelManifest
from genretag.errors import Code, RunError
from genretag.inference.runtime import ort
from genretag.inference.session import EMBEDDING, INPUT, OUTPUT
from genretag.library import resources
from genretag_train.features.extraction import Windows

OPSET = 17
_LINEAR = "Gemm"
TOLERANCE = 1e-4
"""Largest difference between an output of torch and of the exported file, as a share of the
largest output where that is above 1."""


def export_onnx(
    net: nn.Module, file: Path, n_frames: int, n_mels: int, any_length: bool = True
) -> None:
    """Write `net` to `file` as ONNX, `mel` [batch, n_frames, n_mels] -> `logits`, `embedding`.

    The batch is free, and with `any_length` so is time. RunError `parity` if the file does
    not compute what `net` does.
    """
    net.eval()
    free = {0: "batch", 1: "n_frames"} if any_length else {0: "batch"}
    with warnings.catch_warnings():
        # It warns that it is outdated, and that an LSTM may keep the batch it was exported with:
        # `check_parity` tries others.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (torch.zeros(2, n_frames, n_mels),),
            str(file),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: free, OUTPUT: {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    expose_embedding(file)
    lengths = (n_frames // 2 + 1, 2 * n_frames) if any_length else (n_frames,)
    check_parity(net, file, (n_frames, *lengths), n_mels)


def expose_embedding(file: Path) -> None:
    """Make the input of the last layer of the model in `file` an output.

    A net that does not end in a linear layer has no such thing.
    """
    model = onnx.load(file)
    makers = {output: node for node in model.graph.node for output in node.output}
    last = makers[OUTPUT]
    if last.op_type != _LINEAR:
        return
    width = next(w.dims for w in model.graph.initializer if w.name == last.input[1])[1]
    # Named anew: a rewritten graph may call it by another name, or compute it otherwise.
    model.graph.node.append(onnx.helper.make_node("Identity", [last.input[0]], [EMBEDDING]))
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(EMBEDDING, onnx.TensorProto.FLOAT, ["batch", width])
    )
    onnx.save(model, file)


def check_parity(net: nn.Module, file: Path, lengths: Sequence[int], n_mels: int) -> None:
    """Raise RunError `parity` unless file and net agree to TOLERANCE for batches of each length."""
    session = open_session(file)
    draw = np.random.default_rng(0).random
    for batch, frames in product((1, 2, 7), lengths):
        mel = draw((batch, frames, n_mels), dtype=np.float32)
        with torch.no_grad():
            expected = net(torch.from_numpy(mel)).numpy()
        # Single precision is relative: what is large may differ by more.
        size = max(1.0, float(np.abs(expected).max()))
        gap = float(np.abs(run_session(session, mel) - expected).max()) / size
        if not gap <= TOLERANCE:
            raise RunError(
                Code.PARITY,
                f"{file}: differs by {gap:.1e} from the trained net for input {mel.shape}",
                "The export is not usable; please report this with the versions of torch and onnx.",
            )


def write_manifest(file: Path, manifest: ModelManifest) -> None:
    """Put `manifest` into the metadata of the model in `file`, in place of an earlier one."""
    model = onnx.load(file)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {METADATA_KEY: manifest.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, file)


def read_manifest(file: Path) -> ModelManifest:
    """Read the manifest in `file`; RunError `model-invalid` if it is not readable."""
    entries = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    return ModelManifest.from_json(entries.get(METADATA_KEY, ""))


def open_session(file: Path) -> ort.InferenceSession:
    """Open the model in `file`, ready to run on the CPU."""
    options = ort.SessionOptions()
    # By itself it counts the machine's cores, also where a container may use fewer.
    options.intra_op_num_threads = resources.count_cores()
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def compute_logits(file: Path, clips: Iterable[Windows]) -> list[NDArray[np.float32]]:
    """Return the logits [n_windows, n_genres] of each clip's windows."""
    session = open_session(file)
    return [run_session(session, windows) for windows in clips]


def run_session(session: ort.InferenceSession, mel: Windows) -> NDArray[np.float32]:
    """Return the logits [n_windows, n_genres] of windows [n_windows, n_frames, n_mels]."""
    logits: NDArray[np.float32] = session.run([OUTPUT], {INPUT: mel})[0]
    return logits
