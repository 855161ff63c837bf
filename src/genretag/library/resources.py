"""What this machine lets a run use."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WORKER_BYTES = 1 << 30
"""How much memory one file may take, beside what a worker has when it begins."""

_GROUPS = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self")


def cores() -> int:
    """Processor cores that this process may use: by its affinity and its control group's quota."""
    if hasattr(os, "sched_getaffinity"):
        usable = len(os.sched_getaffinity(0))
    else:
        usable = os.cpu_count() or 1
    return max(1, math.ceil(min(usable, _quota())))


def limit_memory() -> None:
    """Let no file take more than WORKER_BYTES from this process, where the system can see to it.

    Linux can; elsewhere a greedy file meets the time limit or the system's own.
    """
    _limited(WORKER_BYTES)


@contextmanager
def memory_limited(size: int) -> Iterator[None]:
    """Let what happens in the context take no more than `size` bytes, where that can be seen to."""
    before = _limited(size)
    try:
        yield
    finally:
        if before is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, before)


def _limited(size: int) -> tuple[int, int] | None:
    """Allow `size` bytes more than there are; the limits before, or None if nothing was done."""
    with suppress(ImportError, OSError, ValueError, StopIteration):
        import resource

        lines = (_SELF / "status").read_text().splitlines()
        used = next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))
        before = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (used + size, before[1]))
        return before
    return None


def _quota() -> float:
    """Cores' worth of time that the control groups around this process leave it."""
    quota = math.inf
    with suppress(OSError, ValueError):
        # One hierarchy (version 2); in a container its root is what matters and all one sees.
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
