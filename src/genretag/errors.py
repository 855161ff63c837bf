"""The errors that genretag raises: a stable code, what happened, what to do next."""

import errno
import json
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

Warn = Callable[[str], None]
"""Shows a sentence about something that a person should know while the run goes on."""

_NO_NUMBER = re.compile(r"(?:could not convert string to float|invalid literal for int.*): ('.*')")
_LONGEST_REASON = 300
_TOML_PLACE = re.compile(r"(.*) \(at (line \d+, column \d+|end of document)\)")


class Code(StrEnum):
    """Stable names of errors; scripts may match on them."""

    # One file
    NOT_FOUND = "not-found"
    NO_PERMISSION = "no-permission"
    READ_FAILED = "read-failed"
    NOT_AUDIO = "not-audio"
    UNDECODABLE = "undecodable"
    TAGS_UNREADABLE = "tags-unreadable"
    TAGS_UNWRITABLE = "tags-unwritable"
    WRITE_FAILED = "write-failed"
    CHANGED = "changed"
    VERIFY_FAILED = "verify-failed"
    TIMED_OUT = "timed-out"
    WORKER_DIED = "worker-died"
    OUT_OF_MEMORY = "out-of-memory"
    INTERNAL = "internal"
    # The command line and the config
    BAD_OPTION = "bad-option"
    BAD_CONFIG = "bad-config"
    BAD_MAP = "bad-map"
    BAD_PLAN = "bad-plan"
    UNKNOWN_RUN = "unknown-run"
    REVIEW_OPEN = "review-open"
    UNKNOWN_MODEL = "unknown-model"
    NO_DEVICE = "no-device"
    # The run
    MODEL_INVALID = "model-invalid"
    BAD_METADATA = "bad-metadata"
    UNKNOWN_ALGORITHM = "unknown-algorithm"
    LICENCE_NOT_ACCEPTED = "licence-not-accepted"
    BASE_MISSING = "base-missing"
    CALIBRATION_INVALID = "calibration-invalid"
    MODEL_UNREACHABLE = "model-unreachable"
    WRONG_DIGEST = "wrong-digest"
    HUB_REFUSED = "hub-refused"
    CLUSTER_UNREACHABLE = "cluster-unreachable"
    NO_THRESHOLD = "no-threshold"
    NOT_LEARNABLE = "not-learnable"
    OUTPUT_FAILED = "output-failed"
    JOURNAL_FAILED = "journal-failed"
    DISK_FULL = "disk-full"
    # Training
    BAD_DATASET = "bad-dataset"
    DATA_UNREACHABLE = "data-unreachable"
    PARITY = "parity"
    ACCURACY_LOST = "accuracy-lost"
    # Extras
    EXTRA_MISSING = "extra-missing"


class GenretagError(Exception):
    """The base of all errors of genretag.

    Attributes:
        code: a stable name.
        message: what went wrong and where.
        hint: what to do next.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, code: Code, message: str, hint: str) -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.code}). {self.hint}"

    def to_dict(self) -> dict[str, str]:
        """Return the error as JSON can hold it."""
        return {"code": str(self.code), "message": self.message, "hint": self.hint}


class FileError(GenretagError):
    """One file cannot be handled; the run goes on."""

    exit_code = 1


class UsageError(GenretagError):
    """The command line or the config is wrong; nothing was done."""

    exit_code = 2


class RunError(GenretagError):
    """The run cannot go on."""

    exit_code = 3


class ExtraMissingError(GenretagError):
    """A feature needs packages that the base install leaves out."""

    exit_code = 4

    def __init__(self, feature: str, extra: str) -> None:
        from genretag import installation  # few need it, and it takes long to import

        super().__init__(
            Code.EXTRA_MISSING,
            f"{feature} needs packages that are not installed",
            f"Install them with: {installation.install_command(extra)}",
        )
        self.feature = feature
        self.extra = extra

    def __reduce__(self) -> tuple[type["ExtraMissingError"], tuple[str, str]]:
        return type(self), (self.feature, self.extra)


def shorten(text: str, most: int = 60) -> str:
    """Return the first line of a text that nobody vouches for, at most `most` characters of it.

    What cannot be shown becomes a question mark.

    >>> shorten("one two\\nthree", 5)
    'one t…'
    """
    line = next(iter(text[: 2 * most].strip().splitlines()), "")
    line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= most else f"{line[:most]}…"


def reason(error: BaseException) -> str:
    """Return the message of an error of the system or of a library, in one line for people.

    >>> reason(FileNotFoundError(2, "No such file or directory", "a.toml"))
    'No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, KeyError) and error.args:
        return f"it lacks {error.args[0]!r}"
    if isinstance(error, TypeError | AttributeError):
        return "a value in it is of the wrong kind"
    text = shorten(str(error), _LONGEST_REASON)
    if number := _NO_NUMBER.fullmatch(text):
        return f"{number[1]} is no number"
    if toml := _TOML_PLACE.fullmatch(text):
        return f"{toml[2]}: {toml[1]}"
    return text or type(error).__name__


def connection_reason(error: BaseException) -> str:
    """Return the message of an error of a library for HTTP, by the system's error behind it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return found.strerror
        if isinstance(found, TimeoutError) or "Timeout" in type(found).__name__:
            return "it does not answer in time"
        found = found.__cause__ or found.__context__
    return reason(error)


def read_error(path: Path, error: Exception) -> FileError:
    """Translate an error of the system, or of a library passing it on, over reading `path`."""
    if isinstance(error, FileNotFoundError):
        return FileError(
            Code.NOT_FOUND, f"{path}: it is gone, or a link that leads nowhere", "Scan again."
        )
    if isinstance(error, PermissionError):
        return FileError(
            Code.NO_PERMISSION, f"{path}: no permission to read it", "Change its access rights."
        )
    return FileError(
        Code.READ_FAILED,
        f"{path}: reading it failed: {reason(error)}",
        "Check the disk or the network share.",
    )


def write_error(path: Path, error: OSError) -> GenretagError:
    """Translate an error of the system over writing beside `path`; a full disk ends the run."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunError(
            Code.DISK_FULL,
            f"{path}: no space is left on its disk; the file is as it was",
            "Free as much as the largest file needs, then run the same command again.",
        )
    if isinstance(error, FileNotFoundError):
        return FileError(
            Code.NOT_FOUND, f"{path}: it vanished before it was written", "Scan again."
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return FileError(
            Code.NO_PERMISSION,
            f"{path}: no permission to write it or its folder; the file is as it was",
            "Change the access rights of the file and its folder.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return FileError(
            Code.WRITE_FAILED,
            f"{path}: its folder's path is too long for a copy beside the file",
            "Move the file to a folder with a shorter path.",
        )
    return FileError(
        Code.WRITE_FAILED,
        f"{path}: writing failed: {reason(error)}; the file is as it was",
        "Check the disk or the network share.",
    )
