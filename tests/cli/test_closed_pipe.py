"""Whoever reads the output may have seen enough before it ends, or be a full disk."""

import subprocess
from pathlib import Path

import pytest
from audio_files import write_tone
from command import COMMAND

from genretag import tags

READER_GONE = 141


@pytest.fixture
def home(home: dict[str, str]) -> dict[str, str]:
    """Output waits in a buffer until the end, as it does unless PYTHONUNBUFFERED is set."""
    return {name: value for name, value in home.items() if name != "PYTHONUNBUFFERED"}


@pytest.fixture
def songs(music: Path) -> list[Path]:
    music.mkdir()
    return [write_tone(music / f"{n}.wav", seconds=3.0) for n in range(4)]


def unread(home: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command whose output nobody reads."""
    run = subprocess.Popen(
        [*COMMAND, *arguments], env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert run.stdout and run.stderr
    run.stdout.close()
    errors = run.stderr.read()
    return run.wait(), errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "-n"),
        ("scan", "-n", "--format", "jsonl"),
        ("scan", "-n", "--format", "csv"),
        ("inspect", "--explain", "none"),
        ("evaluate",),
        ("evaluate", "--format", "json"),
        ("history",),
        ("models", "list"),
        ("models", "show"),
        ("models", "verify"),
        ("cache", "stats"),
        ("cache", "clear"),
        ("config", "path"),
        ("doctor",),
        ("--version",),
        ("scan", "--help"),
    ],
)
def test_a_command_ends_quietly_when_its_reader_has_gone(home, genretag, songs, arguments) -> None:
    if arguments[0] in ("scan", "inspect", "evaluate") and "--help" not in arguments:
        arguments += tuple(map(str, songs))
    if arguments[0] in ("history", "evaluate"):
        assert genretag("scan", songs[0]).returncode == 0
    code, errors = unread(home, *arguments)
    assert code == READER_GONE
    assert "Traceback" not in errors and "BrokenPipe" not in errors and "error:" not in errors


def test_a_scan_whose_reader_goes_keeps_what_it_has_written(home, genretag, music, songs) -> None:
    code, errors = unread(home, "scan", "-j1", str(music))
    assert code == READER_GONE and "Traceback" not in errors
    written = [song for song in songs if tags.read(song).genres]
    assert songs[0] in written
    assert genretag("undo").returncode == 0
    assert not any(tags.read(song).genres for song in songs)


@pytest.mark.parametrize("arguments", [("models", "list"), ("config", "path")])
def test_it_ends_quietly_also_where_nothing_waits_in_a_buffer(home, arguments) -> None:
    assert unread(home | {"PYTHONUNBUFFERED": "1"}, *arguments) == (READER_GONE, "")


@pytest.mark.parametrize("buffer", ["", "1"])
@pytest.mark.parametrize("arguments", [("models", "list"), ("config", "path"), ("--version",)])
def test_output_that_does_not_arrive_is_a_failure(home, arguments, buffer) -> None:
    home |= {"PYTHONUNBUFFERED": buffer}
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [*COMMAND, *arguments], env=home, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert run.returncode == 3
    assert "standard output: cannot be written" in run.stderr and "Traceback" not in run.stderr
