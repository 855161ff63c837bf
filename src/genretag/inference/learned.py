"""Keeps the heads that persons learned: each one self-describing file of safetensors."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from genretag.domain.manifest import METADATA_KEY, BaseModel, ModelManifest
from genretag.errors import Code, RunError, reason
from genretag.inference import store
from genretag.inference.store import DIGEST_LENGTH, HEAD_SUFFIX

_WEIGHT, _BIAS = "weight", "bias"
_MOST_BYTES = 256 << 20
_LENGTH_BYTES = 8
"""Of the header's length, with which such a file begins."""


@dataclass(frozen=True, eq=False)
class LearnedFile:
    """A head as its file has it.

    Attributes:
        manifest: with the base model.
        weight: [n_genres + 1, width]; the last row is for music of none of the genres.
        bias: [n_genres + 1].
        digest: SHA-256 of the file, in hexadecimal.
        base_file: the file of the base model, which may be another than the manifest means.
    """

    manifest: ModelManifest
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    digest: str
    base_file: Path


def save_learned(
    file: Path, manifest: ModelManifest, weight: NDArray[np.float64], bias: NDArray[np.float64]
) -> Path | None:
    """Save a head; a file that was there is kept under its digest, and its new path returned.

    Args:
        file: gets the head as a whole or not at all.
        manifest: with the base model.
        weight: [n_genres + 1, width].
        bias: [n_genres + 1].

    Raises:
        OSError: it cannot be written.
    """
    tensors = {_WEIGHT: weight.astype(np.float32), _BIAS: bias.astype(np.float32)}
    content = save(tensors, {METADATA_KEY: manifest.to_json()})
    file.parent.mkdir(parents=True, exist_ok=True)
    staged = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with staged.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        kept = _keep_earlier(file, content)
        staged.replace(file)
    finally:
        staged.unlink(missing_ok=True)
    return kept


def _keep_earlier(file: Path, content: bytes) -> Path | None:
    if not file.exists():
        return None
    earlier = file.read_bytes()
    if earlier == content:
        return None
    digest = hashlib.sha256(earlier).hexdigest()[:DIGEST_LENGTH]
    kept = file.with_name(f"{file.stem}@{digest}{file.suffix}")
    kept.write_bytes(earlier)  # a copy, so that there is a model of that name at any instant
    return kept


def read_learned(path: Path) -> LearnedFile:
    """Read a head, and find the model that it needs.

    Raises:
        RunError: `model-invalid`, the file is no such head; `base-missing`.
        UsageError: `unknown-model`, there is no such file.
    """
    content = _read(path)
    manifest, tensors = _parse(path, content)
    if manifest.base is None:
        raise invalid_head(path, "its manifest names no base model")
    if not manifest.name.isprintable():
        raise invalid_head(path, f"its name is {manifest.name!r}")
    try:
        weight, bias = tensors[_WEIGHT], tensors[_BIAS]
    except KeyError as error:
        raise invalid_head(path, f"it has no tensor {error}") from error
    for tensor in (weight, bias):
        if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            raise invalid_head(path, "its weights are not finite numbers in float32")
    outputs = len(manifest.genres) + 1
    if weight.ndim != 2 or len(weight) != outputs or bias.shape != (outputs,):
        raise invalid_head(path, f"its weights have the shape {weight.shape}")
    digest = hashlib.sha256(content).hexdigest()
    return LearnedFile(manifest, weight, bias, digest, _locate_base(path, manifest.base))


def missing_base(path: Path, what: str) -> RunError:
    """Return the error of a head whose base model is not there; `what` is needed."""
    return RunError(
        Code.BASE_MISSING,
        f"{path}: it was learned on {what}",
        "Learn it again with `genretag learn`, which takes a minute where files were analysed, or "
        "bring back that model.",
    )


def invalid_head(path: Path, why: str) -> RunError:
    """Return the error of a file that is no head."""
    return RunError(
        Code.MODEL_INVALID,
        f"{path}: this is no learned model that genretag can use: {why}",
        "Learn it again with `genretag learn`.",
    )


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        size = status.st_size
        if not stat.S_ISREG(status.st_mode):
            raise invalid_head(path, "it is no file")
        if size <= _MOST_BYTES:
            return path.read_bytes()
    except OSError as error:
        raise store.unreadable_model(path, error) from error
    raise invalid_head(path, f"it has {size} bytes, and a head has {_MOST_BYTES} at most")


def _parse(path: Path, content: bytes) -> tuple[ModelManifest, Mapping[str, NDArray[np.float32]]]:
    try:
        tensors = load(content)
        length = int.from_bytes(content[:_LENGTH_BYTES], "little")
        header = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
        text = header["__metadata__"][METADATA_KEY]
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise invalid_head(path, f"it has no tensors or no manifest: {reason(error)}") from error
    try:
        return ModelManifest.from_json(text), tensors
    except RunError as error:
        raise RunError(error.code, f"{path}: {error.message}", error.hint) from error


def _locate_base(path: Path, base: BaseModel) -> Path:
    # Heads and imported models of a person lie in one folder, which may be moved.
    known = store.list_imported(path.absolute().parent.parent) | store.list_bundled()
    file = known.get(base.model) or Path(base.model)
    if file.suffix == HEAD_SUFFIX:
        raise invalid_head(path, f"its base, {base.model}, was learned itself")
    if not file.is_absolute() or not file.is_file():
        raise missing_base(path, f"{base.model}, which is not there")
    return file
