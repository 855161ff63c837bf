"""Replaces files so that a kill at any instant leaves the old one or the new one, whole."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from genretag.domain.change import Stamp

STAGED_PREFIX = ".genretag-"
_COPIED_AT_ONCE = 1 << 26


def stamp(path: Path) -> Stamp:
    """Size and time of `path` now; OSError if it is gone."""
    status = path.stat()
    return Stamp(status.st_size, status.st_mtime_ns)


def copy(source: Path, target: Path) -> None:
    """A new file `target` with the content, mode, owner and attributes of `source`.

    The content is shared with `source` where the file system can.

    Raises:
        FileExistsError: there is a `target` already; OSError: it cannot be made.
    """
    # What is in it may be private, and its mode comes last.
    target.touch(0o600, exist_ok=False)
    with source.open("rb") as reader, target.open("r+b") as writer:
        _copy_content(reader.fileno(), writer.fileno())
        shutil.copyfileobj(reader, writer, 1 << 20)
    shutil.copystat(source, target)
    status = source.stat()
    if hasattr(os, "chown"):
        # Only root may give files away; others keep the group if it is one of theirs.
        for user, group in ((-1, status.st_gid), (status.st_uid, -1)):
            with suppress(PermissionError):
                os.chown(target, user, group)
        target.chmod(status.st_mode & 0o7777)


def swap(staged: Path, path: Path, mtime_ns: int | None) -> None:
    """Put `staged` in the place of `path`, durably.

    Args:
        staged: a file beside `path`.
        path: what it replaces.
        mtime_ns: the time that the file gets, or None for now.
    """
    now_ns = time.time_ns()
    os.utime(staged, ns=(now_ns, now_ns if mtime_ns is None else mtime_ns))
    _sync(staged)
    staged.replace(path)
    if os.name == "posix":
        # Some network shares cannot. The swap has happened, and either file is whole.
        with suppress(OSError):
            _sync(path.parent)


def rewrite(path: Path, content: bytes) -> None:
    """Give `path`, which need not exist, a new content in one step; OSError if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{STAGED_PREFIX}{os.getpid()}-{path.name}")
    try:
        if path.exists():
            copy(path, staged)
        staged.write_bytes(content)
        swap(staged, path, None)
    finally:
        staged.unlink(missing_ok=True)


def is_at(status: os.stat_result, path: Path) -> bool:
    """Whether `path` leads to the file of which this is the status; OSError if nobody knows."""
    try:
        return os.path.samestat(status, path.stat())
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    # Windows flushes only what is open for writing; folders cannot be opened there at all.
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_content(source: int, target: int) -> None:
    """Copy inside the kernel, which shares blocks where it can; leave the rest if it cannot."""
    if hasattr(os, "copy_file_range"):
        with suppress(OSError):
            while os.copy_file_range(source, target, _COPIED_AT_ONCE):
                pass
