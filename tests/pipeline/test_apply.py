"""What a write keeps, and what becomes of a file that cannot be written: nothing."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from audio_files import make
from one_shot import raw_genres
from rights import NOBODY, as_root, nobody
from writers import apply, pending, planned, staged_in, take_back, writing

from genretag import tags
from genretag.domain.outcome import Failed, Outcome, Skipped, Tagged
from genretag.errors import Code, RunError
from genretag.library import files
from genretag.library.journal import Journal
from genretag.library.walk import Walk
from genretag.pipeline import undo
from genretag.pipeline.write import recover


@pytest.fixture
def music(tmp_path: Path) -> Path:
    (tmp_path / "music").mkdir()
    return tmp_path / "music"


@pytest.fixture
def song(music: Path) -> Path:
    return make("MP3", music)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody reaches, which pytest's own are not."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def write(journal: Path, path: Path, **options: object) -> Outcome:
    (outcome,) = apply(journal, [planned(path, "Rock")], **options)
    return outcome


def refused(journal: Path, outcome: Outcome, path: Path, code: Code) -> None:
    """`outcome` is a failure told with `code`, and nothing is left of the attempt."""
    assert isinstance(outcome, Failed) and outcome.error
    assert outcome.error.code == code
    assert str(path) in outcome.error.message and outcome.error.hint
    assert files.STAGED_PREFIX not in outcome.error.message
    assert outcome.after == outcome.before
    assert staged_in(path.parent) == []
    assert pending(journal) == []


def states(journal: Path) -> list[str]:
    """How the entries of the newest run ended."""
    with closing(Journal(journal)) as opened:
        return sorted(opened.history()[-1].counts)


# What is kept


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o666, 0o755])
def test_the_mode_is_kept(journal: Path, song: Path, mode: int) -> None:
    song.chmod(mode)
    assert isinstance(write(journal, song), Tagged)
    assert stat.S_IMODE(song.stat().st_mode) == mode


@as_root
def test_owner_and_group_are_kept(journal: Path, song: Path) -> None:
    os.chown(song, 1234, 4321)
    assert write(journal, song).notes == ()
    assert (song.stat().st_uid, song.stat().st_gid) == (1234, 4321)


@as_root
def test_an_owner_that_only_root_could_keep_is_reported(open_folder: Path) -> None:
    song = make("MP3", open_folder)
    os.chown(song, 1234, 4321)
    song.chmod(0o664)
    with nobody(groups=[4321]):
        outcome = write(open_folder / "journal", song)
    assert isinstance(outcome, Tagged)
    assert outcome.notes == ("its owner could not be kept",)
    assert (song.stat().st_uid, song.stat().st_gid) == (NOBODY, 4321)
    assert stat.S_IMODE(song.stat().st_mode) == 0o664


def test_attributes_are_kept(journal: Path, song: Path) -> None:
    try:
        os.setxattr(song, "user.rating", b"5")
    except (AttributeError, OSError) as error:
        pytest.skip(f"no extended attributes here: {error}")
    write(journal, song)
    assert os.getxattr(song, "user.rating") == b"5"
    take_back(journal)
    assert os.getxattr(song, "user.rating") == b"5"


def test_the_time_is_new_by_default_because_players_look_at_it(journal: Path, song: Path) -> None:
    os.utime(song, ns=(1, 1_000_000_000_000_000_000))
    write(journal, song)
    assert song.stat().st_mtime_ns > 1_700_000_000_000_000_000


def test_the_time_is_kept_on_request(journal: Path, song: Path) -> None:
    os.utime(song, ns=(1, 1_000_000_000_000_000_007))
    write(journal, song, keep_mtime=True)
    assert song.stat().st_mtime_ns == 1_000_000_000_000_000_007


def test_a_hard_link_is_swapped_and_the_broken_link_reported(journal: Path, song: Path) -> None:
    other = song.with_name("other.mp3")
    other.hardlink_to(song)
    old = song.read_bytes()
    outcome = write(journal, song)
    assert "2 names" in outcome.notes[0]
    assert tags.read(song).genres == ("Rock",)
    assert other.read_bytes() == old
    assert (song.stat().st_nlink, other.stat().st_nlink) == (1, 1)


def test_a_link_is_followed_to_its_target_and_stays_a_link(
    journal: Path, song: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    first = tmp_path / "elsewhere" / "first.mp3"
    second = tmp_path / "elsewhere" / "second.mp3"
    first.symlink_to(os.path.relpath(song, first.parent))
    second.symlink_to("first.mp3")
    outcome = write(journal, second)
    assert isinstance(outcome, Tagged) and outcome.path == second
    assert second.is_symlink() and first.is_symlink() and not song.is_symlink()
    assert tags.read(song).genres == ("Rock",)
    assert sorted(first.parent.iterdir()) == [first, second]
    assert [outcome.path for outcome in take_back(journal)] == [song]


def test_staged_copies_are_never_taken_for_music(song: Path) -> None:
    shutil.copy(song, song.with_name(f"{files.STAGED_PREFIX}0123456789ab.mp3"))
    assert list(Walk().files([song.parent])) == [song]


def test_other_outcomes_pass_through_and_nothing_is_journalled(journal: Path, song: Path) -> None:
    skipped = Skipped(path=song, reason="left out")
    assert apply(journal, [skipped]) == [skipped]
    with closing(Journal(journal)) as opened:
        assert opened.history() == []


# What cannot be written


@as_root
def test_a_read_only_file(open_folder: Path) -> None:
    song = make("MP3", open_folder)
    song.chmod(0o444)
    data = song.read_bytes()
    with nobody():
        outcome = write(open_folder / "journal", song)
    refused(open_folder / "journal", outcome, song, Code.NO_PERMISSION)
    assert song.read_bytes() == data


@as_root
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_a_folder_that_is_read_only_or_where_only_owners_may_rename(
    mode: int, open_folder: Path
) -> None:
    """The second is like a share that takes new files and fails at the rename alone."""
    (folder := open_folder / "music").mkdir()
    song = make("MP3", folder)
    song.chmod(0o666)
    folder.chmod(mode)
    data = song.read_bytes()
    with nobody():
        outcome = write(open_folder / "journal", song)
    refused(open_folder / "journal", outcome, song, Code.NO_PERMISSION)
    assert states(open_folder / "journal") == ["abandoned"]
    assert song.read_bytes() == data


@as_root
def test_a_file_that_nothing_can_be_renamed_onto(journal: Path, song: Path) -> None:
    decision, data = planned(song, "Rock"), song.read_bytes()
    with run("mount", "--bind", song, song, undone_by=("umount", song)):
        (outcome,) = apply(journal, [decision])
        refused(journal, outcome, song, Code.WRITE_FAILED)
        assert states(journal) == ["abandoned"]
    assert song.read_bytes() == data


@as_root
def test_a_file_that_is_locked_for_good(journal: Path, song: Path) -> None:
    data = song.read_bytes()
    with run("chattr", "+i", song, undone_by=("chattr", "-i", song)):
        outcome = write(journal, song)
    refused(journal, outcome, song, Code.NO_PERMISSION)
    assert song.read_bytes() == data


@as_root
def test_a_copy_that_cannot_be_removed_now_is_removed_by_the_next_run(
    journal: Path, song: Path
) -> None:
    data = song.read_bytes()
    with run("chattr", "+a", song.parent, undone_by=("chattr", "-a", song.parent)):
        outcome = write(journal, song)
    assert isinstance(outcome, Failed) and outcome.error
    assert outcome.error.code == Code.NO_PERMISSION
    assert len(staged_in(song.parent)) == len(pending(journal)) == 1
    assert apply(journal, []) == []
    assert list(song.parent.iterdir()) == [song]
    assert pending(journal) == []
    assert song.read_bytes() == data


@as_root
def test_a_read_only_disk(journal: Path, song: Path) -> None:
    data = song.read_bytes()
    folder = song.parent
    with (
        run("mount", "--bind", folder, folder, undone_by=("umount", folder)),
        run("mount", "-o", "remount,ro,bind", folder, undone_by=("true",)),
    ):
        outcome = write(journal, song)
    refused(journal, outcome, song, Code.NO_PERMISSION)
    assert song.read_bytes() == data


@contextmanager
def run(*command: str | Path, undone_by: Sequence[str | Path]) -> Iterator[None]:
    """Do something to the system that not every system allows, and take it back."""
    if shutil.which(str(command[0])) is None or subprocess.run(command, check=False).returncode:
        pytest.skip(f"{command[0]} does not work here")
    try:
        yield
    finally:
        subprocess.run(undone_by, check=True)


def test_a_file_that_vanished(journal: Path, song: Path) -> None:
    decision = planned(song, "Rock")
    song.unlink()
    (outcome,) = apply(journal, [decision])
    refused(journal, outcome, song, Code.NOT_FOUND)


def test_a_file_that_became_a_loop_of_links(journal: Path, song: Path) -> None:
    decision = planned(song, "Rock")
    song.unlink()
    song.symlink_to(song.name)
    (outcome,) = apply(journal, [decision])
    refused(journal, outcome, song, Code.WRITE_FAILED)


def test_a_file_that_somebody_wrote_into(journal: Path, song: Path) -> None:
    decision = planned(song, "Rock")
    with song.open("ab") as stream:
        stream.write(b"more")
    data = song.read_bytes()
    (outcome,) = apply(journal, [decision])
    refused(journal, outcome, song, Code.CHANGED)
    assert song.read_bytes() == data


def test_a_file_that_got_another_genre_within_the_same_size_and_time(
    journal: Path, song: Path
) -> None:
    tags.write(song, ("Jazz",))
    status = song.stat()
    decision = planned(song, "Rock")
    tags.write(song, ("Folk",))
    os.utime(song, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert files.read_stamp(song) == decision.change.stamp
    (outcome,) = apply(journal, [decision])
    refused(journal, outcome, song, Code.CHANGED)
    assert tags.read(song).genres == ("Folk",)


def test_tags_that_cannot_be_taken_apart(journal: Path, song: Path) -> None:
    decision = planned(song, "Rock")
    data = b"ID3\x07\0\0\0\0\0\x0a" + bytes(10) + song.read_bytes()
    song.write_bytes(data)
    broken = replace(decision.change, stamp=None)
    (outcome,) = apply(journal, [replace(decision, change=broken)])
    refused(journal, outcome, song, Code.TAGS_UNREADABLE)
    assert song.read_bytes() == data


def test_tags_that_have_no_room_are_told_about_the_file_and_not_its_copy(
    journal: Path, music: Path
) -> None:
    song = make("WAV", music)
    data = song.read_bytes() + b"cue " + (1000).to_bytes(4, "little") + b"cut off"
    data = data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]
    song.write_bytes(data)
    outcome = write(journal, song)
    refused(journal, outcome, song, Code.TAGS_UNWRITABLE)
    assert states(journal) == ["abandoned"]
    assert song.read_bytes() == data


def test_a_name_that_is_not_utf8_is_no_problem(journal: Path, song: Path) -> None:
    odd = song.rename(song.parent / os.fsdecode(b"caf\xe9 \xff\xfe.mp3"))
    raw = raw_genres(odd)
    assert isinstance(write(journal, odd), Tagged)
    assert [outcome.status for outcome in take_back(journal)] == ["tagged"]
    assert raw_genres(odd) == raw


def test_a_name_as_long_as_names_can_be_is_no_problem(journal: Path, song: Path) -> None:
    long = song.rename(song.with_name("x" * 251 + ".mp3"))
    assert isinstance(write(journal, long), Tagged)


def test_a_path_too_long_for_a_copy_beside_the_file(journal: Path, song: Path) -> None:
    limit = os.pathconf(song.parent, "PC_PATH_MAX")
    folder = song.parent
    while len(str(folder)) < limit - 260:
        folder /= "x" * 200
    folder /= "y" * (limit - len(str(folder)) - len("/a.mp3") - 2)
    folder.mkdir(parents=True)
    path = song.rename(folder / "a.mp3")
    data = path.read_bytes()
    outcome = write(journal, path)
    assert isinstance(outcome, Failed) and outcome.error
    assert outcome.error.code == Code.WRITE_FAILED
    assert "too long" in outcome.error.message and "shorter" in outcome.error.hint
    assert path.read_bytes() == data
    assert list(folder.iterdir()) == [path]


def test_one_bad_file_never_stops_the_others(journal: Path, music: Path) -> None:
    good = [make(kind, music) for kind in ("FLAC", "MP3", "WAV")]
    decisions = [planned(path, "Rock") for path in good]
    good[1].unlink()
    statuses = [outcome.status for outcome in apply(journal, decisions)]
    assert statuses == ["tagged", "failed", "tagged"]


@as_root
def test_a_full_disk_ends_the_run_and_what_was_done_is_in_the_journal(
    journal: Path, tmp_path: Path
) -> None:
    (disk := tmp_path / "disk").mkdir()
    with run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk, undone_by=("umount", disk)):
        small = make("MP3", disk)
        large = make("WAV", disk, seconds=3.5)
        data = large.read_bytes()
        assert len(data) > 600_000
        decisions = [planned(small, "Rock"), planned(large, "Rock"), planned(small, "Pop")]
        outcomes = []
        with pytest.raises(RunError) as caught, writing(journal) as writer:
            outcomes.extend(writer.apply(decisions[:1]))
            outcomes.extend(writer.apply(decisions[1:]))
        assert caught.value.code == Code.DISK_FULL
        assert str(large) in caught.value.message
        assert [outcome.status for outcome in outcomes] == ["tagged"]
        assert large.read_bytes() == data
        assert staged_in(disk) == [] == pending(journal)
        assert [outcome.path for outcome in take_back(journal)] == [small]
        assert tags.read(small).genres == ()


@as_root
def test_without_room_for_the_journal_nothing_is_written(song: Path, tmp_path: Path) -> None:
    data = song.read_bytes()
    (disk := tmp_path / "disk").mkdir()
    with run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk, undone_by=("umount", disk)):
        assert apply(disk, []) == []
        fill(disk)
        with pytest.raises(RunError) as caught:
            write(disk, song)
        assert caught.value.code == Code.JOURNAL_FAILED
        assert song.read_bytes() == data
        assert staged_in(song.parent) == []


@as_root
def test_a_journal_that_fills_up_ends_the_run_before_the_next_file(
    music: Path, tmp_path: Path
) -> None:
    songs = [make(kind, music) for kind in ("FLAC", "MP3")]
    data = songs[1].read_bytes()
    (disk := tmp_path / "disk").mkdir()
    with run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk, undone_by=("umount", disk)):
        with pytest.raises(RunError) as caught, writing(disk) as writer:
            assert isinstance(next(writer.apply([planned(songs[0], "Rock")])), Tagged)
            fill(disk)
            for number in range(1000):
                next(writer.apply([planned(songs[1], f"Rock {number}")]))
                data = songs[1].read_bytes()
        assert caught.value.code == Code.JOURNAL_FAILED
        assert songs[1].read_bytes() == data
        assert staged_in(music) == []
        (disk / "ballast").unlink()
        while take_back(disk):
            pass
        assert [tags.read(path).genres for path in songs] == [(), ()]


def fill(disk: Path) -> None:
    """Leave no byte free."""
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


# After a kill


def killed(journal: Path, song: Path) -> None:
    """Leave the entry of a run that died before or after its swap, as the file is then."""
    with closing(Journal(journal)) as opened:
        opened._db.execute("UPDATE change SET state = 'pending', raw_after = NULL")


def test_a_genre_that_somebody_gave_after_a_kill_is_left_alone(journal: Path, song: Path) -> None:
    write(journal, song)
    killed(journal, song)
    tags.write(song, ("Mine",))
    with closing(Journal(journal)) as opened:
        recover(opened)
        (record,) = opened.history()
        (outcome,) = undo.plan(opened, record.id)
    assert isinstance(outcome, Skipped) and outcome.after == ("Mine",)
    assert take_back(journal) == [outcome]
    assert tags.read(song).genres == ("Mine",)


def test_a_killed_run_whose_file_is_out_of_reach_is_settled_when_it_is_back(
    journal: Path, song: Path
) -> None:
    raw = raw_genres(song)
    write(journal, song)
    killed(journal, song)
    away = song.rename(song.with_name("away.mp3"))
    assert take_back(journal) == []
    away.rename(song)
    assert [outcome.status for outcome in take_back(journal)] == ["tagged"]
    assert raw_genres(song) == raw
