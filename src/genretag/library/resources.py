"""The processor cores and the memory that a run may use."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WORKER_BYTES = 1 << 30
"""Bytes that one file may take, beyond what a worker has when it begins."""

_GROUPS = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self")


def count_cores() -> int:
    """Return the cores that this process may use: by affinity and by its control group's quota."""
    if hasattr(os, "sched_getaffinity"):
        usable = len(os.sched_getaffinity(0))
    else:
        usable = os.cpu_count() or 1
    return max(1, math.ceil(min(usable, _quota())))


def limit_memory(n_bytes: int = WORKER_BYTES) -> None:
    """Limit the memory that files may take from this process to `n_bytes` more.

    Only Linux can; elsewhere the time limit or the system's own limits have to do.
    """
    with suppress(ImportError, OSError, ValueError, StopIteration):
        import resource

        lines = (_SELF / "status").read_text().splitlines()
        used = next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = used + n_bytes
        if soft == resource.RLIM_INFINITY or wanted < soft:
            resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


@contextmanager
def limited_memory(n_bytes: int) -> Iterator[None]:
    """Do what `limit_memory` does until the context ends."""
    try:
        import resource
    except ImportError:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit_memory(n_bytes)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _quota() -> float:
    """Return the quota of cores of the control groups around this process."""
    quota = math.inf
    with suppress(OSError, ValueError):
        # One hierarchy (version 2); in a container its root is all that is visible.
        own = next(
            line.split("::", 1)[1]
            for line in (_SELF / "cgroup").read_text().splitlines()
            if line.startswith("0::")
        )
        group = _GROUPS / own.strip().lstrip("/")
        for folder in (group, *group.parents):
            with suppress(OSError, ValueError):
                share, period = (folder / "cpu.max").read_text().split()
                if share != "max":
                    quota = min(quota, int(share) / int(period))
            if folder == _GROUPS:
                break
    with suppress(OSError, ValueError):  # version 1
        share_us, period_us = (
            int((_GROUPS / "cpu" / f"cpu.cfs_{part}_us").read_text())
            for part in ("quota", "period")
        )
        if share_us > 0:
            quota = min(quota, share_us / period_us)
    return quota
