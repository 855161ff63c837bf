"""On mounts that refuse what disks do, files are tagged, and what was lost is named."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from audio_files import write_tone
from command import COMMAND
from refusing_mount import built, keeps_attributes, needed
from toy_model import LOW_HZ

from genretag import tags
from genretag.library import files

pytestmark = needed

NUMBERS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, 524)
LOST = {
    "chown": ("its owner could not be kept", "its group could not be kept"),
    "chmod": ("its mode could not be kept: it was 0644 and is 0600",),
    "utime": ("its time could not be kept",),
    "setxattr": ("its attribute user.note could not be kept",),
    "fsync": (),
    "sync-folder": (),
}
OLD_NS = 1_500_000_000_000_000_000

Mounted = Callable[..., "tuple[dict[str, dict], subprocess.CompletedProcess[str]]"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("library"))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "song.mp3", seconds=3.0, rate=48000, hz=LOW_HZ)


@pytest.fixture
def genretag(home: dict[str, str], library: Path) -> Mounted:
    """Run a command on such mounts; its rows by the folder of the file, and how it ended."""

    def run(*arguments: str | Path, **more: str):
        found = subprocess.run(
            [*COMMAND, *map(str, arguments), "--format", "jsonl"],
            env=home | {"LD_PRELOAD": str(library)} | more,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=120,
        )
        rows = map(json.loads, found.stdout.splitlines())
        return {Path(row["path"]).parent.name: row for row in rows}, found

    return run


def put(song: Path, folder: Path, mode: int = 0o644) -> Path:
    """Copy `song`, give it to somebody else if that is allowed, and set an attribute."""
    folder.mkdir(parents=True)
    path = Path(shutil.copyfile(song, folder / "song.mp3"))
    if keeps_attributes(folder):
        os.setxattr(path, "user.note", b"kept")
    if os.geteuid() == 0:
        os.chown(path, 1234, 4321)
    path.chmod(mode)
    os.utime(path, ns=(OLD_NS, OLD_NS))
    return path


def expected(call: str, folder: Path) -> tuple[str, ...]:
    if call == "chown" and os.geteuid() != 0:
        return ()
    if call == "setxattr" and not keeps_attributes(folder):
        return ()
    return LOST[call]


def staged(folder: Path) -> list[Path]:
    return list(folder.rglob(f"{files.STAGED_PREFIX}*"))


def test_what_a_mount_refuses_is_a_note_and_everything_else_is_kept(genretag, music, song) -> None:
    paths = {f"{call}={n}": put(song, music / f"{call}={n}") for call in LOST for n in NUMBERS}
    everything = Path(*(f"{call}=1" for call in LOST), "everything")
    put(song, music / everything)
    rows, run = genretag("scan", "--keep-mtime", music)
    assert run.returncode == 0, run.stderr
    assert len(rows) == len(paths) + 1
    for name, path in paths.items():
        call = name.split("=")[0]
        assert (rows[name]["status"], rows[name]["error"]) == ("tagged", None)
        assert tuple(rows[name]["notes"]) == expected(call, music), name
        assert tags.read(path).genres == ("Low",)
        kept = path.stat()
        assert call == "chmod" or stat.S_IMODE(kept.st_mode) == 0o644
        assert call == "utime" or kept.st_mtime_ns == OLD_NS
        if os.geteuid() == 0 and call != "chown":
            assert (kept.st_uid, kept.st_gid) == (1234, 4321)
        if keeps_attributes(music) and call != "setxattr":
            assert os.getxattr(path, "user.note") == b"kept"
    notes = {note for call in LOST for note in expected(call, music)}
    assert set(rows[everything.name]["notes"]) == notes
    rows, run = genretag("undo", "-y")
    assert run.returncode == 0, run.stderr
    assert {row["status"] for row in rows.values()} == {"tagged"}
    assert {tags.read(path).genres for path in paths.values()} == {()}
    assert staged(music) == []


def test_what_is_equal_already_is_not_set_at_all(genretag, music, song) -> None:
    """Take a file as on a mount where all files have one owner, one mode and no attributes."""
    folder = music / "created=644" / "chown=1" / "chmod=1" / "utime=1" / "setxattr=1"
    folder.mkdir(parents=True)
    shutil.copyfile(song, folder / "song.mp3")
    rows, _ = genretag("scan", music)
    assert [(row["status"], row["notes"]) for row in rows.values()] == [("tagged", [])]


def test_no_file_is_opened_to_more_people_than_it_was(genretag, music, song) -> None:
    private = put(song, music / "created=666" / "chmod=95", 0o600)
    content = private.read_bytes()
    rows, run = genretag("scan", music)
    (row,) = rows.values()
    assert (run.returncode, row["status"], row["error"]["code"]) == (1, "failed", "write-failed")
    assert "mode would become 0666, which is wider than" in row["error"]["message"]
    assert "the file is as it was" in row["error"]["message"]
    assert private.read_bytes() == content
    assert staged(music) == []


def test_a_mode_that_a_mount_chose_too_wide_is_made_narrow_first(genretag, music, song) -> None:
    path = put(song, music / "created=666", 0o600)
    rows, _ = genretag("scan", music)
    assert rows["created=666"]["notes"] == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_who_cannot_keep_the_group_lets_it_do_no_more_than_everybody(genretag, music, song) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    path = put(song, music / "chown=1", 0o2660)
    rows, _ = genretag("scan", music)
    assert "its mode could not be kept: it was 2660 and is 0600" in rows["chown=1"]["notes"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_other_oddities_of_mounts_change_nothing(genretag, music, song) -> None:
    """Copies within the server, rights that only the server knows, numbers that change."""
    names = ("copy_file_range=95", "access=13", "inode=1", "renamed=2")
    paths = [put(song, music / name) for name in names]
    rows, run = genretag("scan", music)
    assert run.returncode == 0, run.stderr
    assert {name: (rows[name]["status"], rows[name]["notes"]) for name in names} == dict.fromkeys(
        names, ("tagged", [])
    )
    rows, _ = genretag("undo", "-y")
    assert {name: rows[name]["status"] for name in names} == dict.fromkeys(names, "tagged")
    assert {tags.read(path).genres for path in paths} == {()}
    assert staged(music) == []


@pytest.mark.parametrize("call", ["rename", "fsync"])
def test_a_disk_that_fails_is_no_mount_that_refuses(genretag, music, song, call: str) -> None:
    numbers = {
        "rename": (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EEXIST, 524),
        "fsync": (errno.EIO,),
    }[call]
    paths = {n: put(song, music / f"{call}={n}") for n in numbers}
    content = song.read_bytes()
    rows, run = genretag("scan", music)
    assert run.returncode == 1
    for number, path in paths.items():
        row = rows[f"{call}={number}"]
        code = "no-permission" if number == errno.EPERM else "write-failed"
        assert (row["status"], row["error"]["code"]) == ("failed", code)
        assert "the file is as it was" in row["error"]["message"]
        assert path.read_bytes() == content
    assert staged(music) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_is_full_ends_the_run(genretag, music, song, number: int) -> None:
    path = put(song, music / f"fsync={number}")
    _, run = genretag("scan", music)
    assert run.returncode == 3
    assert "no space is left" in run.stderr
    assert path.read_bytes() == song.read_bytes()
    assert staged(music) == []


def test_where_a_journal_cannot_be_kept_nothing_is_written(genretag, music, song, tmp_path) -> None:
    path = put(song, music / "a")
    _, run = genretag("scan", music, GENRETAG_DATA_DIR=str(tmp_path / "fsync=22" / "data"))
    assert run.returncode == 3
    assert "the journal cannot be used" in run.stderr
    assert "GENRETAG_DATA_DIR" in run.stderr and "Traceback" not in run.stderr
    assert path.read_bytes() == song.read_bytes()


def test_where_there_are_no_locks_a_run_keeps_its_journal_or_says_why_not(
    genretag, music, song, tmp_path
) -> None:
    """Newer versions of filelock do without, older ones raise."""
    put(song, music / "a")
    _, run = genretag("scan", music, GENRETAG_DATA_DIR=str(tmp_path / "flock=38" / "data"))
    assert run.returncode == 0 or "the journal cannot be used" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("refusal", ["fsync=22", "mmap=19"])
def test_where_nothing_can_be_remembered_files_are_tagged_with_a_word(
    genretag, music, song, tmp_path, refusal: str
) -> None:
    put(song, music / "a")
    rows, run = genretag("scan", music, GENRETAG_CACHE_DIR=str(tmp_path / refusal / "cache"))
    assert "nothing is remembered in this run" in " ".join(run.stderr.split())
    assert (run.returncode, rows["a"]["status"]) == (0, "tagged")
    assert "Traceback" not in run.stderr


REWRITE = """
import json, sys
from pathlib import Path
from genretag.library import files
print(json.dumps([files.rewrite(Path(name), b"new") for name in sys.argv[1:]]))
"""


def test_pages_and_settings_are_replaced_there_too(library, music, song) -> None:
    calls = [call for call in LOST if call != "utime"]
    pages = [put(song, music / f"{call}=95") for call in calls]
    run = subprocess.run(
        [sys.executable, "-c", REWRITE, *pages],
        env=os.environ | {"LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [tuple(lost) for lost in json.loads(run.stdout)] == [
        expected(call, music) for call in calls
    ]
    assert {page.read_bytes() for page in pages} == {b"new"}
    assert staged(music) == []
