"""Tells which folders are on file systems that do not tell of changes, as far as Linux knows."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")

_SILENT = frozenset({
    "9p", "afs", "autofs", "ceph", "cifs", "drvfs", "glusterfs", "lustre", "nfs", "nfs4", "prl_fs",
    "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
})  # fmt: skip
"""File systems that others change as well, on servers and hosts: nobody tells Linux of that."""


def find_silent(folder: Path, table: Path = _TABLE) -> str | None:
    """Return the type of a file system at or below `folder` that does not tell of all changes.

    None if there is none, or nobody knows.
    """
    place = os.path.realpath(folder)
    try:
        mounts = dict(_read_mounts(table.read_text(errors="surrogateescape")))
    except OSError:
        return None
    around = [point for point in mounts if _holds(point, place)]
    below = [point for point in mounts if _holds(place, point)]
    own = sorted(around, key=len)[-1:]
    return next((mounts[point] for point in own + below if _is_silent(mounts[point])), None)


def _read_mounts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the folder and the type of each mount; a later one on the same folder hides others."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")[0]
        if len(fields) > 4:
            yield _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4]), kind


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_silent(kind: str) -> bool:
    return kind in _SILENT or kind.startswith("fuse.")
