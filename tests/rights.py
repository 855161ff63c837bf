"""Without the rights of root, who may read and write everything."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

NOBODY = 65534

as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")


@contextmanager
def nobody(groups: Sequence[int] = ()) -> Iterator[None]:
    """As nobody in `groups`, for a while; as we are, if we are not root."""
    if os.geteuid() != 0:
        yield
        return
    old = os.getgroups()
    os.setgroups(groups)
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(old)
