"""Copies owner, mode and attributes of a file to its copy, as far as the mount allows."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NFS_ENOTSUPP = 524  # Linux's own "not supported", which NFS lets out and no library names

_REFUSALS = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.EINVAL,
        errno.ENODATA,
        errno.ENOSYS,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.EOVERFLOW,  # an owner whom this mount cannot name
        errno.E2BIG,  # an attribute larger than this mount stores
        errno.ERANGE,
        _NFS_ENOTSUPP,
    }
)

_ACCESS_LIST = "system.posix_acl_access"


@contextmanager
def ignore_refusals() -> Iterator[None]:
    """Ignore, in the context, errors of a mount that cannot or may not do something.

    Errors of the disk itself (EIO, ENOSPC, EDQUOT and all others) are raised.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise


def limit_mode(path: Path, most: int) -> None:
    """Remove bits beyond `most` from the mode of `path`; OSError if the mount keeps them."""
    if _mode(path) & ~most:
        with ignore_refusals():
            path.chmod(_mode(path) & most)
    if (wider := _mode(path)) & ~most:
        raise OSError(
            errno.ENOTSUP,
            f"its mode would become {wider:04o}, which is wider than {most:04o}, "
            "and this disk does not let that be changed",
        )


def copy_metadata(source: Path, target: Path) -> tuple[str, ...]:
    """Copy owner, group, attributes and mode of `source` to `target`.

    Equal values are not set again, because some mounts refuse even that.

    Returns:
        Sentences about what could not be kept.

    Raises:
        OSError: the disk fails, or `target` would be open to more people than `source`.
    """
    _copy_owner(source, target)
    _copy_attributes(source, target)
    _copy_mode(source, target)
    _copy_flags(source, target)
    limit_mode(target, _mode(source))
    return tuple(_lost(source, target))


def _copy_owner(source: Path, target: Path) -> None:
    old, new = source.stat(), target.stat()
    if not hasattr(os, "chown"):
        return
    # Only root may change the owner; others may set the group to one of their own.
    if new.st_gid != old.st_gid:
        with ignore_refusals():
            os.chown(target, -1, old.st_gid)
    if new.st_uid != old.st_uid:
        with ignore_refusals():
            os.chown(target, old.st_uid, -1)


def _copy_attributes(source: Path, target: Path) -> None:
    wanted, found = _attributes(source), _attributes(target)
    for name, value in wanted.items():
        if found.get(name) != value:
            with ignore_refusals():
                os.setxattr(target, name, value)
    # A new file inherits its folder's default list, which may let in more people.
    if _ACCESS_LIST in found and _ACCESS_LIST not in wanted:
        with ignore_refusals():
            os.removexattr(target, _ACCESS_LIST)


def _copy_mode(source: Path, target: Path) -> None:
    old, new = source.stat(), target.stat()
    mode = _mode(source)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        mode &= ~(stat.S_ISUID | stat.S_ISGID)
    if old.st_gid != new.st_gid or _access_list(source) != _access_list(target):
        # Its bits are for another group, or mean more: it gets the rights of everybody.
        mode &= ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3
    if _mode(target) != mode:
        with ignore_refusals():
            target.chmod(mode)


def _copy_flags(source: Path, target: Path) -> None:
    if hasattr(os, "chflags") and _flags(source) != _flags(target):
        with ignore_refusals():
            os.chflags(target, _flags(source))


def _lost(source: Path, target: Path) -> Iterator[str]:
    old, new = source.stat(), target.stat()
    if old.st_uid != new.st_uid:
        yield "its owner could not be kept"
    if old.st_gid != new.st_gid:
        yield "its group could not be kept"
    if (was := _mode(source)) != (now := _mode(target)):
        yield f"its mode could not be kept: it was {was:04o} and is {now:04o}"
    if _flags(source) != _flags(target):
        yield "its flags could not be kept"
    wanted, found = _attributes(source), _attributes(target)
    for name in sorted(wanted.keys() | found.keys() & {_ACCESS_LIST}):
        if wanted.get(name) != found.get(name):
            yield f"its attribute {name} could not be kept"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _flags(path: Path) -> int:
    """Return the flags of macOS and BSD; without those that lock a file, which none can replace."""
    flags: int = getattr(path.stat(), "st_flags", 0)
    return flags & (stat.UF_NODUMP | stat.UF_HIDDEN)


def _access_list(path: Path) -> bytes | None:
    return _attributes(path).get(_ACCESS_LIST)


def _attributes(path: Path) -> dict[str, bytes]:
    """Return the extended attributes that can be read; Python supports those of Linux alone."""
    found = {}
    if hasattr(os, "listxattr"):
        with ignore_refusals():
            for name in os.listxattr(path):
                with ignore_refusals():
                    found[name] = os.getxattr(path, name)
    return found
