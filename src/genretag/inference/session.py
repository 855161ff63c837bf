"""Loads models, each one self-describing ONNX file, and scores windows with them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.domain.manifest import METADATA_KEY, ModelManifest
from genretag.domain.prediction import Embeddings, Scores, softmax
from genretag.errors import Code, RunError, UsageError, Warn
from genretag.inference.runtime import ort, ort_state

PROVIDERS: Mapping[str, str] = {
    "cuda": "CUDAExecutionProvider",
    "dml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Devices by the ONNX Runtime provider that runs on them, the fastest first."""

INPUT = "mel"
"""[batch, n_frames, n_mels] float32, from `genretag.audio.mel.features`."""
OUTPUT = "logits"
"""[batch, n_genres] float32, before the softmax."""
EMBEDDING = "embedding"
"""[batch, width] float32: the input of the last layer. Not every model has this output."""

BATCH = 16
"""Windows that are scored at once by default, at most."""
# On a CPU more at once gain nothing: what a layer writes is no longer in its cache for the next.
_CPU_BATCH = 2
DIGEST_LENGTH = 12

_ORT_ERRORS = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
)

# Errors of a device that has gone; older versions of ONNX Runtime lack the names.
_GONE: tuple[type[Exception], ...] = tuple(
    getattr(ort_state, name) for name in ("DeviceReset", "EngineError") if hasattr(ort_state, name)
)


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes:
        manifest: its settings.
        digest: SHA-256 of its file, in hexadecimal.
        device: where it runs, a key of PROVIDERS.
    """

    manifest: ModelManifest
    digest: str
    device: str
    _session: ort.InferenceSession

    @property
    def identity(self) -> str:
        """NAME@SHA256-12: the name and the weights from which a score comes."""
        return f"{self.manifest.name}@{self.digest[:DIGEST_LENGTH]}"

    @property
    def embeds(self) -> bool:
        """Whether it has embeddings."""
        return EMBEDDING in [output.name for output in self._session.get_outputs()]

    def score(self, windows: NDArray[np.float32], batch: int = BATCH) -> Scores:
        """Score windows, one or more.

        Args:
            windows: [n_windows, n_frames, n_mels], from `genretag.audio.mel.features`.
            batch: how many windows are scored at once, at most.

        Returns:
            [n_windows, n_genres], calibrated, in [0, 1]; rows sum to 1.

        Raises:
            DeviceError: the device fails.
        """
        (logits,) = self._run([OUTPUT], windows, batch)
        return softmax(logits, self.manifest.temperature)

    def predict_with_embeddings(
        self, windows: NDArray[np.float32], batch: int = BATCH
    ) -> tuple[Scores, Embeddings]:
        """Score windows as `score`, and return their embeddings [n_windows, width] as well.

        The width is 0 if the model has none.
        """
        if not self.embeds:
            return self.score(windows, batch), np.zeros((len(windows), 0), np.float32)
        logits, embeddings = self._run([OUTPUT, EMBEDDING], windows, batch)
        return softmax(logits, self.manifest.temperature), embeddings

    def _run(
        self, outputs: list[str], windows: NDArray[np.float32], batch: int
    ) -> list[NDArray[np.float32]]:
        if self.device == "cpu":
            batch = min(batch, _CPU_BATCH)
        try:
            parts = [
                self._session.run(outputs, {INPUT: windows[first : first + batch]})
                for first in range(0, len(windows), batch)
            ]
        except (*_ORT_ERRORS, *_GONE) as error:
            raise DeviceError(_first_line(error)) from error
        return [np.concatenate(part) for part in zip(*parts, strict=True)]


class DeviceError(Exception):
    """A device fails to score: it has too little memory, or has gone."""


def load(path: Path, device: str = "auto", warn: Warn = lambda message: None) -> Model:
    """Load a model.

    Args:
        path: its file.
        device: a key of PROVIDERS, or `auto` for the fastest. If it cannot be used after all,
            the model runs on the CPU.
        warn: gets a sentence in that case.

    Raises:
        RunError: `model-invalid`, the file is no ONNX, has no manifest that this version
            reads, keeps weights outside itself, or does not fit its manifest.
        UsageError: `unknown-model`, there is no such file; `no-device`.
    """
    device = _choose_device(device)
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


def read(path: Path) -> bytes:
    """Read the file of a model; UsageError `unknown-model` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{path}: the model cannot be read: {error.strerror}",
            "Name one from `genretag models list`, or a file.",
        ) from error


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
    except (*_ORT_ERRORS, RuntimeError, ValueError):
        pass  # the CPU will show whether it is the model
    return None


def _open_on_cpu(path: Path, content: bytes) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(
            content, _options(path, "cpu"), providers=[PROVIDERS["cpu"]], enable_fallback=0
        )
    except _ORT_ERRORS as error:
        raise _invalid(path, f"ONNX Runtime refuses it: {_first_line(error)}") from error


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
    frames = 1 + round(manifest.window.length_s * front_end.rate_hz) // front_end.hop
    shape = (2, frames, front_end.n_mels)
    probe = np.linspace(0.0, 1.0, 2 * frames * front_end.n_mels, dtype=np.float32).reshape(shape)
    try:
        (logits,) = session.run([OUTPUT], {INPUT: probe})
    except (*_ORT_ERRORS, ValueError) as error:
        raise _invalid(path, f"it cannot score a window: {_first_line(error)}") from error
    if logits.ndim != 2 or len(logits) != 2:
        raise _invalid(path, f"of 2 windows it gives logits of the shape {logits.shape}")
    if logits.shape[1] != len(manifest.genres):
        raise _invalid(path, f"it gives {logits.shape[1]} scores for {len(manifest.genres)} genres")
    if logits.dtype != np.float32 or not np.isfinite(logits).all():
        raise _invalid(path, f"its logits are not finite numbers in float32 but {logits.dtype}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].strip()


def _invalid(path: Path, reason: str) -> RunError:
    return RunError(
        Code.MODEL_INVALID,
        f"{path}: this is not a model that genretag can use: {reason}",
        "Export one with `genretag train`, or leave --model out to use the bundled one.",
    )
