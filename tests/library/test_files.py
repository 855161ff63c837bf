import errno
import os
import struct
import subprocess
import time
from pathlib import Path
from threading import Thread

import pytest
from rights import as_root

from genretag.library import files

DATA = os.urandom(3 << 20)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(DATA)
    return path


def set_attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except (AttributeError, OSError) as error:
        pytest.skip(f"no extended attributes here: {error}")


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access control list as Linux stores it: tag, rights and who."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY_IN_PARTICULAR = 0xFFFFFFFF
SHARED = acl(
    (0x01, 6, NOBODY_IN_PARTICULAR),  # the owner
    (0x02, 4, 1234),  # one more person
    (0x04, 4, NOBODY_IN_PARTICULAR),  # the group
    (0x10, 4, NOBODY_IN_PARTICULAR),  # the most that those two get
    (0x20, 0, NOBODY_IN_PARTICULAR),  # everybody else
)


def test_a_copy_has_the_same_content(song: Path) -> None:
    files.copy(song, copy := song.with_name("copy"))
    assert copy.read_bytes() == song.read_bytes() == DATA


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs /proc")
def test_what_the_kernel_does_not_copy_by_itself_is_copied_all_the_same(tmp_path: Path) -> None:
    files.copy(Path("/proc/version"), copy := tmp_path / "copy")
    assert copy.read_bytes() == Path("/proc/version").read_bytes() != b""


def test_a_copy_takes_nobodys_place(song: Path) -> None:
    other = song.with_name("other")
    other.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        files.copy(song, other)
    assert other.read_bytes() == b"mine"


def test_a_copy_is_private_until_its_mode_is_known(tmp_path: Path) -> None:
    os.mkfifo(source := tmp_path / "source", 0o644)
    copying = Thread(target=files.copy, args=(source, copy := tmp_path / "copy"))
    copying.start()
    while not copy.exists():
        time.sleep(0.001)
    assert copy.stat().st_mode & 0o777 == 0o600
    source.write_bytes(DATA)
    copying.join()
    assert copy.read_bytes() == DATA
    assert copy.stat().st_mode & 0o777 == source.stat().st_mode & 0o777


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o4755, 0o664])
def test_the_mode_is_copied_whatever_the_mask(song: Path, mode: int) -> None:
    song.chmod(mode)
    old = os.umask(0o077)
    try:
        assert files.copy(song, copy := song.with_name("copy")) == ()
    finally:
        os.umask(old)
    assert copy.stat().st_mode == song.stat().st_mode


@as_root
def test_owner_and_group_are_copied(song: Path) -> None:
    os.chown(song, 1234, 4321)
    files.copy(song, copy := song.with_name("copy"))
    assert (copy.stat().st_uid, copy.stat().st_gid) == (1234, 4321)


def test_attributes_and_access_control_lists_are_copied(song: Path) -> None:
    set_attribute(song, "user.note", b"\0\xff mine")
    set_attribute(song, "system.posix_acl_access", SHARED)
    assert files.copy(song, copy := song.with_name("copy")) == ()
    assert os.getxattr(copy, "user.note") == b"\0\xff mine"
    assert os.getxattr(copy, "system.posix_acl_access") == SHARED
    assert copy.stat().st_mode == song.stat().st_mode


def test_a_list_that_the_folder_hands_down_opens_no_copy(song: Path) -> None:
    set_attribute(song.parent, "system.posix_acl_default", SHARED)
    song.chmod(0o640)
    assert files.copy(song, copy := song.with_name("copy")) == ()
    assert "system.posix_acl_access" not in os.listxattr(copy)
    assert copy.stat().st_mode == song.stat().st_mode


def test_a_swap_leaves_one_file_with_the_new_content_and_time(song: Path) -> None:
    files.copy(song, staged := song.with_name(".staged"))
    staged.write_bytes(b"new")
    made, written = staged.stat(), files.read_stamp(staged)
    assert not files.is_same_file(made, song)
    files.swap(staged, song, None)
    assert files.is_same_file(made, song)
    assert list(song.parent.iterdir()) == [song]
    assert song.read_bytes() == b"new"
    assert files.read_stamp(song) == written


def test_a_swap_keeps_a_time_that_it_is_given(song: Path) -> None:
    files.copy(song, staged := song.with_name(".staged"))
    files.swap(staged, song, 1_500_000_000_000_000_001)
    assert song.stat().st_mtime_ns == 1_500_000_000_000_000_001


@as_root
def test_a_swap_that_the_system_refuses_leaves_both_files(song: Path) -> None:
    files.copy(song, staged := song.with_name(".staged"))
    # Nothing can be renamed onto a mount point.
    if subprocess.run(["mount", "--bind", song, song], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(OSError) as caught:
            files.swap(staged, song, None)
        assert caught.value.errno == errno.EBUSY
        assert song.read_bytes() == staged.read_bytes() == DATA
    finally:
        subprocess.run(["umount", song], check=True)


def test_a_file_that_is_gone_is_nobody(song: Path) -> None:
    status = song.stat()
    assert files.is_same_file(status, song)
    song.unlink()
    assert not files.is_same_file(status, song)
