"""A download that goes on where it stopped, within a run and from one run to the next."""

import errno
import shutil
import time
from pathlib import Path
from typing import Any

import requests

from genretag.errors import Code, RunError, UsageError, connection_reason
from genretag_train.progress import Progress

ATTEMPTS = 5
_BLOCK = 1 << 16
_TIMEOUT_S = 60.0
_NOT_IN_RANGE = 416
_TOO_MANY = 429


class ResumingDownloader:
    """A downloader for pooch that keeps what came in `part` until the file is whole.

    After a lost connection it asks for the rest, `ATTEMPTS` times without a new byte before it
    gives up. A server that knows no ranges is asked for the whole again.
    """

    def __init__(self, part: Path, progress: Progress, pause_s: float = 1.0) -> None:
        self._part = part
        self._progress = progress
        self._pause_s = pause_s

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download `url`, then move it to `output_file`.

        Raises:
            UsageError: `url` is no address.
            RunError: `data-unreachable` or `disk-full`; what came is kept.
        """
        most, failures = _size(self._part), 0
        while True:
            try:
                self._take(url)
                break
            except ValueError as error:  # what requests says of an address
                raise UsageError(
                    Code.BAD_OPTION, f"{url!r} is no address: {error}", "Give --url https://..."
                ) from error
            except requests.RequestException as error:
                grown = _size(self._part) > most
                most, failures = max(most, _size(self._part)), 1 if grown else failures + 1
                if failures >= ATTEMPTS:
                    raise _lost(url, error, most) from error
                time.sleep(self._pause_s * 2**failures)
        self._part.replace(output_file)

    def _take(self, url: str) -> None:
        """Ask once for what is missing and append what comes."""
        had = _size(self._part)
        asked = {"Accept-Encoding": "identity", **({"Range": f"bytes={had}-"} if had else {})}
        with requests.get(url, headers=asked, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == _NOT_IN_RANGE:
                # All of it is here already, or more than there is.
                if answer.headers.get("Content-Range") == f"bytes */{had}":
                    return
                self._part.unlink()
                raise requests.ConnectionError("the server has less than was kept of it")
            _refuse(url, answer)
            had = had if answer.status_code == requests.codes.partial else 0
            self._write(answer, had)

    def _write(self, answer: requests.Response, had: int) -> None:
        left = int(answer.headers.get("Content-Length") or 0)
        try:
            require_room(self._part.parent, left)
            with self._part.open("ab" if had else "wb") as file:
                for block in answer.iter_content(_BLOCK):
                    file.write(block)
                    self._progress(file.tell(), had + left if left else 0)
        except requests.RequestException:  # an OSError, too
            raise
        except OSError as error:
            raise write_error(self._part, error) from error


def require_room(folder: Path, n_bytes: int) -> None:
    """Raise OSError ENOSPC if the disk of `folder` has less room than that."""
    if shutil.disk_usage(folder).free < n_bytes:
        raise OSError(errno.ENOSPC, f"{n_bytes:,} bytes are needed")


def write_error(path: Path, error: OSError) -> RunError:
    """Return what an error of the system in writing data to `path` means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunError(
            Code.DISK_FULL,
            f"{path}: no space is left on its disk",
            "Make room or choose another --out; the same command then goes on from here.",
        )
    return RunError(
        Code.OUTPUT_FAILED,
        f"{path}: writing failed: {error.strerror or error}",
        "Check the disk and the access rights.",
    )


def _refuse(url: str, answer: requests.Response) -> None:
    """Raise for an answer that is no file: at once if asking again would not help."""
    if answer.status_code >= 500 or answer.status_code == _TOO_MANY:
        answer.raise_for_status()
    if not answer.ok:
        raise RunError(
            Code.DATA_UNREACHABLE,
            f"{url}: the server answers {answer.status_code} {answer.reason}",
            "Check the address, or name another one with --url.",
        )


def _lost(url: str, error: Exception, kept: int) -> RunError:
    return RunError(
        Code.DATA_UNREACHABLE,
        f"{url}: {ATTEMPTS} attempts failed, {kept:,} bytes are kept: {connection_reason(error)}",
        "Check the connection; the same command goes on from there.",
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
