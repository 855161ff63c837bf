"""Replaces files so that a kill at any instant leaves the old one or the new one complete."""

import os
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path

from genretag.domain.change import Stamp
from genretag.library import attributes

STAGED_PREFIX = ".genretag-"
_COPIED_AT_ONCE = 1 << 26


def read_stamp(path: Path) -> Stamp:
    """Return size and time of `path` now; OSError if it is gone."""
    status = path.stat()
    return Stamp(status.st_size, status.st_mtime_ns)


def copy(source: Path, target: Path) -> tuple[str, ...]:
    """Make a new file `target` with the content, mode, owner and attributes of `source`.

    The content is shared with `source` where the file system can.

    Returns:
        Sentences about what could not be kept, because the mount or its rights forbid it.

    Raises:
        FileExistsError: there is a `target` already; OSError: it cannot be made, or would be
            open to more people than `source`.
    """
    # Its content may be private, and its mode is set last.
    target.touch(0o600, exist_ok=False)
    # Some mounts choose the mode of a new file themselves.
    attributes.limit_mode(target, source.stat().st_mode | stat.S_IRWXU)
    with source.open("rb") as reader, target.open("r+b") as writer:
        _copy_content(reader.fileno(), writer.fileno())
        shutil.copyfileobj(reader, writer, 1 << 20)
    return attributes.copy_metadata(source, target)


def swap(staged: Path, path: Path, mtime_ns: int | None) -> tuple[str, ...]:
    """Replace `path` by `staged`, durably.

    Args:
        staged: a file beside `path`.
        path: the file that it replaces.
        mtime_ns: the time that the file gets; None for that of its last write.

    Returns:
        Sentences about what could not be kept.

    Raises:
        OSError: the file could not be replaced.
    """
    lost: tuple[str, ...] = ()
    if mtime_ns is not None:
        with attributes.ignore_refusals():
            os.utime(staged, ns=(time.time_ns(), mtime_ns))
        if staged.stat().st_mtime_ns != mtime_ns:
            lost = ("its time could not be kept",)
    _sync(staged)
    _replace(staged, path)
    if os.name == "posix":
        # The swap is done; without this it may be lost with the power, which breaks no file.
        with suppress(OSError):
            _sync(path.parent)
    return lost


def rewrite(path: Path, content: bytes) -> tuple[str, ...]:
    """Give `path`, which need not exist, a new content in one step.

    Returns:
        Sentences about what could not be kept.

    Raises:
        OSError: that fails, or the new file would be open to more people than the old one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{STAGED_PREFIX}{os.getpid()}-{path.name}")
    try:
        lost = copy(path, staged) if path.exists() else ()
        staged.write_bytes(content)
        swap(staged, path, None)
    finally:
        staged.unlink(missing_ok=True)
    return lost


def is_same_file(status: os.stat_result, path: Path) -> bool:
    """Tell whether `path` leads to the file with this status; OSError if that is not known."""
    try:
        return os.path.samestat(status, path.stat())
    except FileNotFoundError:
        return False


def _replace(staged: Path, path: Path) -> None:
    status = staged.stat()
    try:
        staged.replace(path)
    except FileNotFoundError:
        # NFS repeats a request whose answer was lost, and raises this if the first one worked.
        if not is_same_file(status, path):
            raise


def _sync(path: Path) -> None:
    """Flush `path` to the disk, where the mount can."""
    # Windows flushes only files that are open for writing; it cannot open folders.
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        with attributes.ignore_refusals():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_content(source: int, target: int) -> None:
    """Copy in the kernel, which shares blocks where it can; leave the rest if it cannot."""
    if hasattr(os, "copy_file_range"):
        with suppress(OSError):
            while os.copy_file_range(source, target, _COPIED_AT_ONCE):
                pass
