"""`scan --quiet`, as cron runs it: what it prints is mailed to somebody."""

import csv
import json
import os
from pathlib import Path

import pytest
from audio_files import garbage, write_tone
from toy_model import HIGH_HZ, LOW_HZ

from genretag import tags


def song(path: Path, hz: float = LOW_HZ) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tone(path, seconds=3.0, hz=hz)


def broken(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return garbage(path)


@pytest.fixture
def quiet(genretag, music):
    """Scan quietly; return the exit code, the lines of standard output, and standard error."""

    def run(*options: str | Path, **environment: str) -> tuple[int, list[str], str]:
        done = genretag("scan", "-q", *options, music, **environment)
        return done.returncode, done.stdout.splitlines(), done.stderr

    return run


SILENT = (0, [], "")


def test_what_is_written_is_printed_once_and_then_nothing_at_all(quiet, music) -> None:
    song(music / "a.flac")
    code, lines, messages = quiet()
    assert (code, messages) == (0, "") and len(lines) == 1
    assert "tagged" in lines[0] and "Low" in lines[0] and "a.flac" in lines[0]
    assert quiet() == SILENT
    song(music / "b.flac", HIGH_HZ)
    code, lines, messages = quiet()
    assert (code, messages) == (0, "") and len(lines) == 1 and "b.flac" in lines[0]


def test_nothing_is_said_of_files_that_stay_as_they_are(quiet, music) -> None:
    song(music / "unsure.wav")
    (music / "empty.wav").touch()
    tags.write(song(music / "has one.wav"), ("Old",))
    assert quiet("--threshold", "1") == SILENT
    assert quiet("--threshold", "1", "--format", "jsonl") == SILENT
    assert quiet("--threshold", "1", "--format", "csv") == SILENT


def test_nothing_is_said_of_an_empty_folder(quiet, music) -> None:
    music.mkdir()
    assert quiet() == SILENT


@pytest.mark.parametrize("first", [("-q",), (), ("-n",)], ids=" ".join)
def test_a_failure_is_news_once_whichever_scan_met_it_first(genretag, quiet, music, first) -> None:
    file = broken(music / "bad.flac")
    run = genretag("scan", *first, music)
    assert run.returncode == 1 and "bad.flac" in run.stdout
    assert quiet() == SILENT
    assert quiet("-n") == SILENT
    code, lines, messages = quiet("--strict")
    assert (code, messages) == (1, "") and "bad.flac" in lines[0]
    assert genretag("scan", music).returncode == 1
    os.utime(file, ns=(0, 0))
    code, lines, messages = quiet()
    assert (code, messages) == (1, "") and "bad.flac" in lines[0]
    assert quiet() == SILENT


def test_a_file_that_was_well_in_between_fails_anew(genretag, quiet, music) -> None:
    music.mkdir()
    target = music.parent / "target.flac"
    (music / "link.flac").symlink_to(target)
    assert quiet("--follow-symlinks")[0] == 1
    assert quiet("--follow-symlinks") == SILENT
    song(target)
    assert quiet("--follow-symlinks")[0] == 0
    target.unlink()
    code, lines, _ = quiet("--follow-symlinks")
    assert code == 1 and "not-found" in " ".join(lines)


def test_a_known_failure_hides_no_new_one(quiet, music) -> None:
    broken(music / "old.flac")
    quiet()
    broken(music / "new.flac")
    song(music / "good.flac")
    code, lines, _ = quiet("--format", "jsonl")
    rows = {Path(row["path"]).name: row["status"] for row in map(json.loads, lines)}
    assert (code, rows) == (1, {"new.flac": "failed", "good.flac": "tagged"})


def test_without_the_cache_nothing_is_remembered(quiet, music) -> None:
    broken(music / "bad.flac")
    for _ in range(2):
        code, lines, _ = quiet("--no-cache")
        assert code == 1 and "bad.flac" in lines[0]
    assert quiet()[0] == 1


def test_clearing_the_cache_forgets_failures(genretag, quiet, music) -> None:
    broken(music / "bad.flac")
    assert [quiet()[0], quiet()[0]] == [1, 0]
    genretag("cache", "clear")
    assert quiet()[0] == 1


def test_data_holds_only_news(quiet, music) -> None:
    song(music / "a.flac")
    tags.write(song(music / "b.flac"), ("Old",))
    broken(music / "c.flac")
    code, lines, messages = quiet("--format", "csv", "-n")
    assert (code, messages) == (1, "")
    found = {Path(row["path"]).name: row["status"] for row in csv.DictReader(lines)}
    assert found == {"a.flac": "planned", "c.flac": "failed"}
    _, lines, _ = quiet("--format", "jsonl", "-n")
    assert [json.loads(line)["status"] for line in lines] == ["planned"]


def test_a_plan_is_whole_and_what_is_printed_is_news(genretag, quiet, music, tmp_path) -> None:
    song(music / "a.flac")
    broken(music / "bad.flac")
    quiet("-n")
    code, lines, messages = quiet("--plan", tmp_path / "plan.jsonl")
    assert (code, messages) == (0, "") and len(lines) == 1 and "a.flac" in lines[0]
    assert "bad.flac" in (tmp_path / "plan.jsonl").read_text()
    assert genretag("apply", tmp_path / "plan.jsonl").returncode == 0
    assert tags.read(music / "a.flac").genres == ("Low",)


def test_a_plan_that_cannot_be_carried_out_is_news_once(quiet, music, genretag, tmp_path) -> None:
    file = song(music / "a.flac")
    plan = tmp_path / "plan.jsonl"
    quiet("--plan", plan)
    file.unlink()
    assert genretag("apply", plan).returncode == 1
    assert genretag("apply", plan).returncode == 1
    song(file)
    assert quiet()[0] == 0


def test_an_album_gets_one_line(quiet, music) -> None:
    for n in range(3):
        song(music / "Album" / f"{n}.flac")
    code, lines, messages = quiet("--threshold", "0.3")
    assert (code, messages) == (0, "")
    assert len(lines) <= 3 and all("tagged" in line for line in lines)


def test_a_threshold_of_the_config_file_is_not_announced(quiet, music, tmp_path) -> None:
    song(music / "a.flac")
    (tmp_path / "config.toml").write_text("threshold = 0.99\n")
    assert quiet("--threshold", "0.99") == SILENT
    assert quiet() == SILENT
    (tmp_path / "config.toml").write_text("[scan]\nquiet = true\nthreshold = 0.99\n")
    assert quiet() == SILENT


def test_a_warning_about_the_run_is_printed(quiet, music, tmp_path) -> None:
    song(music / "a.flac")
    quiet()
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    (tmp_path / "cache" / "heard.sqlite3").write_bytes(b"rubbish" * 1000)
    code, lines, messages = quiet()
    assert (code, lines) == (0, []) and "it was damaged" in messages


def test_what_stops_a_run_is_printed(genretag, music) -> None:
    run = genretag("scan", "-q", music)
    assert run.returncode == 2 and "not-found" in run.stderr
