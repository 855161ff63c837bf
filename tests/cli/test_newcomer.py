"""Slips and surroundings that a new user meets: each ends with a message, none with a traceback."""

import subprocess
from pathlib import Path

import pytest
from audio_files import make
from command import COMMAND
from rights import nobody

from genretag.domain.outcome import Failed
from genretag.library.walk import Walk
from genretag.report.paths import common_folder


@pytest.mark.parametrize("option", ["--exclude", "--model", "--map"])
def test_an_option_is_never_taken_for_the_value_of_another(genretag, music, option: str) -> None:
    music.mkdir()
    data = make("FLAC", music).read_bytes()
    run = genretag("scan", option, "-n", music)
    assert run.returncode == 2
    assert f"{option} needs a value, and -n is an option" in run.stderr
    assert (music / "flac.flac").read_bytes() == data


def test_closed_streams_are_no_error(home, music) -> None:
    music.mkdir()
    make("FLAC", music)
    command = " ".join(COMMAND)
    for closed in (">&-", "2>&-", "<&-", "<&- >&- 2>&-"):
        shell = ["sh", "-c", f"{command} scan -n --threshold 0 '{music}' {closed}"]
        run = subprocess.run(shell, env=home, capture_output=True, text=True, timeout=120)
        assert run.returncode == 0, closed
        assert "Traceback" not in run.stderr


def test_a_folder_where_nobody_may_look_stops_no_other_file(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    file = make("FLAC", closed)
    closed.chmod(0)
    tmp_path.chmod(0o755)
    try:
        with nobody():
            assert common_folder([file]) is not None
            (found,) = Walk().files([file])
            assert isinstance(found, Failed) and found.error
            assert "no permission" in found.error.message
    finally:
        closed.chmod(0o755)


def test_doctor_tells_of_folders_that_cannot_be_written(genretag, tmp_path) -> None:
    (tmp_path / "file").write_text("no folder")
    run = genretag("doctor", GENRETAG_DATA_DIR=str(tmp_path / "file" / "data"))
    assert run.returncode == 3
    assert "bad  data" in run.stdout and "GENRETAG_DATA_DIR names another" in run.stdout


def test_counts_of_genres_add_up_to_the_files(genretag, music) -> None:
    music.mkdir()
    file = make("FLAC", music)
    heard = genretag("scan", "-n", "--threshold", "0", "--format", "csv", file).stdout
    name = heard.splitlines()[1].split(",")[5]
    subprocess.run([*COMMAND[:1], "-c", f"""
import mutagen
file = mutagen.File({str(file)!r}); file["genre"] = ["Other Music", {name!r}]; file.save()
"""], check=True)  # fmt: skip
    run = genretag("scan", "-n", "--threshold", "0", "--policy", "replace", file)
    assert f"planned  1  {name} 1" in " ".join(run.stderr.split("  ")) or f"{name} 1" in run.stderr


def test_an_empty_plan_is_not_said_to_be_worth_applying(genretag, music, tmp_path) -> None:
    music.mkdir()
    make("FLAC", music)
    run = genretag("scan", "--threshold", "1", "--plan", tmp_path / "plan.jsonl", music)
    assert run.returncode == 0
    assert "genretag apply" not in run.stderr
