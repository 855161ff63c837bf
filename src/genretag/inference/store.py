"""Finds the files of models: bundled with genretag, on disk, or on the Hugging Face Hub."""

import logging
import re
import sys
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from genretag.errors import Code, RunError, UsageError, connection_reason

DEFAULT = "genretag-musicnn"
HUB_PREFIX = "hf:"
HUB_FILE = "model.onnx"
_REFUSALS, _ABSENT = (401, 403), 404
_SHA256_LENGTH = 64
HEAD_SUFFIX = ".safetensors"
"""Of files with learned heads."""
DIGEST_LENGTH = 12
"""Digits of its SHA-256 that tell a model from others of its name."""
# It becomes the name of a file, on any platform.
_MODEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-]|[A-Za-z0-9_]")
_DEVICE_NAME = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


class HubAddress(NamedTuple):
    """The address of a model on the Hub; without `revision` the newest is meant."""

    repo: str
    revision: str | None


def list_bundled() -> dict[str, Path]:
    """Return name and file of each model that came with genretag."""
    return {path.stem: path for path in sorted(_models_folder().glob("*.onnx"))}


def list_learned(data_dir: Path) -> dict[str, Path]:
    """Return name and file of each learned model; NAME@SHA256-12 is an earlier one."""
    return {path.stem: path for path in sorted(_learned_folder(data_dir).glob(f"*{HEAD_SUFFIX}"))}


def learned_file(name: str, data_dir: Path) -> Path:
    """Return the file of a learned model, there or not; UsageError as `check_model_name`."""
    check_model_name(name)
    return _learned_folder(data_dir) / f"{name}{HEAD_SUFFIX}"


def check_model_name(name: str) -> None:
    """Refuse a name that no learned model may have; UsageError `bad-option`."""
    why = None
    if not _MODEL_NAME.fullmatch(name) or _DEVICE_NAME.fullmatch(name):
        why = "may have up to 64 letters, digits, dots, dashes and underscores"
    elif name.casefold() in map(str.casefold, list_bundled()):
        why = "may not be that of a bundled model"
    if why:
        raise UsageError(
            Code.BAD_OPTION, f"The name of a model {why}: {name!r}", "Choose another --name."
        )


def locate(model: str, cache_dir: Path, data_dir: Path) -> Path:
    """Find the file of a model; one on the Hub is downloaded.

    Args:
        model: a bundled or learned NAME, a FILE, or hf:OWNER/REPO[@REVISION].
        cache_dir: where files from the Hub are kept, and found again offline.
        data_dir: where learned models are kept.

    Raises:
        UsageError: `unknown-model`, there is no such model or the address is malformed.
        RunError: `model-unreachable`, the Hub cannot be reached or does not have it;
            `hub-refused`, it wants a token that may read it.
    """
    if model.startswith(HUB_PREFIX):
        return _download(parse_hub_address(model), cache_dir)
    known = list_bundled() | list_learned(data_dir)
    if model in known:
        return known[model]
    # Before Python 3.14, a name that is too long for a file is an error.
    with suppress(OSError):
        if Path(model).is_file():
            return Path(model)
    raise UsageError(
        Code.UNKNOWN_MODEL,
        f"There is no model {model!r}, neither bundled nor learned nor a file",
        f"There are: {', '.join(known)}. From the Hub: hf:OWNER/REPO.",
    )


def unreadable_model(path: Path, error: OSError) -> UsageError:
    """Return the error of a model whose file cannot be read."""
    return UsageError(
        Code.UNKNOWN_MODEL,
        f"{path}: the model cannot be read: {error.strerror}",
        "Name one from `genretag models list`, or a file.",
    )


def parse_hub_address(model: str) -> HubAddress:
    """Parse hf:OWNER/REPO[@REVISION]; UsageError `unknown-model` if it is not that.

    >>> parse_hub_address("hf:someone/genres@v2")
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


def list_pulled(cache_dir: Path) -> dict[str, Path]:
    """Return address and file of each model from the Hub in `cache_dir`.

    An address names a branch or tag where one is known to point to the model, else the commit.
    """
    found = {}
    for file in sorted(_hub_folder(cache_dir).glob(f"models--*/snapshots/*/{HUB_FILE}")):
        commit, repository = file.parent.name, file.parents[2]
        repo = repository.name.removeprefix("models--").replace("--", "/", 1)
        names = [
            path.relative_to(repository / "refs").as_posix()
            for path in sorted((repository / "refs").rglob("*"))
            if path.is_file() and path.read_text(encoding="utf-8").strip() == commit
        ]
        for revision in names or [commit]:
            address = f"{HUB_PREFIX}{repo}"
            found[address if revision == "main" else f"{address}@{revision}"] = file
    return found


def read_hub_address(file: Path) -> HubAddress | None:
    """Return repository and commit of a file in the cache of the Hub; None for other files."""
    if file.parents[1].name != "snapshots":
        return None
    return HubAddress(
        file.parents[2].name.removeprefix("models--").replace("--", "/", 1), file.parent.name
    )


def hub_digest(file: Path) -> str | None:
    """Return the SHA-256 that the Hub gave for a file in its cache; None if it gave none."""
    name = file.resolve().name
    return name if read_hub_address(file) and len(name) == _SHA256_LENGTH else None


def remove_pulled(file: Path, cache_dir: Path) -> None:
    """Remove a model of the Hub from the cache; content that another revision has stays."""
    content = file.resolve()
    file.unlink()
    if content not in {other.resolve() for other in list_pulled(cache_dir).values()}:
        content.unlink(missing_ok=True)


def _models_folder() -> Path:
    """Return the folder beside the code, or the checkout's `models` in an editable install."""
    package = Path(str(files("genretag")))
    installed = package / "_models"
    return installed if installed.is_dir() else package.parents[1] / "models"


def _learned_folder(data_dir: Path) -> Path:
    return data_dir / "models"


def _download(address: HubAddress, cache_dir: Path) -> Path:
    # These imports take long.
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    # It logs each of its five tries; what comes of them is in our message.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        file = hf_hub_download(
            address.repo, HUB_FILE, revision=address.revision, cache_dir=_hub_folder(cache_dir)
        )
    except HFValidationError as error:
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{address.repo!r} cannot be the name of a repository on the Hub",
            "Write it as hf:OWNER/REPO or hf:OWNER/REPO@REVISION.",
        ) from error
    except hub_error_types() as error:
        raise translate_hub_error(f"{address.repo}: no {HUB_FILE} from the Hub", error) from error
    return Path(file)


def hub_error_types() -> tuple[type[Exception], ...]:
    """Return the errors of the Hub's library over a connection: the system's and HTTP's."""
    from huggingface_hub.errors import HfHubHTTPError

    # Its first base is the base of all that the HTTP library raises, whichever that is.
    http_error: type[Exception] = HfHubHTTPError.__bases__[0]
    return OSError, http_error


def translate_hub_error(what: str, error: Exception) -> RunError:
    """Translate an error of the Hub's library; `what` begins the message: what was tried."""
    from huggingface_hub import constants

    answer = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    status = getattr(answer, "status_code", None)
    if status in _REFUSALS:
        return RunError(
            Code.HUB_REFUSED,
            f"{what}: it answers {status}: the repository is private, does not exist, or the "
            "token may not do that",
            "Check the name; log in with `hf auth login`, or set HF_TOKEN.",
        )
    if status == _ABSENT:
        return RunError(
            Code.MODEL_UNREACHABLE,
            f"{what}: there is no such repository, revision or file",
            "Check the name and the revision.",
        )
    if constants.HF_HUB_OFFLINE:
        return RunError(
            Code.MODEL_UNREACHABLE,
            f"{what}: it is not in the cache, and HF_HUB_OFFLINE forbids to fetch it",
            "Fetch it with `genretag models pull` while there is a connection.",
        )
    return RunError(
        Code.MODEL_UNREACHABLE,
        f"{what}: {connection_reason(error)}",
        "Check the connection, then run the same command again.",
    )


def _hub_folder(cache_dir: Path) -> Path:
    return cache_dir / "hub"
