"""Finds the file of a model: bundled with genretag, on disk, or on the Hugging Face Hub."""

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from genretag.errors import Code, RunError, UsageError

DEFAULT = "genretag-cnn1d-lstm"
HUB_PREFIX = "hf:"
HUB_FILE = "model.onnx"


class HubAddress(NamedTuple):
    """Where a model lies on the Hub; without `revision` the newest is meant."""

    repo: str
    revision: str | None


def bundled() -> dict[str, Path]:
    """Name and file of each model that came with genretag."""
    return {path.stem: path for path in sorted(_models_folder().glob("*.onnx"))}


def locate(model: str, cache_dir: Path) -> Path:
    """The file of `model`: a bundled NAME, a FILE, or hf:OWNER/REPO[@REVISION].

    What comes from the Hub is kept in `cache_dir` and found there again offline.

    Raises:
        UsageError: `unknown-model`, there is no such model or the address is malformed.
        RunError: `model-unreachable`, the Hub cannot be reached or does not have it.
    """
    if model.startswith(HUB_PREFIX):
        return _from_hub(hub_address(model), cache_dir)
    if model in (known := bundled()):
        return known[model]
    if Path(model).is_file():
        return Path(model)
    raise UsageError(
        Code.UNKNOWN_MODEL,
        f"There is no model {model!r}, neither bundled nor a file",
        f"Bundled: {', '.join(known)}. From the Hub: hf:OWNER/REPO.",
    )


def hub_address(model: str) -> HubAddress:
    """Take hf:OWNER/REPO[@REVISION] apart; UsageError `unknown-model` if it is not that.

    >>> hub_address("hf:someone/genres@v2")
    HubAddress(repo='someone/genres', revision='v2')
    """
    repo, _, revision = model.removeprefix(HUB_PREFIX).partition("@")
    owner, _, name = repo.partition("/")
    if not owner or not name or "/" in name:
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{model!r} is no address of a model on the Hub",
            "Write it as hf:OWNER/REPO or hf:OWNER/REPO@REVISION.",
        )
    return HubAddress(repo, revision or None)


def _models_folder() -> Path:
    """Beside the code in an installed package; the checkout's `models` in an editable one."""
    package = Path(str(files("genretag")))
    installed = package / "_models"
    return installed if installed.is_dir() else package.parents[1] / "models"


def _from_hub(address: HubAddress, cache_dir: Path) -> Path:
    # Only who asks for a model from the Hub waits for these imports.
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError

    try:
        file = hf_hub_download(
            address.repo, HUB_FILE, revision=address.revision, cache_dir=cache_dir / "hub"
        )
    except HFValidationError as error:
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{address.repo!r} cannot be the name of a repository on the Hub",
            "Write it as hf:OWNER/REPO or hf:OWNER/REPO@REVISION.",
        ) from error
    except OSError as error:  # the base of all that the library raises over a connection
        raise RunError(
            Code.MODEL_UNREACHABLE,
            f"{address.repo}: no {HUB_FILE} from the Hub: {str(error).splitlines()[0]}",
            "Check the name and the connection; a private repository needs `hf auth login`.",
        ) from error
    return Path(file)
