"""Where what goes wrong with tags becomes genretag's own errors."""

import errno
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mutagen

from genretag.errors import Code, FileError, GenretagError, RunError
from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def translate_errors(path: Path, writing: bool = False) -> Iterator[None]:
    """Turn every error about the file or its tags into one of `genretag.errors`.

    Raises:
        FileError: not found, no permission, tags unreadable or unwritable, read or write failed.
        RunError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise _translate_os_error(path, error, writing) from error
    except (BrokenTagsError, mutagen.MutagenError, struct.error, EOFError, ValueError) as error:
        raise FileError(
            Code.TAGS_UNREADABLE,
            f"{path}: {_describe_damage(error)}",
            "Nothing was changed; a tag editor may be able to repair or remove the broken tag.",
        ) from error
    except CannotWriteError as error:
        raise unwritable(path, str(error)) from error


def _describe_damage(error: Exception) -> str:
    """Return what is wrong with tags; what Python says of bytes that are missing helps nobody."""
    told = str(error) if isinstance(error, BrokenTagsError | mutagen.MutagenError) else ""
    return told or "its tags are damaged and cannot be taken apart"


def unwritable(path: Path, reason: str) -> FileError:
    """Return the error for a file whose tags can be read but not safely changed."""
    return FileError(
        Code.TAGS_UNWRITABLE,
        f"{path}: {reason}",
        "Nothing was changed; another container or a tag editor may do.",
    )


def _translate_os_error(path: Path, error: OSError, writing: bool) -> GenretagError:
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):
        return FileError(Code.NOT_FOUND, f"{path}: no such file", "It may have been moved away.")
    if error.errno in _FORBIDDEN:
        verb = "write" if writing else "read"
        message = f"{path}: no permission to {verb} it"
        return FileError(Code.NO_PERMISSION, message, "Change its access rights.")
    if error.errno in _FULL:
        message = f"{path}: writing it failed: {reason}"
        return RunError(Code.DISK_FULL, message, "Make room on the disk and run it again.")
    code, verb = (Code.WRITE_FAILED, "writing") if writing else (Code.READ_FAILED, "reading")
    return FileError(code, f"{path}: {verb} it failed: {reason}", "Check the disk or the share.")
