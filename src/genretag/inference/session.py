"""Loads models, each one self-describing ONNX file, and heads that persons learned on them."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from genretag.domain.manifest import METADATA_KEY, ModelManifest
from genretag.errors import Code, RunError, UsageError, Warn
from genretag.inference import store
from genretag.inference.model import (
    BATCH,
    EMBEDDING,
    INPUT,
    ORT_ERRORS,
    OUTPUT,
    DeviceError,
    Head,
    Model,
    first_line,
)
from genretag.inference.runtime import ort
from genretag.inference.store import DIGEST_LENGTH

__all__ = [
    "BATCH",
    "DIGEST_LENGTH",
    "EMBEDDING",
    "INPUT",
    "OUTPUT",
    "PROVIDERS",
    "DeviceError",
    "Model",
    "device_failure",
    "list_devices",
    "load",
    "read",
    "reload_on_cpu",
]

PROVIDERS: Mapping[str, str] = {
    "cuda": "CUDAExecutionProvider",
    "dml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Devices by the ONNX Runtime provider that runs on them, the fastest first."""


def load(path: Path, device: str = "auto", warn: Warn = lambda message: None) -> Model:
    """Load a model, or a learned head with the model that it needs.

    Args:
        path: its file.
        device: a key of PROVIDERS, or `auto` for the fastest. If it cannot be used after all,
            the model runs on the CPU.
        warn: gets a sentence in that case.

    Raises:
        RunError: `model-invalid`, the file is no ONNX, has no manifest that this version
            reads, keeps weights outside itself, or does not fit its manifest.
            `base-missing`, the model that a learned head needs is not there.
        UsageError: `unknown-model`, there is no such file; `no-device`.
    """
    device = _choose_device(device)
    if path.suffix == store.HEAD_SUFFIX:
        return _load_learned(path, device, warn)
    content = read(path)
    session = _open_session(path, content, device) if device != "cpu" else None
    if session is None and device != "cpu":
        warn(f"The device {device} cannot be used; going on with cpu. Try: genretag doctor")
        device = "cpu"
    if session is None:
        session = _open_on_cpu(path, content)
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise _invalid(path, "it carries no genretag manifest")
    try:
        manifest = ModelManifest.from_json(text)
    except RunError as error:
        raise RunError(error.code, f"{path}: {error.message}", error.hint) from error
    _check_shapes(path, session, manifest)
    return Model(manifest, hashlib.sha256(content).hexdigest(), device, session)


def _load_learned(path: Path, device: str, warn: Warn) -> Model:
    """Load a learned head and the model that it needs."""
    from genretag.inference.learned import invalid_head, missing_base, read_learned

    found = read_learned(path)
    manifest, wanted = found.manifest, found.manifest.base
    base = load(found.base_file, device, warn)
    if wanted and base.digest != wanted.sha256:
        which = f"{wanted.model}, which has the SHA-256 {base.digest} and not {wanted.sha256}"
        raise missing_base(path, which)
    its = base.manifest
    if (manifest.front_end, manifest.window.length_s) != (its.front_end, its.window.length_s):
        raise invalid_head(path, "its windows are not those of its base")
    silence = np.zeros((1, _count_frames(manifest), manifest.front_end.n_mels), np.float32)
    width = base.predict_with_embeddings(silence)[1].shape[1]
    if found.weight.shape[1] != width:
        raise invalid_head(
            path, f"it is for embeddings of {found.weight.shape[1]} numbers, its base has {width}"
        )
    head = Head(found.weight, found.bias, base, found.base_file)
    return replace(base, manifest=manifest, digest=found.digest, head=head)


def read(path: Path) -> bytes:
    """Read the file of a model; UsageError `unknown-model` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise store.unreadable_model(path, error) from error


def reload_on_cpu(failed: Model, path: Path, error: DeviceError, warn: Warn) -> Model:
    """Load the model in `path` onto the CPU after the device of `failed` has failed.

    RunError `model-invalid` if that was the CPU: then there is nothing left to try.
    """
    if failed.device == "cpu":
        raise device_failure(path, error) from error
    warn(f"The device {failed.device} failed ({error}); going on with cpu")
    return load(path, "cpu")


def device_failure(path: Path, error: DeviceError) -> RunError:
    """Return the error that ends a run because no device can score with the model in `path`."""
    return RunError(
        Code.MODEL_INVALID,
        f"{path}: scoring failed: {error}",
        "The machine may lack memory, or the model be damaged: try `genretag models verify`.",
    )


def _open_session(path: Path, content: bytes, device: str) -> ort.InferenceSession | None:
    """Open a session on a device; None if its libraries or the machine lack something."""
    provider = PROVIDERS[device]
    try:
        session = ort.InferenceSession(
            content, _options(path, device), providers=[provider], enable_fallback=0
        )
        if provider in session.get_providers():  # else it goes on with the CPU by itself
            _probe(session)
            return session
    except (*ORT_ERRORS, RuntimeError, ValueError):
        pass  # the CPU will show whether it is the model
    return None


def _open_on_cpu(path: Path, content: bytes) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(
            content, _options(path, "cpu"), providers=[PROVIDERS["cpu"]], enable_fallback=0
        )
    except ORT_ERRORS as error:
        raise _invalid(path, f"ONNX Runtime refuses it: {first_line(error)}") from error


def _probe(session: ort.InferenceSession) -> None:
    """Score one window of the model's own shape: some devices fail only then."""
    shape = [side if isinstance(side, int) else 1 for side in session.get_inputs()[0].shape]
    session.run([OUTPUT], {INPUT: np.zeros(shape, np.float32)})


def list_devices() -> list[str]:
    """List the devices that the installed ONNX Runtime supports, the fastest first."""
    built_in = ort.get_available_providers()
    return [device for device, provider in PROVIDERS.items() if provider in built_in]


def _choose_device(device: str) -> str:
    available = list_devices()
    if device == "auto":
        return available[0]
    if device not in available:
        raise UsageError(
            Code.NO_DEVICE,
            f"The installed ONNX Runtime cannot use the device {device!r}",
            f"Choose --device {' or '.join(available)}, or leave the choice to it with auto.",
        )
    return device


def _options(path: Path, device: str) -> ort.SessionOptions:
    options = ort.SessionOptions()
    # Parallelism is over files: more threads in here would only fight the other workers.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # DirectML refuses to run with it.
    options.enable_mem_pattern = device != "dml"
    # Weights outside the file would escape its digest. A file has nothing beneath it, so
    # with the model itself as their folder they are never found.
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(path)
    )
    return options


def _check_shapes(path: Path, session: ort.InferenceSession, manifest: ModelManifest) -> None:
    """Score two windows: only that shows whether the graph and the manifest agree."""
    front_end = manifest.front_end
    frames = _count_frames(manifest)
    shape = (2, frames, front_end.n_mels)
    probe = np.linspace(0.0, 1.0, 2 * frames * front_end.n_mels, dtype=np.float32).reshape(shape)
    try:
        (logits,) = session.run([OUTPUT], {INPUT: probe})
    except (*ORT_ERRORS, ValueError) as error:
        raise _invalid(path, f"it cannot score a window: {first_line(error)}") from error
    if logits.ndim != 2 or len(logits) != 2:
        raise _invalid(path, f"of 2 windows it gives logits of the shape {logits.shape}")
    if logits.shape[1] != len(manifest.genres):
        raise _invalid(path, f"it gives {logits.shape[1]} scores for {len(manifest.genres)} genres")
    if logits.dtype != np.float32 or not np.isfinite(logits).all():
        raise _invalid(path, f"its logits are not finite numbers in float32 but {logits.dtype}")


def _count_frames(manifest: ModelManifest) -> int:
    return manifest.front_end.count_frames(manifest.n_samples)


def _invalid(path: Path, reason: str) -> RunError:
    return RunError(
        Code.MODEL_INVALID,
        f"{path}: this is not a model that genretag can use: {reason}",
        "Export one with `genretag train`, or leave --model out to use the bundled one.",
    )
