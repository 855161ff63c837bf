import csv
import io
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import mutagen
import pytest
from audio_files import RECIPES, encode, garbage, noise, sparse_hours, truncated, write_tone
from rights import as_root
from toy_model import HIGH_HZ, LOW_HZ, MIDDLE_HZ

SUFFIXES = (".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff", ".wma", ".wv")


def song(path: Path, hz: float = LOW_HZ) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tone(path, seconds=3.0, rate=48000, hz=hz)


def rows(run: "subprocess.CompletedProcess[str]") -> dict[str, dict]:
    return {Path(row["path"]).name: row for row in map(json.loads, run.stdout.splitlines())}


def ffprobe_genre(path: Path) -> str:
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_entries", "format_tags:stream_tags", path],
        capture_output=True,
        check=True,
    )
    found = json.loads(probe.stdout)
    tags = [found.get("format", {}), *found.get("streams", [])]
    merged = {k.lower(): v for part in tags for k, v in part.get("tags", {}).items()}
    return merged.get("genre", "")


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")
def test_every_common_container_gets_the_genre_that_was_heard(genretag, music) -> None:
    for suffix in SUFFIXES:
        song(music / f"low{suffix}")
    song(music / "sub" / "high.flac", HIGH_HZ)
    run = genretag("scan", music, "--format", "jsonl")
    assert run.returncode == 0, run.stderr
    found = rows(run)
    assert {row["status"] for row in found.values()} == {"tagged"}
    for suffix in SUFFIXES:
        assert found[f"low{suffix}"]["after"] == ["Low"]
        assert ffprobe_genre(music / f"low{suffix}") == "Low"
        assert mutagen.File(music / f"low{suffix}").tags is not None
    assert ffprobe_genre(music / "sub" / "high.flac") == "High"


def test_a_second_run_has_nothing_to_do_and_replace_does_them_again(genretag, music) -> None:
    song(music / "a.flac")
    song(music / "b.mp3", HIGH_HZ)
    assert genretag("scan", music).returncode == 0
    before = {path: path.read_bytes() for path in music.iterdir()}
    again = rows(genretag("scan", music, "--format", "jsonl"))
    assert {row["status"] for row in again.values()} == {"unchanged"}
    assert {row["reason"] for row in again.values()} == {"has a genre"}
    assert before == {path: path.read_bytes() for path in music.iterdir()}
    replaced = rows(
        genretag("scan", music, "--policy", "replace", "--threshold", "0", "--top-k", "3",
                 "--format", "jsonl", GENRETAG_COVERAGE="fast")
    )  # fmt: skip
    assert {row["status"] for row in replaced.values()} <= {"tagged", "unchanged"}
    assert all(row["genres"] for row in replaced.values())


def test_replace_and_add_do_what_they_say(genretag, music) -> None:
    path = song(music / "a.flac")
    flac = mutagen.File(path)
    flac["genre"] = ["Old", "low"]
    flac["title"] = "Kept"
    flac.save()
    added = rows(genretag("scan", music, "--policy", "add", "--format", "jsonl"))["a.flac"]
    assert (added["status"], added["after"]) == ("unchanged", ["Old", "low"])
    replaced = rows(genretag("scan", music, "--policy", "replace", "--format", "jsonl"))["a.flac"]
    assert (replaced["before"], replaced["after"]) == (["Old", "low"], ["low"])
    assert mutagen.File(path)["genre"] == ["low"]
    assert mutagen.File(path)["title"] == ["Kept"]


def test_a_dry_run_changes_nothing(genretag, music) -> None:
    path = song(music / "a.mp3")
    before = (path.read_bytes(), path.stat())
    row = rows(genretag("scan", "-n", music, "--format", "jsonl"))["a.mp3"]
    assert (row["status"], row["after"]) == ("planned", ["Low"])
    assert (path.read_bytes(), path.stat()) == before
    assert list(music.iterdir()) == [path]


def test_what_is_unclear_or_silent_is_unsure_and_left_alone(genretag, music) -> None:
    music.mkdir()
    encode(music / "noise.flac", noise(3.0), RECIPES["FLAC"])
    encode(music / "silence.flac", noise(3.0) * 0, RECIPES["FLAC"])
    before = {path: path.read_bytes() for path in music.iterdir()}
    found = rows(genretag("scan", music, "--format", "jsonl"))
    assert {row["status"] for row in found.values()} == {"unsure"}
    assert found["silence.flac"]["reason"] == "nothing but silence was heard"
    assert before == {path: path.read_bytes() for path in music.iterdir()}


def test_the_threshold_decides_what_is_unsure(genretag, music) -> None:
    song(music / "a.flac", MIDDLE_HZ)
    score = rows(genretag("scan", "-n", music, "--format", "jsonl"))["a.flac"]["genres"][0]["score"]
    for threshold, status in ((score - 0.01, "planned"), (score + 0.01, "unsure")):
        run = genretag("scan", "-n", music, "--format", "jsonl", "--threshold", str(threshold))
        assert rows(run)["a.flac"]["status"] == status


def test_outcomes_come_in_natural_order_whatever_the_jobs(genretag, music) -> None:
    for number in (10, 9, 1, 2):
        song(music / f"{number}.wav")
    for jobs in ("1", "3"):
        run = genretag("scan", "-n", music, "--format", "jsonl", "-j", jobs)
        assert list(rows(run)) == ["1.wav", "2.wav", "9.wav", "10.wav"]


def test_csv_goes_to_the_output_file_and_nothing_to_stdout(genretag, music, tmp_path) -> None:
    song(music / "a.flac")
    output = tmp_path / "out.csv"
    run = genretag("scan", "-n", music, "--format", "csv", "-o", output)
    assert run.stdout == ""
    (row,) = csv.DictReader(io.StringIO(output.read_text("utf-8")))
    assert row["status"] == "planned" and row["after"] == "Low"


def test_data_goes_to_stdout_and_the_summary_to_stderr(genretag, music) -> None:
    song(music / "a.flac")
    run = genretag("scan", "-n", music)
    assert run.stdout.startswith("> planned  Low")
    assert "planned" in run.stderr and "files/s" in run.stderr
    assert "\x1b" not in run.stdout + run.stderr


def test_a_run_ends_with_what_a_lower_threshold_would_bring(genretag, music, tmp_path) -> None:
    album = music / "an album"
    song(album / "a.flac")
    song(album / "b.flac", MIDDLE_HZ)
    scan = ("scan", album, "--threshold", "0.99", "--exclude", "*.txt", "-o", tmp_path / "out")
    found = rows(genretag(*scan[:4], "-n", "--format", "jsonl"))
    scores = [row["genres"][0]["score"] for row in found.values()]
    mean, lower = sum(scores) / 2, int(min(scores) * 10) / 10
    shown = genretag(*scan).stderr
    joined = shown.replace("\n", " ")
    assert f"2 files are unsure. --threshold {lower} would tag 2 of them" in joined
    assert f"about {mean:.0%} of these rightly" in joined
    command = f"genretag scan -n --threshold {lower} --exclude '*.txt' '{album}'"
    assert f"\n  {command}\n" in shown
    assert shown.endswith(f"\n  genretag review '{album}'\n")
    named = genretag(*scan[:4], "-n", "--model", "genretag-cnn1d-lstm").stderr
    assert named.endswith(f"\n  genretag review --model genretag-cnn1d-lstm '{album}'\n")
    shown = genretag(*shlex.split(command)[1:])
    assert shown.stdout.count("> planned") == 2
    assert "unsure" not in shown.stderr
    assert shown.stderr.endswith(
        "Write into 2 files with:\n"
        f"  genretag scan --threshold {lower} --exclude '*.txt' '{album}'\n"
    )


def test_where_no_lower_threshold_would_help_none_is_proposed(genretag, music) -> None:
    music.mkdir()
    encode(music / "silence.flac", noise(3.0) * 0, RECIPES["FLAC"])
    assert "--threshold" not in genretag("scan", music).stderr


def test_paths_are_shown_relative_to_what_was_given(genretag, music) -> None:
    one, other = song(music / "one" / "a.flac"), song(music / "other" / "b.flac")
    for paths, names in (
        ([music], ["one/a.flac", "other/b.flac"]),
        ([one.parent, other.parent], ["one/a.flac", "other/b.flac"]),
        ([one], ["a.flac"]),
    ):
        lines = genretag("scan", "-n", *paths).stdout.splitlines()
        assert [line.split("  ")[-1] for line in lines] == names
        data = genretag("scan", "-n", "--format", "jsonl", *paths)
        assert {row["path"] for row in rows(data).values()} <= {str(one), str(other)}


# Bad input


def test_a_path_that_does_not_exist_ends_the_run_before_it_starts(genretag, music) -> None:
    path = song(music / "a.flac")
    before = path.read_bytes()
    run = genretag("scan", music, music / "missing")
    assert run.returncode == 2
    assert "missing: no such file or folder" in run.stderr and "(not-found)" in run.stderr
    assert path.read_bytes() == before


def test_one_bad_file_never_stops_a_run(genretag, music) -> None:
    song(music / "good.flac")
    garbage(music / "garbage.mp3")
    (music / "picture.flac").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(200))
    (music / "empty.ogg").touch()
    truncated(song(music / "cut.flac"), 0.5)
    truncated(song(music / "stump.m4a"), 0.3)
    (music / "folder.mp3").mkdir()
    (music / "notes.txt").write_text("not music")
    os.mkfifo(music / "fifo.wav")
    run = genretag("scan", music, "--format", "jsonl")
    assert run.returncode == 1
    found = rows(run)
    statuses = {name: row["status"] for name, row in found.items()}
    assert statuses == {
        "good.flac": "tagged",
        "cut.flac": "tagged",
        "garbage.mp3": "failed",
        "picture.flac": "failed",
        "stump.m4a": "failed",
        "empty.ogg": "skipped",
        "fifo.wav": "skipped",
    }
    for name in ("garbage.mp3", "picture.flac", "stump.m4a"):
        error = found[name]["error"]
        assert error["code"] == "not-audio"
        assert name in error["message"] and error["hint"]
    assert (music / "garbage.mp3").stat().st_size == 4096


def test_a_named_file_that_is_not_music_is_skipped(genretag, tmp_path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("not music")
    run = genretag("scan", notes)
    assert run.returncode == 0
    assert "notes.txt" in run.stdout and "not audio" in run.stdout


def test_a_folder_without_music_says_so(genretag, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    run = genretag("scan", tmp_path / "empty")
    assert (run.returncode, run.stdout) == (0, "")
    assert "No audio files" in run.stderr


def test_a_container_that_cannot_be_tagged_is_reported_and_not_touched(genretag, music) -> None:
    music.mkdir()
    path = encode(music / "a.mka", noise(3.0), RECIPES["Matroska"])
    before = path.read_bytes()
    row = rows(genretag("scan", music, "--format", "jsonl"))["a.mka"]
    assert row["status"] == "skipped" and "cannot tag" in row["reason"]
    assert path.read_bytes() == before


def test_broken_and_unknown_models_end_the_run_before_it_starts(genretag, music, tmp_path) -> None:
    path = song(music / "a.flac")
    before = path.read_bytes()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    invalid = genretag("scan", music, "--model", broken)
    assert invalid.returncode == 3 and "model-invalid" in invalid.stderr
    unknown = genretag("scan", music, "--model", "nonsense")
    assert unknown.returncode == 2 and "unknown-model" in unknown.stderr
    assert "genretag-" in unknown.stderr
    device = genretag("scan", music, "--device", "dml")
    assert device.returncode == 2 and "no-device" in device.stderr
    assert path.read_bytes() == before


def test_output_that_cannot_be_written_ends_the_run(genretag, music, tmp_path) -> None:
    song(music / "a.flac")
    nowhere = genretag("scan", "-n", music, "-o", tmp_path / "no" / "such" / "folder.csv")
    assert nowhere.returncode == 3 and "output-failed" in nowhere.stderr
    full = genretag("scan", "-n", music, "--format", "csv", "-o", "/dev/full")
    assert full.returncode == 3 and "output-failed" in full.stderr
    assert "Traceback" not in nowhere.stderr + full.stderr


def test_workers_that_are_still_starting_when_the_run_ends_end_in_silence(genretag, music) -> None:
    song(music / "a.flac")
    run = genretag("scan", "-n", music, "-j12")
    assert run.returncode == 0 and "Traceback" not in run.stderr


def test_a_slow_file_is_given_up_and_the_others_are_done(genretag, music) -> None:
    song(music / "quick.wav")
    sparse_hours(music / "long.wav", 3.0)
    run = genretag(
        "scan", "-n", music, "--coverage", "full", "--timeout", "2", "--format", "jsonl", "-j1"
    )
    found = rows(run)
    assert run.returncode == 1
    assert found["long.wav"]["error"]["code"] == "timed-out"
    assert found["quick.wav"]["status"] == "planned"


@as_root
def test_a_full_disk_ends_the_run_with_the_file_as_it_was(genretag, tmp_path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        path = song(disk / "a.wav")
        before = path.read_bytes()
        run = genretag("scan", disk)
        assert run.returncode == 3
        assert "disk-full" in run.stderr and "no space is left" in run.stderr
        assert path.read_bytes() == before
        assert list(disk.iterdir()) == [path]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_was_heard_is_not_heard_again(genretag, music, tmp_path) -> None:
    """Know files again by the sound, and open none that nobody touched."""
    music.mkdir()
    songs = [write_tone(music / f"{n}.wav", seconds=3.0, rate=48000, hz=LOW_HZ) for n in range(2)]
    genretag("scan", "-n", music)
    # What is remembered is changed behind the back of whoever hears: only that can tell of it.
    with closing(sqlite3.connect(tmp_path / "cache" / "heard.sqlite3")) as cache, cache:
        new = "replace(prediction, '\"windows\": 1,', '\"windows\": 99,')"
        cache.execute(f"UPDATE scores SET prediction = {new}")

    def windows(*options: str) -> dict[str, int]:
        found = rows(genretag("scan", "-n", music, *options, "--format", "jsonl"))
        return {name: row["windows"] for name, row in found.items()}

    assert windows() == {"0.wav": 99, "1.wav": 99}
    renamed = songs[0].rename(music / "other.wav")
    assert windows("--threshold", "0.3") == {"1.wav": 99, "other.wav": 99}
    assert genretag("scan", music).returncode == 0
    assert windows("--policy", "add") == {"1.wav": 99, "other.wav": 99}
    stats = genretag("cache", "stats").stdout
    assert " 3 " in stats.splitlines()[0] and " 1 " in stats.splitlines()[1]
    assert "Forgot 3 files and 1 sounds" in genretag("cache", "clear").stdout
    assert renamed.exists()


def test_another_policy_opens_no_file(genretag, music, tmp_path) -> None:
    """Decide anew from the facts that the cache keeps."""
    music.mkdir()
    write_tone(music / "a.flac", seconds=3.0, hz=LOW_HZ)
    genretag("scan", "-n", music)
    with closing(sqlite3.connect(tmp_path / "cache" / "heard.sqlite3")) as cache, cache:
        # Whoever opens the file finds its true fingerprint, and no prediction for that.
        for table in ("scores", "track"):
            cache.execute(f"UPDATE {table} SET fingerprint = x'00'")
        cache.execute("UPDATE scores SET prediction = replace(prediction, ': 1,', ': 99,')")
    names = tmp_path / "map.toml"
    names.write_text('[rename]\nLow = "Deep"\n')
    for options, genre in (
        ([], "Low"),
        (["--threshold", "0.1"], "Low"),
        (["--policy", "replace"], "Low"),
        (["--policy", "add", "--top-k", "2"], "Low"),
        (["--map", names, "--for", "itunes"], "Deep"),
    ):
        [row] = rows(genretag("scan", "-n", music, *options, "--format", "jsonl")).values()
        assert (row["windows"], row["after"]) == (99, [genre])


def test_without_a_cache_nothing_is_remembered(genretag, music, tmp_path) -> None:
    song(music / "a.flac")
    assert genretag("scan", "-n", "--no-cache", music).returncode == 0
    assert not list((tmp_path / "cache").glob("*.sqlite3"))


def test_a_damaged_cache_costs_a_warning_and_not_the_run(genretag, music, tmp_path) -> None:
    song(music / "a.flac")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "heard.sqlite3").write_bytes(b"rubbish" * 1000)
    run = genretag("scan", "-n", music, "--format", "jsonl")
    assert run.returncode == 0 and rows(run)["a.flac"]["status"] == "planned"
    assert "damaged" in run.stderr and "Traceback" not in run.stderr
    again = genretag("scan", "-n", music)
    assert again.returncode == 0 and "Warning" not in again.stderr
