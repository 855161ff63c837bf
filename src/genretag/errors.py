"""Every error that genretag raises on purpose: a stable code, what happened, what to do next."""

from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """Stable names for what can go wrong; scripts may match on them."""

    # One file
    NOT_FOUND = "not-found"
    NO_PERMISSION = "no-permission"
    READ_FAILED = "read-failed"
    EMPTY_FILE = "empty-file"
    NOT_AUDIO = "not-audio"
    UNDECODABLE = "undecodable"
    TAGS_UNREADABLE = "tags-unreadable"
    TAGS_UNWRITABLE = "tags-unwritable"
    WRITE_FAILED = "write-failed"
    TIMED_OUT = "timed-out"
    WORKER_DIED = "worker-died"
    INTERNAL = "internal"
    # The command line and the config
    BAD_OPTION = "bad-option"
    BAD_CONFIG = "bad-config"
    UNKNOWN_MODEL = "unknown-model"
    NO_DEVICE = "no-device"
    # The run
    MODEL_INVALID = "model-invalid"
    MODEL_UNREACHABLE = "model-unreachable"
    OUTPUT_FAILED = "output-failed"
    DISK_FULL = "disk-full"
    # Training
    BAD_DATASET = "bad-dataset"
    PARITY = "parity"
    # Extras
    EXTRA_MISSING = "extra-missing"


class GenretagError(Exception):
    """Says what went wrong and where (`message`) and what to do next (`hint`)."""

    exit_code: ClassVar[int] = 3

    def __init__(self, code: Code, message: str, hint: str) -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.code}). {self.hint}"


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
        super().__init__(
            Code.EXTRA_MISSING,
            f"{feature} needs packages that are not installed",
            f"Install them with: pip install 'genretag[{extra}]'",
        )
        self.feature = feature
        self.extra = extra

    def __reduce__(self) -> tuple[type["ExtraMissingError"], tuple[str, str]]:
        return type(self), (self.feature, self.extra)
