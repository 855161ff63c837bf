"""Carries owner, mode and attributes from a file over to its copy, as far as the mount lets it."""

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
def tolerated() -> Iterator[None]:
    """Ignore an OSError by which a mount says that it cannot, or may not, do such a thing.

    Errors of the disk itself (EIO, ENOSPC, EDQUOT and all others) go on to the caller.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise


def hold_to(path: Path, most: int) -> None:
    """Take from the mode of `path` what goes beyond `most`; OSError if the mount keeps it."""
    if _mode(path) & ~most:
        with tolerated():
            path.chmod(_mode(path) & most)
    if (wider := _mode(path)) & ~most:
        raise OSError(
            errno.ENOTSUP,
            f"its mode would become {wider:04o}, which is wider than {most:04o}, "
            "and this disk does not let that be changed",
        )


def carry_over(source: Path, target: Path) -> tuple[str, ...]:
    """Give `target` the owner, the group, the attributes and the mode of `source`.

    What is equal already is not set, because some mounts refuse even that.

    Returns:
        Sentences about what could not be kept.

    Raises:
        OSError: the disk fails, or `target` would be open to more people than `source`.
    """
    _give_owner(source, target)
    _give_attributes(source, target)
    _give_mode(source, target)
    _give_flags(source, target)
    hold_to(target, _mode(source))
    return tuple(_lost(source, target))


def _give_owner(source: Path, target: Path) -> None:
    old, new = source.stat(), target.stat()
    if not hasattr(os, "chown"):
        return
    # Only root may give files away; others keep the group if it is one of theirs.
    if new.st_gid != old.st_gid:
        with tolerated():
            os.chown(target, -1, old.st_gid)
    if new.st_uid != old.st_uid:
        with tolerated():
            os.chown(target, old.st_uid, -1)


def _give_attributes(source: Path, target: Path) -> None:
    wanted, found = _attributes(source), _attributes(target)
    for name, value in wanted.items():
        if found.get(name) != value:
            with tolerated():
                os.setxattr(target, name, value)
    # A new file inherits its folder's default list, which may let in more people.
    if _ACCESS_LIST in found and _ACCESS_LIST not in wanted:
        with tolerated():
            os.removexattr(target, _ACCESS_LIST)


def _give_mode(source: Path, target: Path) -> None:
    old, new = source.stat(), target.stat()
    mode = _mode(source)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        mode &= ~(stat.S_ISUID | stat.S_ISGID)
    if old.st_gid != new.st_gid or _access_list(source) != _access_list(target):
        # It is another group now, or its bits mean more: it may do what everybody may.
        mode &= ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3
    if _mode(target) != mode:
        with tolerated():
            target.chmod(mode)


def _give_flags(source: Path, target: Path) -> None:
    if hasattr(os, "chflags") and _flags(source) != _flags(target):
        with tolerated():
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
    """The flags of macOS and BSD, without those that lock a file: it cannot be replaced anyway."""
    found: int = getattr(path.stat(), "st_flags", 0)
    return found & (stat.UF_NODUMP | stat.UF_HIDDEN)


def _access_list(path: Path) -> bytes | None:
    return _attributes(path).get(_ACCESS_LIST)


def _attributes(path: Path) -> dict[str, bytes]:
    """The extended attributes that can be read; Python knows those of Linux alone."""
    found = {}
    if hasattr(os, "listxattr"):
        with tolerated():
            for name in os.listxattr(path):
                with tolerated():
                    found[name] = os.getxattr(path, name)
    return found
