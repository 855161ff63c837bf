"""File systems that do not tell of changes are known by the table of mounts."""

from pathlib import Path

import pytest

from genretag.library.mounts import find_silent

TABLE = r"""22 28 0:21 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /mnt/nas rw,relatime shared:2 - nfs4 nas:/music rw,vers=4.2
31 22 0:31 / /mnt/my\040music rw,relatime - cifs //nas/music rw
32 22 8:17 / /mnt/usb rw - fuseblk /dev/sdb1 rw
33 22 0:33 / /mnt/remote rw shared:3 master:1 - fuse.sshfs me@there: rw
34 30 8:33 / /mnt/nas/local rw - btrfs /dev/sdc rw
35 22 0:35 / /srv rw - 9p host rw
36 22 8:34 / /srv rw - xfs /dev/sdd rw
broken
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me/Music", None),
        ("/mnt/nas", "nfs4"),
        ("/mnt/nas/Album", "nfs4"),
        ("/mnt/nas/local/Album", None),
        ("/mnt/nasty", None),
        ("/mnt/my music/Album", "cifs"),
        ("/mnt/usb", None),
        ("/mnt/remote/Album", "fuse.sshfs"),
        ("/srv", None),
        ("/", "nfs4"),
    ],
)
def test_the_innermost_mount_counts_and_those_below(
    tmp_path: Path, folder: str, kind: str | None
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert find_silent(Path(folder), table) == kind


def test_nothing_is_known_without_a_table(tmp_path: Path) -> None:
    assert find_silent(Path("/mnt/nas"), tmp_path / "none") is None


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs Linux")
def test_the_table_of_this_machine_can_be_read() -> None:
    assert find_silent(Path("/proc/self")) is None
