"""What happens at a real terminal: a bar, a question, Ctrl-C."""

import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import mutagen
import pytest
from audio_files import write_tone
from conftest import COMMAND


class Terminal:
    """A process with a terminal of its own."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment | {"TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # It may be ignored where tests run in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(slave)
        self.text = ""

    def read(self, until: str = "", seconds: float = 60.0) -> str:
        """What the process has shown, up to some words or its end."""
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

    def close(self) -> int:
        self.read(seconds=30.0)
        os.close(self._master)
        return self.process.wait(30)


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


def test_yes_and_fill_ask_nothing(home, song) -> None:
    terminal = Terminal(["scan", "--policy", "replace", "--yes", str(song.parent)], home)
    assert terminal.close() == 0
    assert "[y/N]" not in terminal.text
    assert mutagen.File(song)["genre"] == ["Low"]


def test_a_bar_is_shown_on_a_terminal_and_lines_stay_whole(home, song) -> None:
    terminal = Terminal(["scan", "--dry-run", "--policy", "replace", str(song.parent)], home)
    assert terminal.close() == 0
    assert "1/1" in terminal.text
    assert str(song) in terminal.text


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_a_run_keeps_what_is_done_within_two_seconds(home, music, way) -> None:
    music.mkdir()
    songs = [write_tone(music / f"{n:03}.wav", seconds=40.0) for n in range(60)]
    before = {song: song.read_bytes() for song in songs}
    terminal = Terminal(["scan", "-j2", str(music)], home)
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


@pytest.mark.slow
def test_ctrl_c_ends_a_run_at_whatever_moment_it_comes(home, music) -> None:
    """One run in twenty used to hang for good: an interrupt had left a lock taken."""
    music.mkdir()
    for n in range(60):
        write_tone(music / f"{n:03}.wav", seconds=10.0)
    for n in range(100):
        terminal = Terminal(["scan", "--dry-run", "--no-cache", "-j2", str(music)], home)
        terminal.read("003.wav")
        time.sleep(n % 10 / 200)
        asked = time.monotonic()
        os.killpg(terminal.process.pid, signal.SIGINT)
        assert terminal.close() == 130
        assert time.monotonic() - asked < 2.0
