"""Loads models, each one self-describing ONNX file, and heads that persons learned on them."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from genretag.domain.manifest import METADATA_KEY, ModelManifest
from genretag.errors import Code, RunError, UsageError, Warn
from genretag.inference import store
from genretag.inference.model import (
    BATCH,
    EMBEDDING,
    INPUT,
    MOST_BATCH,
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
    "LARGE_BYTES",
    "OUTPUT",
    "PROVIDERS",
    "DeviceError",
    "Model",
    "device_failure",
    "digest_of",
    "list_devices",
    "load",
    "load_lazily",
    "measure",
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


LARGE_BYTES = 64 << 20
"""From this size on a model is read from its file as it is used, and not copied for each worker."""
_WIDEST_EMBEDDING = 2**16
"""Numbers in an embedding, at most: each track's is kept."""


def load(
    path: Path, device: str = "auto", warn: Warn = lambda message: None, threads: int = 1
) -> Model:
    """Load a model, or a learned head with the model that it needs.

    Args:
        path: its file.
        device: a key of PROVIDERS, or `auto` for the fastest. If it cannot be used after all,
            the model runs on the CPU.
        warn: gets a sentence in that case.
        threads: how many cores one score may use. Where several processes score, it is best 1.

    Raises:
        RunError: `model-invalid`, the file is no ONNX, has no manifest that this version
            reads, keeps weights outside itself, or does not fit its manifest.
            `base-missing`, the model that a learned head needs is not there.
        UsageError: `unknown-model`, there is no such file; `no-device`.
    """
    device = _choose_device(device)
    if path.suffix == store.HEAD_SUFFIX:
        return _load_learned(path, device, warn, threads)
    source = read(path) if measure(path) <= LARGE_BYTES else str(path)
    session = _open_session(path, source, device, threads) if device != "cpu" else None
    if session is None and device != "cpu":
        warn(f"The device {device} cannot be used; going on with cpu. Try: genretag doctor")
        device = "cpu"
    if session is None:
        session = _open_on_cpu(path, source, threads)
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise _invalid(path, "it carries no genretag manifest")
    try:
        manifest = ModelManifest.from_json(text)
    except RunError as error:
        raise RunError(error.code, f"{path}: {error.message}", error.hint) from error
    digest = digest_of(path) if isinstance(source, str) else hashlib.sha256(source).hexdigest()
    model = Model(manifest, digest, device, lambda: session)
    _check_shapes(path, model)
    return model


def load_lazily(path: Path, manifest: ModelManifest, digest: str) -> Model:
    """Return a model whose manifest is known; its file is read when it scores for the first time.

    It runs on the CPU. Errors of `load` come then.
    """
    return Model(manifest, digest, "cpu", cache(lambda: load(path, "cpu")._open()))


def _load_learned(path: Path, device: str, warn: Warn, threads: int) -> Model:
    """Load a learned head and the model that it needs."""
    from genretag.inference.learned import invalid_head, missing_base, read_learned

    found = read_learned(path)
    manifest, wanted = found.manifest, found.manifest.base
    base = load(found.base_file, device, warn, threads)
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


def measure(path: Path) -> int:
    """Return the size of the file of a model in bytes; UsageError as `read`."""
    store.require_file(path)
    try:
        return path.stat().st_size
    except OSError as error:
        raise store.unreadable_model(path, error) from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of the file of a model, in hexadecimal; UsageError as `read`."""
    store.require_file(path)
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise store.unreadable_model(path, error) from error


def reload_on_cpu(failed: Model, path: Path, error: DeviceError, warn: Warn) -> Model:
    """Load the model in `path` onto the CPU after the device of `failed` has failed.

    RunError `model-invalid` if that was the CPU: then there is nothing left to try.
    """
    if failed.device == "cpu":
        raise device_failure(path, error) from error
    warn(f"The device {failed.device} failed ({error}); going on with cpu")
    loaded, calibration = load(path, "cpu"), failed.base.calibration
    return loaded.calibrate(calibration) if calibration else loaded


def device_failure(path: Path, error: DeviceError) -> RunError:
    """Return the error that ends a run because no device can score with the model in `path`."""
    return RunError(
        Code.MODEL_INVALID,
        f"{path}: scoring failed: {error}",
        "The machine may lack memory, or the model be damaged: try `genretag models verify`.",
    )


def _open_session(
    path: Path, source: bytes | str, device: str, threads: int
) -> ort.InferenceSession | None:
    """Open a session on a device; None if its libraries or the machine lack something."""
    provider = PROVIDERS[device]
    try:
        session = ort.InferenceSession(
            source, _options(path, device, threads), providers=[provider], enable_fallback=0
        )
        if provider in session.get_providers():  # else it goes on with the CPU by itself
            _probe(session)
            return session
    except (*ORT_ERRORS, RuntimeError, ValueError):
        pass  # the CPU will show whether it is the model
    return None


def _open_on_cpu(path: Path, source: bytes | str, threads: int) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(
            source,
            _options(path, "cpu", threads),
            providers=[PROVIDERS["cpu"]],
            enable_fallback=0,
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


def _options(path: Path, device: str, threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting in a circle takes the time of workers that extract windows.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    # DirectML refuses to run with it.
    options.enable_mem_pattern = device != "dml"
    # Weights outside the file would escape its digest. A file has nothing beneath it, so
    # with the model itself as their folder they are never found.
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(path)
    )
    return options


def _check_shapes(path: Path, model: Model) -> None:
    """Score two windows, of a large model one: only that shows whether it fits its manifest."""
    manifest, n_mels = model.manifest, model.manifest.front_end.n_mels
    if (model.fixed_batch or 1) not in range(1, MOST_BATCH + 1):
        raise _invalid(path, f"it wants {model.fixed_batch} windows at once")
    for one in model.list_outputs():
        if one.name in (OUTPUT, EMBEDDING) and one.type != "tensor(float)":
            raise _invalid(path, f"its output {one.name} is not in float32 but {one.type}")
    frames = _count_frames(manifest)
    count = 1 if measure(path) > LARGE_BYTES else 2
    probe = np.linspace(0.0, 1.0, count * frames * n_mels, dtype=np.float32)
    outputs = [OUTPUT, EMBEDDING] if model.embeds else [OUTPUT]
    try:
        found = model.run(outputs, probe.reshape(count, frames, n_mels), count)
    except (DeviceError, IndexError, ValueError) as error:
        raise _invalid(path, f"it cannot score a window: {first_line(error)}") from error
    for name, rows in zip(outputs, found, strict=True):
        if rows.ndim != 2 or len(rows) != count:
            raise _invalid(path, f"of {count} windows it gives {name} of the shape {rows.shape}")
    n_scores, width = found[0].shape[1], found[-1].shape[1]
    if n_scores != len(manifest.genres):
        raise _invalid(path, f"it gives {n_scores} scores for {len(manifest.genres)} genres")
    if not 1 <= width <= _WIDEST_EMBEDDING:
        raise _invalid(path, f"its embeddings have {width:,} numbers")


def _count_frames(manifest: ModelManifest) -> int:
    return manifest.front_end.count_frames(manifest.n_samples)


def _invalid(path: Path, reason: str) -> RunError:
    return RunError(
        Code.MODEL_INVALID,
        f"{path}: this is not a model that genretag can use: {reason}",
        "Export one with `genretag train`, or leave --model out to use the bundled one.",
    )
