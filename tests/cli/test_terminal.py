"""What happens at a real terminal: a bar, a question, Ctrl-C, a hang-up."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import mutagen
import pytest
from audio_files import copies, write_tone
from command import COMMAND
from rich.cells import cell_len

from genretag import tags

fcntl, pty, termios = (
    pytest.importorskip(name, reason="needs a POSIX terminal")
    for name in ("fcntl", "pty", "termios")
)

TRACK_BY_TRACK = {"GENRETAG_BY": "track"}
"""The environment in which a file is done once it is analysed, before others of its folder."""


class Terminal:
    """A process with a terminal of its own."""

    def __init__(
        self, arguments: list[str], environment: dict[str, str], stdout: int | IO[str] | None = None
    ) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment | {"TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            start_new_session=True,
            # It may be ignored where tests run in the background.
            preexec_fn=self._ready,
        )
        os.close(slave)
        self.text = ""

    @staticmethod
    def _ready() -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # It is what Ctrl-C and a hang-up reach.
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    def read(self, until: str = "", seconds: float = 120.0) -> str:
        """Return what the process has shown, up to some words or its end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (until and until in self.text):
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self._master, 65536).decode(errors="replace")
                except OSError:
                    break
        return self.text

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def hang_up(self) -> int:
        """Close the terminal under the process; its exit code."""
        os.close(self._master)
        return self.process.wait(120)

    def close(self) -> int:
        self.read()
        os.close(self._master)
        return self.process.wait(120)


@pytest.fixture
def song(music: Path) -> Path:
    music.mkdir()
    path = write_tone(music / "a.flac", seconds=3.0)
    flac = mutagen.File(path)
    flac["genre"] = "Old"
    flac.save()
    return path


@pytest.mark.parametrize(("answer", "genre"), [("n\n", "Old"), ("y\n", "Low")])
def test_replace_shows_the_changes_and_asks_once(home, song, answer, genre) -> None:
    terminal = Terminal(["scan", "--policy", "replace", str(song.parent)], home)
    shown = terminal.read("[y/N]")
    assert "planned" in shown and "a.flac" in shown
    terminal.type(answer)
    assert terminal.close() == 0
    assert mutagen.File(song)["genre"] == [genre]
    assert ("Nothing was changed" in terminal.text) == (genre == "Old")


def test_the_question_counts_what_is_replaced_and_filled(home, music) -> None:
    music.mkdir()
    for number, genre in enumerate(("Alt-Country", "Contemporary R&B", "Alt-Country", None, None)):
        path = write_tone(music / f"{number}.flac", seconds=3.0)
        if genre:
            tags.write(path, (genre,))
    terminal = Terminal(["scan", "--policy", "replace", str(music)], home)
    shown = plain(terminal.read("[y/N]"))
    assert "> planned  Alt-Country -> Low " in shown
    assert (
        "Replace the genres of 3 files (Alt-Country 2, Contemporary R&B 1) and fill 2? [y/N]"
        in shown
    )
    terminal.type("\n")
    assert terminal.close() == 0


def plain(text: str) -> str:
    """Return what a terminal shows of `text`, roughly."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_at_the_question_is_an_interrupt_and_ctrl_d_a_no(home, song, key) -> None:
    terminal = Terminal(["scan", "--policy", "replace", str(song.parent)], home)
    terminal.read("[y/N]")
    terminal.type(key)
    assert terminal.close() == (130 if key == "\x03" else 0)
    changed = "nothing was changed" if key == "\x03" else "Nothing was changed."
    assert changed in terminal.text and "Traceback" not in terminal.text
    assert mutagen.File(song)["genre"] == ["Old"]


def test_who_asks_for_data_gets_it_on_stdout_and_sees_the_rest_on_the_terminal(
    home, song, tmp_path
) -> None:
    with (tmp_path / "rows.jsonl").open("w+") as data:
        arguments = ["scan", "--policy", "replace", "--format", "jsonl", str(song.parent)]
        terminal = Terminal(arguments, home, stdout=data)
        shown = plain(terminal.read("[y/N]"))
        assert "> planned  Old -> Low" in shown and "Replace the genres of 1 file (Old 1)?" in shown
        terminal.type("y\n")
        assert terminal.close() == 0
        data.seek(0)
        (row,) = map(json.loads, data)
    assert row["status"] == "tagged" and row["path"] == str(song)
    assert "schema" not in terminal.text


def test_lines_that_go_elsewhere_are_whole_though_a_person_has_seen_them(
    home, song, tmp_path
) -> None:
    lines = tmp_path / "lines"
    terminal = Terminal(["scan", "--policy", "replace", "-o", str(lines), str(song.parent)], home)
    terminal.read("[y/N]")
    terminal.type("y\n")
    assert terminal.close() == 0
    assert lines.read_text().startswith("+ tagged   Old -> Low")


def test_no_bar_is_drawn_over_what_another_program_shows(home, song, tmp_path) -> None:
    arguments = ["scan", "-n", "--policy", "replace", str(song.parent)]
    piped = Terminal(arguments, home | {"FORCE_COLOR": "1"}, stdout=subprocess.PIPE)
    assert piped.close() == 0
    assert "1/1" not in piped.text and "planned" in piped.text  # the summary
    assert piped.process.stdout and "a.flac" in piped.process.stdout.read().decode()
    with (tmp_path / "lines").open("w") as lines:
        file = Terminal(arguments, home, stdout=lines)
        assert file.close() == 0
    assert "1/1" in file.text


@pytest.mark.parametrize("width", [80, 40])
def test_every_line_fits_the_terminal_and_none_is_cut_where_there_is_none(
    home, genretag, music, width
) -> None:
    name = "01 A title that is rather long, in two parts.flac"
    folder = music / "Some Artist and His Very Own Orchestra" / "となりのトトロ サウンドトラック集"
    folder.mkdir(parents=True)
    write_tone(folder / name, seconds=3.0)
    (folder / name).with_suffix(".mp3").write_bytes(b"no music" * 100)
    terminal = Terminal(["scan", "-n", str(music)], home | {"COLUMNS": str(width)})
    assert terminal.close() == 1
    shown = plain(terminal.text)
    shown = shown[shown.index("> planned") :]
    # Commands stay whole, to be copied.
    rows = [row.rpartition("\r")[2] for row in shown.split("\n")]  # the bar was there before
    lines = [row for row in rows if not row.startswith("  genretag ")]
    assert max(map(cell_len, lines)) <= width
    assert "two parts.flac\n" in shown and "…" in shown
    piped = genretag("scan", "-n", music, COLUMNS=str(width)).stdout
    assert f"  {(folder / name).relative_to(music)}\n" in piped and "…" not in piped


def test_an_error_is_broken_at_words_on_a_terminal_and_is_one_line_elsewhere(
    home, genretag, tmp_path
) -> None:
    narrow = home | {"COLUMNS": "40"}
    terminal = Terminal(["scan", "--threshold", "80", str(tmp_path)], narrow)
    assert terminal.close() == 2
    assert plain(terminal.text).splitlines() == [
        "error: --threshold must be a share",
        "between 0 and 1, not 80: did you mean",
        "0.8?",
        "`python -m genretag scan --help` tells",
        "what it takes. (bad-option)",
    ]
    lost = tmp_path / "a folder" / "with a name that is longer than the terminal"
    terminal = Terminal(["scan", str(lost)], narrow)
    assert terminal.close() == 2
    assert "longer than the terminal:" in " ".join(plain(terminal.text).split())
    piped = genretag("scan", "--threshold", "80", tmp_path, COLUMNS="40").stderr
    assert len(piped.splitlines()) == 2


def test_who_closes_the_terminal_ends_the_run_and_keeps_what_is_done(home, genretag, music) -> None:
    music.mkdir()
    songs = copies(write_tone(music / "000.wav", seconds=40.0), 60)
    terminal = Terminal(["scan", "-j2", str(music)], home | TRACK_BY_TRACK)
    terminal.read("003.wav")
    assert terminal.hang_up() == 130
    written = [song for song in songs if tags.read(song).genres]
    assert 0 < len(written) < len(songs)
    assert sorted(music.iterdir()) == songs
    assert f" {len(written)} written" in genretag("history").stdout


def test_ctrl_c_says_how_far_it_came_and_that_the_same_command_goes_on(home, music) -> None:
    music.mkdir()
    copies(write_tone(music / "000.wav", seconds=40.0), 60)
    arguments = ["scan", "-j", "2", "--exclude", "it's *", str(music)]
    terminal = Terminal(arguments, home | TRACK_BY_TRACK)
    terminal.read("003.wav")
    terminal.type("\x03")
    assert terminal.close() == 130
    shown = plain(terminal.text)
    (done,) = re.findall(r"Interrupted after (\d+) of 60 files; what is done is kept", shown)
    assert f"Low {done}" in shown
    assert f"""genretag scan --jobs 2 --exclude 'it'"'"'s *' {music}\n""" in shown
    assert "genretag undo 1\n" in shown


def test_yes_and_fill_ask_nothing(home, song) -> None:
    terminal = Terminal(["scan", "--policy", "replace", "--yes", str(song.parent)], home)
    assert terminal.close() == 0
    assert "[y/N]" not in terminal.text
    assert mutagen.File(song)["genre"] == ["Low"]


def test_a_bar_is_shown_on_a_terminal_and_lines_stay_whole(home, song) -> None:
    terminal = Terminal(["scan", "--dry-run", "--policy", "replace", str(song.parent)], home)
    assert terminal.close() == 0
    assert "1/1" in terminal.text
    assert "Old -> \x1b[1mLow\x1b[0m" in terminal.text and " a.flac\r\n" in terminal.text


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_a_run_keeps_what_is_done_within_two_seconds(home, music, way) -> None:
    music.mkdir()
    songs = copies(write_tone(music / "000.wav", seconds=40.0), 60)
    before = {song: song.read_bytes() for song in songs}
    terminal = Terminal(["scan", "-j2", str(music)], home | TRACK_BY_TRACK)
    terminal.read("003.wav")
    asked = time.monotonic()
    if way == signal.SIGINT:  # Ctrl-C goes to all processes at a terminal
        os.killpg(terminal.process.pid, way)
    else:
        terminal.process.send_signal(way)
    assert terminal.close() == 130
    assert time.monotonic() - asked < 2.0
    changed = [song for song in songs if song.read_bytes() != before[song]]
    assert 0 < len(changed) < len(songs)
    assert all(mutagen.File(song).tags["TCON"].genres == ["Low"] for song in changed)
    assert sorted(music.iterdir()) == songs
    assert "Traceback" not in terminal.text


def test_ctrl_c_before_the_command_begins_gives_the_exit_code_as_well(tmp_path) -> None:
    """Dataclasses execute text, and Python then ends modules that it runs by SIGINT itself."""
    (tmp_path / "interrupted.py").write_text(
        "from genretag import __main__\n"
        "from genretag.cli import app\n"
        "def app_that_is_interrupted():\n"
        "    exec('raise KeyboardInterrupt')\n"
        "app.app = app_that_is_interrupted\n"
        "__main__.main()\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


@pytest.mark.slow
def test_ctrl_c_ends_a_run_at_whatever_moment_it_comes(home, music) -> None:
    """Interrupt many runs: one in twenty used to hang, as an interrupt had left a lock taken."""
    music.mkdir()
    copies(write_tone(music / "000.wav", seconds=10.0), 60)
    for n in range(100):
        arguments = ["scan", "--dry-run", "--no-cache", "-j2", str(music)]
        terminal = Terminal(arguments, home | TRACK_BY_TRACK)
        terminal.read("003.wav")
        time.sleep(n % 10 / 200)
        asked = time.monotonic()
        os.killpg(terminal.process.pid, signal.SIGINT)
        assert terminal.close() == 130
        assert time.monotonic() - asked < 2.0
