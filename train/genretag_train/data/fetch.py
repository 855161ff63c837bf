"""Public data sets, fetched, checked and unpacked: archives over HTTP, and Hub repositories."""

import logging
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from zipfile import BadZipFile, ZipFile, ZipInfo

import pooch

from genretag.errors import Code, RunError, UsageError
from genretag_train.data.download import ResumingDownloader, require_room, write_error
from genretag_train.progress import Progress

MIRROR = "https://os.unil.cloud.switch.ch/fma"
SHA1: Mapping[str, str] = {
    "fma_metadata": "f0df49ffe5f2a6008d7dc83c6915b31835dfe733",
    "fma_small": "ade154f733639d52e35e32f5593efe5be76c6d70",
    "fma_medium": "c67b69ea232021025fca9231fc1c7c1a063ab50b",
    "fma_large": "497109f4dd721066b5ce5e5f250ec604dc78939e",
}
"""What FMA publishes, github.com/mdeff/fma."""

HUB_PREFIX = "hf:"
_RECEIPT = ".fetched"
_HUB_ADDRESS = re.compile(r"hf:([\w.-]+/([\w.-]+))(?:@([\w./-]+))?")

Steps = Callable[[str], Progress]
"""Is given the name of a step, and returns what is given the progress of its bytes."""


@dataclass(frozen=True)
class Archive:
    """A ZIP archive `name` at `url` with the SHA-1 that its bytes must have."""

    name: str
    url: str
    sha1: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w-][\w.-]*", self.name):
            raise _usage(f"{self.name!r} cannot be the name of a data set", _KNOWN)
        if not re.fullmatch("[0-9a-f]{40}", self.sha1):
            raise _usage(f"{self.sha1!r} is no SHA-1", "It has 40 hexadecimal digits.")


_KNOWN = f"Known: {', '.join(SHA1)}. Others: give --url and --sha1, or hf:OWNER/REPO."


def find_archive(name: str, url: str | None = None, sha1: str | None = None) -> Archive:
    """Return the archive of a known `name`, or any other with `url` and `sha1`; else UsageError.

    >>> find_archive("fma_small").url
    'https://os.unil.cloud.switch.ch/fma/fma_small.zip'
    """
    sha1 = sha1 or SHA1.get(name)
    if sha1 is None or (url is None and name not in SHA1):
        raise _usage(f"It is not known where {name!r} lies, or its SHA-1", _KNOWN)
    return Archive(name, url or f"{MIRROR}/{name}.zip", sha1.casefold())


def fetch(wanted: Archive, out: Path, steps: Steps, keep: bool = False) -> Path:
    """Download and unpack an archive; what is there already is not fetched again.

    Args:
        wanted: what to fetch.
        out: the folder in which a folder of the archive's name is made.
        steps: progress of the download and of the unpacking.
        keep: leave the archive in `out`.

    Returns:
        `out` / `wanted.name`, in which no file is half there, also after an error.

    Raises:
        RunError: `data-unreachable`; `bad-dataset`, its checksum is wrong or it is no ZIP
            archive; `disk-full` or `output-failed`. Another call goes on from there.
    """
    folder = out / wanted.name
    receipt = folder / _RECEIPT
    if receipt.is_file() and receipt.read_text().strip() == wanted.sha1:
        return folder
    file = _download(wanted, out, steps("Downloading"))
    try:
        _unpack(file, out, wanted.name, steps("Unpacking"))
        receipt.write_text(f"{wanted.sha1}\n")
        if not keep:
            file.unlink()
    except OSError as error:
        raise write_error(folder, error) from error
    return folder


def fetch_from_hub(address: str, out: Path) -> Path:
    """Download a dataset repository hf:OWNER/REPO[@REVISION] into a folder of its name.

    Raises:
        UsageError: it is no such address.
        RunError: `data-unreachable`, `disk-full`.
    """
    parts = _HUB_ADDRESS.fullmatch(address)
    if not parts:
        raise _usage(f"{address!r} is no data set on the Hub", "Write hf:OWNER/REPO[@REVISION].")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    repo, name, revision = parts.groups()
    folder = out / name
    try:
        snapshot_download(repo, repo_type="dataset", revision=revision, local_dir=folder)
    except HFValidationError as error:
        raise _usage(f"{repo!r} is no name on the Hub", "Write hf:OWNER/REPO.") from error
    except OSError as error:  # the base of all that the library raises over a connection
        if error.errno is not None:
            raise write_error(folder, error) from error
        raise RunError(
            Code.DATA_UNREACHABLE,
            f"{repo}: the Hub does not give this data set: {str(error).splitlines()[0]}",
            "Check the name and the connection; a private repository needs `hf auth login`.",
        ) from error
    return folder


def _download(wanted: Archive, out: Path, progress: Progress) -> Path:
    """Return the archive in `out`, whole and with the right checksum."""
    name = f"{wanted.name}.zip"
    part = out / f"{name}.part"
    # Its lines on stderr would repeat the progress.
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return Path(
            pooch.retrieve(
                wanted.url,
                f"sha1:{wanted.sha1}",
                name,
                out,
                downloader=ResumingDownloader(part, progress),
            )
        )
    except ValueError as error:  # pooch's word for a wrong checksum; it has removed the file
        raise RunError(
            Code.BAD_DATASET,
            f"{wanted.url}: its SHA-1 is not {wanted.sha1}; the download was thrown away",
            "Try once more, or from another --url; a file that is meant to differ needs --sha1.",
        ) from error
    except OSError as error:
        raise write_error(out, error) from error


def _unpack(file: Path, out: Path, name: str, progress: Progress) -> None:
    """Unpack into `out` / `name`, whether or not the archive has a folder of that name."""
    try:
        with ZipFile(file) as zipped:
            members = [member for member in zipped.infolist() if not member.is_dir()]
            inside = all(member.filename.startswith(f"{name}/") for member in members)
            home = out if inside else out / name
            (out / name).mkdir(exist_ok=True)
            missing = [member for member in members if not _is_there(member, home)]
            require_room(out, sum(member.file_size for member in missing))
            total = done = sum(member.file_size for member in members)
            done -= sum(member.file_size for member in missing)
            for member in missing:
                _extract(zipped, member, home)
                done += member.file_size
                progress(done, total)
    except (BadZipFile, NotImplementedError, EOFError, zlib.error, ValueError) as error:
        raise RunError(
            Code.BAD_DATASET,
            f"{file}: it cannot be unpacked: {error}",
            "Unpack it by hand, as with 7-Zip, or fetch another file.",
        ) from error


def _is_there(member: ZipInfo, home: Path) -> bool:
    target = home / member.filename
    return target.is_file() and target.stat().st_size == member.file_size


def _extract(zipped: ZipFile, member: ZipInfo, home: Path) -> None:
    target = home / member.filename
    if not target.resolve().is_relative_to(home.resolve()):
        raise BadZipFile(f"{member.filename!r} leads out of it")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        with zipped.open(member) as packed, part.open("wb") as plain:
            copyfileobj(packed, plain)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _usage(message: str, hint: str) -> UsageError:
    return UsageError(Code.BAD_OPTION, message, hint)
