"""The published weights of musicnn, out of the package of that name on PyPI.

ISC licence, copyright Music Technology Group, Universitat Pompeu Fabra 2019: the notice in
`models/NOTICE-musicnn.txt` goes wherever these weights go.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

import numpy as np
import pooch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genretag.errors import Code, RunError
from genretag_train.data.download import ResumingDownloader, write_error
from genretag_train.nets.pretrained import musicnn, vgg
from genretag_train.nets.pretrained.tensor_bundle import read_tensors
from genretag_train.progress import Progress

Name = Literal["MSD_musicnn", "MTT_musicnn", "MSD_vgg"]
"""Trained on the Million Song Dataset with Last.fm tags, or on MagnaTagATune."""
WIDTHS: Mapping[Name, int] = {
    "MSD_musicnn": musicnn.WIDTH,
    "MTT_musicnn": musicnn.WIDTH,
    "MSD_vgg": vgg.WIDTH,
}
"""How many values each one's embedding has."""

WHEEL = "musicnn-0.1.0-py3-none-any.whl"
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
URL = (
    "https://files.pythonhosted.org/packages/1b/6f/"
    f"38229e7d99c438e11114bbfa39c8c39185458c398011d0b6d7d7c7401617/{WHEEL}"
)

# Where the variables of TensorFlow's layers belong, numbered as it numbers them.
_BANKS = (*(f"timbral.{n}" for n in range(2)), *(f"temporal.{n}" for n in range(3)))
_LAYERS = tuple(f"layers.{n}" for n in range(5))
_MIDDLE = tuple(f"middle.{n}" for n in range(3))
_WEIGHTS = {"kernel": "weight", "bias": "bias"}
_STATISTICS = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _number_layers(kind: str, layers: Iterable[str], parts: Mapping[str, str]) -> dict[str, str]:
    return {
        f"{kind}_{n}/{theirs}".replace("_0/", "/"): f"{layer}.{ours}"
        for n, layer in enumerate(layers)
        for theirs, ours in parts.items()
    }


_MUSICNN: Mapping[str, str] = {
    **_number_layers("conv2d", (f"{layer}.conv" for layer in _BANKS + _MIDDLE), _WEIGHTS),
    **_number_layers(
        "batch_normalization",
        ("level", *(f"{layer}.norm" for layer in _BANKS + _MIDDLE), "pooled", "norm"),
        _STATISTICS,
    ),
    **_number_layers("dense", ("dense", "tags"), _WEIGHTS),
}
_VGG: Mapping[str, str] = {
    **{
        f"{n + 1}CNN/{theirs}": f"layers.{n}.conv.{ours}"
        for n in range(5)
        for theirs, ours in _WEIGHTS.items()
    },
    **_number_layers(
        "batch_normalization", ("level", *(f"{layer}.norm" for layer in _LAYERS)), _STATISTICS
    ),
    **_number_layers("dense", ("tags",), _WEIGHTS),
}
PARAMETERS: Mapping[Name, Mapping[str, str]] = {
    "MSD_musicnn": _MUSICNN,
    "MTT_musicnn": _MUSICNN,
    "MSD_vgg": _VGG,
}
"""The checkpoint's name of each parameter or statistic of a network, and its name here."""


def load_pretrained(name: Name, folder: Path, wheel: Path | None = None) -> nn.Module:
    """Return a Musicnn or a Vgg with its published weights, as it is used: no dropout.

    Args:
        name: which of them it is.
        folder: keeps the package, 29 MB, for the next time.
        wheel: the package, if it is here already; it is not fetched then.

    Raises:
        RunError: as `fetch_wheel`.
    """
    variables = read_variables(name, wheel or fetch_wheel(folder))
    weights = convert_variables(name, variables)
    make = vgg.Vgg if PARAMETERS[name] is _VGG else musicnn.Musicnn
    net = make(n_tags=len(weights["tags.bias"]))
    net.load_state_dict(weights)
    return net.eval()


def fetch_wheel(folder: Path, progress: Progress = lambda done, of: None, url: str = URL) -> Path:
    """Return the package in `folder`, downloaded if it is not there.

    Raises:
        RunError: `data-unreachable`; `wrong-digest`; `disk-full` or `output-failed`.
    """
    # Its lines on stderr would repeat the progress.
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        resuming = ResumingDownloader(folder / f"{WHEEL}.part", progress)
        return Path(pooch.retrieve(url, f"sha256:{SHA256}", WHEEL, folder, downloader=resuming))
    except ValueError as error:  # pooch's word for a wrong checksum; it has removed the file
        raise _wrong_digest(url) from error
    except OSError as error:
        raise write_error(folder, error) from error


def read_variables(name: Name, wheel: Path) -> dict[str, NDArray[np.float32]]:
    """Return the variables of a tagger in the package `wheel`, in TensorFlow's layout.

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
    return read_tensors(index, data, PARAMETERS[name])


def convert_variables(
    name: Name, variables: Mapping[str, NDArray[np.float32]]
) -> dict[str, Tensor]:
    """Return a checkpoint's variables under the names and in the layout of the network here."""
    ours = {
        own: _transpose(own, variables[theirs]).copy() for theirs, own in PARAMETERS[name].items()
    }
    # Layers that take the strongest output before their norm: see `_Bank` in musicnn.
    for layer in [layer for layer in (*_BANKS, *_LAYERS) if f"{layer}.conv.bias" in ours]:
        sign = ours[f"{layer}.sign"] = np.where(ours[f"{layer}.norm.weight"] < 0, -1, 1).astype(
            "f4"
        )
        ours[f"{layer}.conv.weight"] *= sign[:, None, None, None]
        ours[f"{layer}.conv.bias"] *= sign
    return {own: torch.from_numpy(values) for own, values in ours.items()}


def _transpose(name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put a kernel's outputs first: they come last in TensorFlow."""
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
