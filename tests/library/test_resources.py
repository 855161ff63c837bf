"""What a container may use counts, not what the machine around it has."""

import os
from pathlib import Path

import pytest

from genretag.library import resources


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for control groups, with this process in the group `/a/b`, and many processors."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("0::/a/b\n")
    (tmp_path / "groups" / "a" / "b").mkdir(parents=True)
    monkeypatch.setattr(resources, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(resources, "_SELF", tmp_path / "self")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    return tmp_path / "groups"


def test_without_a_quota_all_processors_count(groups: Path) -> None:
    assert resources.count_cores() == 64
    (groups / "a" / "cpu.max").write_text("max 100000\n")
    assert resources.count_cores() == 64


@pytest.mark.parametrize(("quota", "cores"), [(50000, 1), (200000, 2), (250000, 3)])
def test_a_quota_counts_wherever_above_the_process_it_stands(
    groups: Path, quota: int, cores: int
) -> None:
    for folder in ("", "a", "a/b"):
        file = groups / folder / "cpu.max"
        file.write_text(f"{quota} 100000\n")
        assert resources.count_cores() == cores
        file.unlink()


def test_the_first_version_of_control_groups_counts_too(groups: Path) -> None:
    (groups / "cpu").mkdir()
    (groups / "cpu" / "cpu.cfs_quota_us").write_text("150000\n")
    (groups / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert resources.count_cores() == 2
    (groups / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert resources.count_cores() == 64
