"""Finds the files of models: bundled with genretag, on disk, or on the Hugging Face Hub."""

import logging
import re
import sys
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from genretag.errors import Code, RunError, UsageError, connection_reason, shorten

DEFAULT = "genretag-musicnn"
HUB_PREFIX = "hf:"
HUB_FILE = "model.onnx"
_REFUSALS, _ABSENT = (401, 403), 404
_SHA256_LENGTH = 64
_LONGEST_ADDRESS = 500
HEAD_SUFFIX = ".safetensors"
"""Of files with learned heads."""
_SUFFIX = ".onnx"
"""Of files with whole models."""
DIGEST_LENGTH = 12
"""Digits of its SHA-256 that tell a model from others of its name."""
# It becomes the name of a file, on any platform.
_MODEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-]|[A-Za-z0-9_]")
_DEVICE_NAME = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


class HubAddress(NamedTuple):
    """The address of a model on the Hub; without `revision` the newest is meant."""

    repo: str
    revision: str | None
    path: str = HUB_FILE

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        path = "" if self.path == HUB_FILE else f":{self.path}"
        return f"{HUB_PREFIX}{self.repo}{revision}{path}"


def list_bundled() -> dict[str, Path]:
    """Return name and file of each model that came with genretag."""
    return {path.stem: path for path in sorted(_models_folder().glob("*.onnx"))}


def list_notices() -> list[Path]:
    """Return the notices that the licences of others' weights in bundled models ask for."""
    return sorted(_models_folder().glob("NOTICE-*.txt"))


def list_imported(data_dir: Path) -> dict[str, Path]:
    """Return name and file of each model of other people that was imported."""
    return {path.stem: path for path in sorted(_own_folder(data_dir).glob(f"*{_SUFFIX}"))}


def list_learned(data_dir: Path) -> dict[str, Path]:
    """Return name and file of each learned model; NAME@SHA256-12 is an earlier one."""
    return {path.stem: path for path in sorted(_own_folder(data_dir).glob(f"*{HEAD_SUFFIX}"))}


def learned_file(name: str, data_dir: Path) -> Path:
    """Return the file of a learned model, there or not; UsageError as `check_model_name`."""
    return _own_file(name, HEAD_SUFFIX, data_dir)


def imported_file(name: str, data_dir: Path) -> Path:
    """Return the file of an imported model, there or not; UsageError as `check_model_name`."""
    return _own_file(name, _SUFFIX, data_dir)


def _own_file(name: str, suffix: str, data_dir: Path) -> Path:
    """Return the file of a learned or imported model; one of the other kind keeps its name."""
    check_model_name(name)
    kinds = {HEAD_SUFFIX: "an imported", _SUFFIX: "a learned"}
    (other,) = kinds.keys() - {suffix}
    if (_own_folder(data_dir) / f"{name}{other}").exists():
        raise UsageError(
            Code.BAD_OPTION,
            f"{name!r} is {kinds[suffix]} model already",
            f"Choose another --name, or run: genretag models remove {name}",
        )
    return _own_folder(data_dir) / f"{name}{suffix}"


def is_model_name(name: str) -> bool:
    """Tell whether a name can be that of a model's file, on any platform."""
    return bool(_MODEL_NAME.fullmatch(name)) and not _DEVICE_NAME.fullmatch(name)


def check_model_name(name: str) -> None:
    """Refuse a name that no learned or imported model may have; UsageError `bad-option`."""
    why = None
    if not is_model_name(name):
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
        model: a bundled, learned or imported NAME, a FILE, or hf:OWNER/REPO[@REVISION][:PATH].
        cache_dir: where files from the Hub are kept, and found again offline.
        data_dir: where learned and imported models are kept.

    Raises:
        UsageError: `unknown-model`, there is no such model or the address is malformed.
        RunError: `model-unreachable`, the Hub cannot be reached or does not have it;
            `hub-refused`, it wants a token that may read it.
    """
    if model.startswith(HUB_PREFIX):
        return download(parse_hub_address(model), _hub_folder(cache_dir))
    known = list_imported(data_dir) | list_learned(data_dir) | list_bundled()
    if model in known:
        return known[model]
    # Before Python 3.14, a name that is too long for a file is an error.
    with suppress(OSError):
        if Path(model).is_file():
            return Path(model)
    raise UsageError(
        Code.UNKNOWN_MODEL,
        f"There is no model {model!r}, neither bundled, learned, imported nor a file",
        f"There are: {', '.join(known)}. From the Hub: hf:OWNER/REPO.",
    )


def require_file(path: Path) -> None:
    """Refuse what is there and no file: a pipe or a device may have no end.

    Raises:
        UsageError: `unknown-model`.
    """
    if path.exists() and not path.is_file():
        raise UsageError(
            Code.UNKNOWN_MODEL, f"{path}: the model cannot be read: it is no file", "Name a file."
        )


def unreadable_model(path: Path, error: OSError) -> UsageError:
    """Return the error of a model whose file cannot be read."""
    return UsageError(
        Code.UNKNOWN_MODEL,
        f"{path}: the model cannot be read: {error.strerror}",
        "Name one from `genretag models list`, or a file.",
    )


def parse_hub_address(model: str) -> HubAddress:
    """Parse hf:OWNER/REPO[@REVISION][:PATH]; UsageError `unknown-model` if it is not that.

    >>> parse_hub_address("hf:someone/genres@v2:onnx/large.onnx")
    HubAddress(repo='someone/genres', revision='v2', path='onnx/large.onnx')
    """
    address, colon, path = model.removeprefix(HUB_PREFIX).partition(":")
    repo, _, revision = address.partition("@")
    owner, _, name = repo.partition("/")
    parts = [*(path if colon else HUB_FILE).split("/"), *(revision or "main").split("/")]
    is_safe = not {"", ".", ".."}.intersection(parts) and "\\" not in model
    is_text = model.isprintable() and len(model) <= _LONGEST_ADDRESS
    if not owner or not name or "/" in name or not is_safe or not is_text:
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{shorten(model, _LONGEST_ADDRESS)!r} is no address of a model on the Hub",
            "Write it as hf:OWNER/REPO, hf:OWNER/REPO@REVISION or hf:OWNER/REPO@REVISION:PATH.",
        )
    return HubAddress(repo, revision or None, path or HUB_FILE)


def list_pulled(cache_dir: Path) -> dict[str, Path]:
    """Return address and file of each model from the Hub in `cache_dir`.

    An address names a branch or tag where one is known to point to the model, else the commit.
    """
    found = {}
    for file in sorted(_hub_folder(cache_dir).glob(f"models--*/snapshots/**/*{_SUFFIX}")):
        address = read_hub_address(file)
        if address is None:
            continue
        refs = file.parents[len(Path(address.path).parts) + 1] / "refs"
        names = [
            path.relative_to(refs).as_posix()
            for path in sorted(refs.rglob("*"))
            if path.is_file() and path.read_text(encoding="utf-8").strip() == address.revision
        ]
        for name in names:
            found[str(address._replace(revision=None if name == "main" else name))] = file
        if not names:
            found[str(address)] = file
    return found


def read_hub_address(file: Path) -> HubAddress | None:
    """Return repository, commit and path of a file in the cache of the Hub; None for others."""
    snapshot = _snapshot(file)
    if snapshot is None:
        return None
    repo = snapshot.parents[1].name.removeprefix("models--").replace("--", "/", 1)
    return HubAddress(repo, snapshot.name, file.relative_to(snapshot).as_posix())


def _snapshot(file: Path) -> Path | None:
    """Return the folder of the commit that a file in the cache of the Hub belongs to."""
    return next((path for path in file.parents if path.parent.name == "snapshots"), None)


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


def _own_folder(data_dir: Path) -> Path:
    return data_dir / "models"


def download(address: HubAddress, folder: Path) -> Path:
    """Download a file into a cache of the Hub, unless it is there; errors as `locate`."""
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
            address.repo, address.path, revision=address.revision, cache_dir=folder
        )
    except HFValidationError as error:
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{address.repo!r} cannot be the name of a repository on the Hub",
            "Write it as hf:OWNER/REPO or hf:OWNER/REPO@REVISION.",
        ) from error
    except hub_error_types() as error:
        raise translate_hub_error(
            f"{address.repo}: no {address.path} from the Hub", error
        ) from error
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
