"""`genretag watch` as a process of its own: real files, real signals.

Nothing here depends on how fast the machine is: tests wait for what must come.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import toy_model
from audio_files import copies, garbage, write_tone
from command import COMMAND
from toy_model import HIGH_HZ, LOW_HZ

from genretag import tags

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

PATIENCE_S = 120
AT_ONCE_S = 20
"""A bound for what takes a moment; the machine may have much else to do."""


def song(path: Path, hz: float = LOW_HZ) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tone(path, seconds=3.0, hz=hz)


class Watching:
    """A running `genretag watch`."""

    def __init__(self, home: dict[str, str], folder: Path, *arguments: str | Path) -> None:
        folder.mkdir()
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [*COMMAND, "watch", "--settle", "0.5", *map(str, arguments)],
                env=home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                # Whoever runs the tests in the background ignores Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    @property
    def lines(self) -> list[str]:
        return self._out.read_text().splitlines()

    @property
    def log(self) -> str:
        return self._err.read_text()

    @property
    def rows(self) -> list[dict]:
        text = self._out.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    @property
    def tagged(self) -> list[str]:
        return sorted(Path(row["path"]).name for row in self.rows if row["status"] == "tagged")

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so; fail if the process ends before."""
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end, (self.lines, self.log)
            time.sleep(0.05)

    def until_tagged(self, *names: str) -> None:
        self.until(lambda: self.tagged == sorted(names))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(AT_ONCE_S)


@pytest.fixture
def watch(home, music, tmp_path) -> Iterator[Callable[..., Watching]]:
    started: list[Watching] = []

    def start(*arguments: str | Path, **environment: str) -> Watching:
        music.mkdir(exist_ok=True)
        folder = tmp_path / f"watch {len(started)}"
        one = Watching(home | environment, folder, *(arguments or ("--format", "jsonl", music)))
        started.append(one)
        one.until(lambda: "Watching" in one.log)
        return one

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def runs(genretag) -> list[str]:
    return genretag("history").stdout.splitlines()


def test_files_that_are_there_and_files_that_come_are_tagged(watch, music, genretag) -> None:
    song(music / "A" / "a.flac")
    running = watch(music)
    running.until(lambda: len(running.lines) == 1)
    assert "tagged" in running.lines[0] and "Low" in running.lines[0]
    song(music / "B" / "b.mp3", HIGH_HZ)
    running.until(lambda: len(running.lines) == 2)
    assert "High" in running.lines[1] and "B/b.mp3" in running.lines[1]
    assert running.end() == 0
    assert tags.read(music / "A" / "a.flac").genres == ("Low",)
    assert tags.read(music / "B" / "b.mp3").genres == ("High",)
    assert [("watch" in line, "1 written" in line) for line in runs(genretag)] == [(True, True)] * 2


def test_it_says_once_that_scores_are_not_calibrated(watch, music, tmp_path) -> None:
    model = toy_model.save(tmp_path / "styles.onnx", toy_model.MULTILABEL, offset=-1.0)
    song(music / "A" / "a.flac")
    running = watch(GENRETAG_MODEL=str(model))
    running.until(lambda: len(running.lines) == 1)
    song(music / "B" / "b.flac")
    running.until(lambda: len(running.lines) == 2)
    assert running.log.count("are not calibrated: they rank genres") == 1
    assert [row["calibrated"] for row in running.rows] == [False] * 2


def test_undo_takes_back_what_came_together(watch, music, genretag) -> None:
    song(music / "old" / "a.flac")
    running = watch()
    running.until_tagged("a.flac")
    for n in range(3):
        song(music.parent / "new" / f"{n}.flac")
    (music.parent / "new").rename(music / "new")
    running.until_tagged("a.flac", "0.flac", "1.flac", "2.flac")
    assert running.end() == 0
    assert len(runs(genretag)) == 2
    assert genretag("undo").returncode == 0
    assert tags.read(music / "old" / "a.flac").genres == ("Low",)
    assert not any(tags.read(path).genres for path in (music / "new").iterdir())


def test_its_own_writes_do_not_make_it_loop(watch, music) -> None:
    running = watch("--policy", "replace", "--format", "jsonl", music)
    for n in range(3):
        song(music / "A" / f"{n}.flac")
    running.until_tagged("0.flac", "1.flac", "2.flac")
    states = {path: path.stat().st_ino for path in (music / "A").iterdir()}
    song(music / "B" / "last.flac")
    running.until_tagged("0.flac", "1.flac", "2.flac", "last.flac")
    song(music / "C" / "really the last.flac")
    running.until_tagged("0.flac", "1.flac", "2.flac", "last.flac", "really the last.flac")
    assert {path: path.stat().st_ino for path in (music / "A").iterdir()} == states
    assert running.end() == 0


def test_a_file_that_is_copied_slowly_is_left_alone_until_it_is_whole(watch, music) -> None:
    whole = song(music.parent / "whole.wav").read_bytes()
    # A machine that has much else to do may pause for a second between two parts.
    running = watch("--settle", "2", "--format", "jsonl", music)
    target = music / "slow.wav"
    parts = 30
    with target.open("wb", buffering=0) as file:
        for n in range(parts):
            file.write(whole[len(whole) * n // parts : len(whole) * (n + 1) // parts])
            time.sleep(0.15)
            # Another file in its place would be lost to whoever is still copying.
            assert target.stat().st_ino == os.fstat(file.fileno()).st_ino
    running.until_tagged("slow.wav")
    assert [row["status"] for row in running.rows] == ["tagged"]
    assert running.end() == 0


def test_files_renamed_retagged_and_removed_one_by_one_and_in_bulk(watch, music) -> None:
    songs = [song(music / "A" / f"{n}.flac") for n in range(6)]
    running = watch()
    running.until(lambda: len(running.tagged) == 6)
    songs[0].rename(music / "A" / "renamed.flac")
    tags.write(songs[1], ())
    songs[2].unlink()
    running.until(lambda: running.tagged.count("1.flac") == 2)
    (music / "A").rename(music / "B")
    for path in (music / "B").iterdir():
        tags.write(path, ())
    running.until(lambda: len(running.tagged) == 6 + 1 + 5)
    shutil.rmtree(music / "B")
    song(music / "last.flac")
    running.until(lambda: "last.flac" in running.tagged)
    assert {row["status"] for row in running.rows} == {"tagged"}
    assert running.end() == 0


def test_a_genre_that_a_person_gives_stays(watch, music) -> None:
    path = song(music / "a.flac")
    running = watch()
    running.until_tagged("a.flac")
    tags.write(path, ("Mine",))
    song(music / "b.flac")
    running.until_tagged("a.flac", "b.flac")
    assert tags.read(path).genres == ("Mine",)
    assert running.end() == 0


def test_files_that_vanish_at_once_are_no_failures(watch, music) -> None:
    running = watch()
    for n in range(200):
        garbage(music / f"{n}.flac")
    for n in range(200):
        (music / f"{n}.flac").unlink()
    song(music / "a.flac")
    running.until_tagged("a.flac")
    assert [row["status"] for row in running.rows] == ["tagged"]
    assert running.end() == 0


def test_a_failure_is_told_once_even_after_a_restart(watch, music) -> None:
    music.mkdir()
    garbage(music / "bad.flac")
    running = watch()
    running.until(lambda: len(running.rows) == 1)
    assert running.rows[0]["status"] == "failed"
    song(music / "a.flac")
    running.until_tagged("a.flac")
    assert running.end() == 0
    again = watch()
    song(music / "b.flac")
    again.until_tagged("b.flac")
    assert [row["status"] for row in again.rows] == ["tagged"]


def test_a_restart_finds_what_has_changed_meanwhile(watch, music) -> None:
    song(music / "a.flac")
    running = watch()
    running.until_tagged("a.flac")
    assert running.end() == 0
    song(music / "b.flac")
    tags.write(music / "a.flac", ())
    again = watch()
    again.until_tagged("a.flac", "b.flac")
    assert again.end() == 0


def test_a_dry_run_says_what_it_would_write_once(watch, music) -> None:
    path = song(music / "a.flac")
    before = path.read_bytes()
    running = watch("-n", "--format", "jsonl", music)
    running.until(lambda: len(running.rows) == 1)
    song(music / "B" / "b.flac")
    running.until(lambda: len(running.rows) == 2)
    assert [row["status"] for row in running.rows] == ["planned", "planned"]
    assert path.read_bytes() == before
    assert running.end() == 0


def test_polling_needs_nobody_to_tell_of_changes(watch, music) -> None:
    running = watch("--poll", "0.3", "--format", "jsonl", music)
    song(music / "a.flac")
    running.until_tagged("a.flac")
    assert "Looking at all files every 0.3 s" in running.log
    assert running.end() == 0


@pytest.mark.skipif(not Path("/proc/sys/user").exists(), reason="needs Linux")
def test_where_the_system_can_watch_no_more_folders_it_looks_for_itself(
    home, music, tmp_path, watch
) -> None:
    limit = "echo 0 > /proc/sys/user/max_inotify_watches && exec"
    wrapped = ["unshare", "-U", "-r", "sh", "-c"]
    if subprocess.run([*wrapped, f"{limit} true"], capture_output=True).returncode:
        pytest.skip("needs user namespaces")
    music.mkdir()
    song(music / "a.flac")
    command = f'{limit} {sys.executable} -m genretag watch --settle 0.5 "$0"'
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*wrapped, command, music], env=home, stderr=log)
    try:
        end = time.monotonic() + PATIENCE_S
        while not tags.read(music / "a.flac").genres:
            assert time.monotonic() < end
            time.sleep(0.1)
        said = (tmp_path / "log").read_text()
        assert "limit reached" in said and "Looking at all files every 60 s" in said
    finally:
        process.terminate()
        assert process.wait(AT_ONCE_S) == 0


def test_changes_while_it_was_stopped_are_found(watch, music) -> None:
    """More of them than the system keeps: what is told of later is not all."""
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    if not limit.exists():
        pytest.skip("needs Linux")
    running = watch()
    running.process.send_signal(signal.SIGSTOP)
    (noise := music / "noise").mkdir()
    for _ in range(int(limit.read_text()) // 2 + 1000):
        (noise / "cover.jpg").touch()
        (noise / "cover.jpg").unlink()
    song(music / "A" / "lost.flac")
    time.sleep(11)  # so that it can tell that it was stopped
    running.process.send_signal(signal.SIGCONT)
    running.until_tagged("lost.flac")
    assert running.end() == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGHUP, 130)]
)
def test_a_signal_ends_it_at_once_while_it_waits(watch, music, number, code) -> None:
    running = watch()
    song(music / "a.flac")
    running.until_tagged("a.flac")
    assert running.end(number) == code
    assert running.log.count("\n") == 1  # nothing but that it watches


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_while_files_are_analysed_and_written(
    watch, music, genretag, number, code
) -> None:
    songs = copies(song(music / "000.wav"), 300)
    running = watch()
    running.until(lambda: len(running.rows) > 5)
    assert running.end(number) == code
    assert not [path for path in music.iterdir() if path.name.startswith(".")]
    done = {path.name for path in songs if tags.read(path).genres}
    assert 0 < len(done) < 300
    assert set(running.tagged) <= done
    again = watch()
    again.until(lambda: len(running.tagged) + len(again.tagged) >= len(done))
    again.until(lambda: all(tags.read(path).genres for path in songs))
    assert again.end() == 0


@pytest.mark.parametrize("delay_s", [0.0, 0.7, 1.4, 2.1])
def test_a_signal_ends_it_whatever_it_is_doing(watch, music, delay_s) -> None:
    copies(song(music / "000.wav"), 100)
    running = watch("--format", "jsonl", "--settle", "0.1", music)
    time.sleep(delay_s)
    assert running.end() == 0, running.log
    assert running.log.count("\n") == 1


def test_two_that_watch_one_folder_get_along(watch, music) -> None:
    running = [watch(), watch()]
    for n in range(30):
        song(music / f"{n}.wav")
    for one in running:
        one.until(lambda: sum(len(each.tagged) for each in running) >= 30)
    song(music / "B" / "last.wav")
    for one in running:
        one.until(lambda: any("last.wav" in each.tagged for each in running))
        assert {row["status"] for row in one.rows} <= {"tagged"}
        assert one.end() == 0
    assert {tags.read(path).genres for path in music.rglob("*.wav")} == {("Low",)}
    assert sum(len(each.tagged) for each in running) == 31


def test_what_is_wrong_is_said_at_once(genretag, music, tmp_path) -> None:
    missing = genretag("watch", music)
    assert missing.returncode == 2 and "not-found" in missing.stderr
    single = genretag("watch", song(music / "a.flac"))
    assert single.returncode == 2 and "it is no folder" in single.stderr
    no_model = genretag("watch", "--model", "nowhere", music)
    assert no_model.returncode in (2, 3) and "nowhere" in no_model.stderr
    bad = tmp_path / "bad.toml"
    bad.write_text("x = [")
    no_map = genretag("watch", "--map", bad, music)
    assert no_map.returncode == 2 and "bad-map" in no_map.stderr


def test_a_disk_that_is_full_ends_it_with_the_reason(watch, music, tmp_path) -> None:
    music.mkdir()
    song(music / "a.flac")
    running = watch(GENRETAG_DATA_DIR=str(tmp_path / "data"))
    running.until_tagged("a.flac")
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "data").write_text("no folder any more")
    song(music / "b.flac")
    assert running.process.wait(PATIENCE_S) == 3
    assert "journal-failed" in running.log
