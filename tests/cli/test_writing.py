"""Plans, undo, history, maps and players, and files that cannot be written, by the real command."""

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mutagen
import mutagen.id3
import pytest
from audio_files import copies, garbage, make, truncated, write_tone
from command import COMMAND
from mutagen.apev2 import APEv2
from one_shot import other_fields, raw_genres, stale_tags
from rights import as_root
from test_terminal import TRACK_BY_TRACK, Terminal
from toy_model import HIGH_HZ, LOW_HZ, MIDDLE_HZ

from genretag import tags
from genretag.domain.change import TagChange
from genretag.domain.layout import PLAYERS
from genretag.domain.outcome import Planned
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.library import files
from genretag.report import jsonl

CONTRACT = {
    "schema", "path", "status", "reason", "before", "after", "genres", "duration_s", "windows",
    "model", "error",
}  # fmt: skip

BROKEN_ID3 = b"ID3\x07\0\0\0\0\0\x0a" + bytes(10)  # there is no version 7

resource = pytest.importorskip("resource", reason="needs POSIX limits")


@pytest.fixture
def home(home: dict[str, str]) -> dict[str, str]:
    """Ask for one worker, which starts sooner than two."""
    return home | {"GENRETAG_JOBS": "1"}


@pytest.fixture
def folder(music: Path) -> Path:
    music.mkdir()
    return music


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return tmp_path / "plan.jsonl"


def song(path: Path, *genres: str, hz: float = LOW_HZ) -> Path:
    write_tone(path, seconds=3.0, rate=48000, hz=hz)
    if genres:
        tags.write(path, genres)
    return path


def write_plan(plan: Path, wishes: dict[Path, tuple[str, ...]]) -> Path:
    """Return what `scan --plan` writes, without listening."""
    heard = Prediction((ScoredGenre("Rock", 0.9),), 1, 3.0, "toy@0123456789ab")
    with plan.open("w", encoding="utf-8") as stream:
        report = jsonl.reporter(stream)
        for path, after in wishes.items():
            track = tags.read(path)
            change = TagChange(
                path, track.container or "", track.genres, after, stamp=files.read_stamp(path)
            )
            report(Planned.of(change, heard))
    return plan


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows(run: "subprocess.CompletedProcess[str]") -> dict[str, dict]:
    return {Path(row["path"]).name: row for row in map(json.loads, run.stdout.splitlines())}


def genres(folder: Path) -> dict[str, tuple[str, ...]]:
    return {path.name: tags.read(path).genres for path in sorted(folder.iterdir())}


# Plans


def test_a_plan_holds_what_is_planned_and_nothing_is_changed(
    genretag, folder, plan, tmp_path
) -> None:
    song(folder / "low.flac")
    song(folder / "high.mp3", hz=HIGH_HZ)
    song(folder / "done.ogg", "Old")
    garbage(folder / "broken.wav")
    before = contents(folder), {path: path.stat() for path in folder.iterdir()}
    run = genretag("scan", "--plan", plan, folder, "--format", "jsonl")
    assert run.returncode == 0
    assert (contents(folder), {path: path.stat() for path in folder.iterdir()}) == before
    assert not (tmp_path / "data").exists()
    begun, *lines, end = (json.loads(line) for line in plan.read_text("utf-8").splitlines())
    assert begun == {"schema": 1, "plan": {"state": "begun"}}
    assert end["plan"]["state"] == "complete"
    assert end["plan"]["counts"] == {"planned": 2, "unchanged": 1, "failed": 1}
    (failed,) = end["plan"]["failed"]
    assert failed["path"] == str(folder / "broken.wav") and failed["error"]["code"] == "not-audio"
    assert {Path(line["path"]).name: line["after"] for line in lines} == {
        "low.flac": ["Low"],
        "high.mp3": ["High"],
    }
    for line in lines:
        assert line.keys() >= CONTRACT
        assert (line["schema"], line["status"], line["error"]) == (1, "planned", None)
        assert line["genres"][0]["score"] >= line["genres"][1]["score"]
        assert line["model"].startswith("toy@") and line["windows"] >= 1
        assert line.pop("proposed") == line["after"]
        assert line == rows(run)[Path(line["path"]).name]


def test_apply_does_what_the_plan_says_from_any_folder(
    genretag, folder, plan, tmp_path, monkeypatch
) -> None:
    odd = song(folder / "low.flac").rename(folder / os.fsdecode(b"caf\xe9 \xff.flac"))
    song(folder / "high.mp3", hz=HIGH_HZ)
    monkeypatch.chdir(folder)
    assert genretag("scan", "--plan", plan, ".").returncode == 0
    song(folder / "late.ogg")
    monkeypatch.chdir(tmp_path)
    run = genretag("apply", plan)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("+ tagged") == 2
    assert tags.read(odd).genres == ("Low",)
    assert tags.read(folder / "high.mp3").genres == ("High",)
    assert tags.read(folder / "late.ogg").genres == ()
    assert genretag("undo").returncode == 0
    assert tags.read(odd).genres == ()


@pytest.mark.parametrize("name", ["plan.jsonl", "unsure.csv"])
def test_a_plan_or_table_that_is_not_there_is_called_so(genretag, name: str) -> None:
    run = genretag("apply", name)
    assert run.returncode == 2 and f"{name}: no such file" in run.stderr
    assert "(bad-plan)" in run.stderr


def test_files_that_changed_since_the_plan_are_reported_and_left_alone(
    genretag, folder, plan
) -> None:
    for name in ("same", "longer", "later", "genre"):
        song(folder / f"{name}.flac", "Old")
    write_plan(plan, dict.fromkeys(folder.iterdir(), ("New",)))
    with (folder / "longer.flac").open("ab") as stream:
        stream.write(b"\0")
    os.utime(folder / "later.flac")
    status = (folder / "genre.flac").stat()
    tags.write(folder / "genre.flac", ("Odd",))
    os.utime(folder / "genre.flac", ns=(status.st_atime_ns, status.st_mtime_ns))
    before = contents(folder)
    run = genretag("apply", plan, "--format", "jsonl")
    assert run.returncode == 1
    found = rows(run)
    assert found.pop("same.flac")["status"] == "tagged"
    assert {row["error"]["code"] for row in found.values()} == {"changed"}
    for name, row in found.items():
        assert contents(folder)[folder / name] == before[folder / name]
        assert name in row["error"]["message"] and row["error"]["hint"]
        assert row["after"] == row["before"]


def test_a_plan_that_was_carried_out_does_nothing_more(genretag, folder, plan) -> None:
    song(folder / "a.flac")
    song(folder / "b.mp3", "Old")
    write_plan(plan, dict.fromkeys(folder.iterdir(), ("New",)))
    assert genretag("apply", plan).returncode == 0
    before = contents(folder)
    again = genretag("apply", plan, "--format", "jsonl")
    assert again.returncode == 0
    found = rows(again).values()
    assert {(row["status"], row["reason"]) for row in found} == {
        ("unchanged", "already as planned")
    }
    assert "= unchanged  2  already as planned" in genretag("apply", plan).stderr
    assert contents(folder) == before
    assert len(history(genretag)) == 1


def test_a_plan_whose_run_was_killed_is_carried_out_to_its_end(
    genretag, home, folder, plan
) -> None:
    paths = copies(song(folder / "000.wav", "Old"), 40)
    write_plan(plan, dict.fromkeys(paths, ("New",)))
    killed(home, paths[2], "apply", str(plan))
    again = genretag("apply", plan, "--format", "jsonl")
    assert again.returncode == 0
    statuses = [row["status"] for row in rows(again).values()]
    assert statuses[:3] == ["unchanged"] * 3 and statuses[-1] == "tagged"
    assert {tags.read(path).genres for path in paths} == {("New",)}


def test_a_plan_is_made_and_carried_out_with_a_broken_file_in_the_folder(
    home, folder, plan
) -> None:
    song(folder / "low.flac")
    garbage(folder / "broken.wav")
    genretag = shlex.join(COMMAND)
    chain = (
        f"{genretag} scan --plan {shlex.quote(str(plan))} {shlex.quote(str(folder))} && "
        f"{genretag} apply {shlex.quote(str(plan))}"
    )
    run = subprocess.run(["sh", "-c", chain], env=home, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "! failed   broken.wav: there is no audio in it" in run.stdout
    assert "! failed   1" in run.stderr
    assert tags.read(folder / "low.flac").genres == ("Low",)


def test_a_plan_that_is_there_is_not_overwritten_unasked(genretag, home, folder, plan) -> None:
    song(folder / "low.flac")
    plan.write_text("precious")
    refused = genretag("scan", "--plan", plan, folder)
    assert refused.returncode == 2
    assert "plan.jsonl: it exists" in refused.stderr and "--yes" in refused.stderr
    terminal = Terminal(["scan", "--plan", str(plan), str(folder)], home)
    assert "plan.jsonl exists. Overwrite it? [y/N]" in terminal.read("[y/N]").replace("\r\n", " ")
    terminal.type("n\n")
    assert terminal.close() == 2
    assert plan.read_text() == "precious"
    terminal = Terminal(["scan", "--plan", str(plan), str(folder)], home)
    terminal.read("[y/N]")
    terminal.type("y\n")
    assert terminal.close() == 0
    assert '"complete"' in plan.read_text()
    assert genretag("scan", "--plan", plan, folder, "-y").returncode == 0
    (empty := plan.with_name("empty")).touch()
    assert genretag("scan", "--plan", empty, folder).returncode == 0


def test_an_interrupted_plan_says_so_and_what_it_holds_is_carried_out(
    genretag, home, folder, plan
) -> None:
    copies(write_tone(folder / "000.wav", seconds=40.0), 60)
    scan = subprocess.Popen(
        [*COMMAND, "scan", "--plan", str(plan), str(folder)],
        env=home | TRACK_BY_TRACK,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert scan.stdout and "planned" in scan.stdout.readline()
    scan.send_signal(signal.SIGTERM)
    _, shown = scan.communicate(timeout=120)
    assert scan.returncode == 130
    assert "Interrupted after" in shown and f"--yes --plan {plan}" in shown.replace("\n", " ")
    end = json.loads(plan.read_text("utf-8").splitlines()[-1])
    assert end["plan"]["state"] == "interrupted"
    run = genretag("apply", plan)
    assert run.returncode == 0
    assert "is incomplete" in run.stderr and "scan again for the rest" in run.stderr
    written = [path for path in folder.iterdir() if tags.read(path).genres]
    assert 0 < len(written) == end["plan"]["counts"]["planned"] < 60


def test_a_plan_without_a_change_says_so(genretag, plan) -> None:
    plan.touch()
    run = genretag("apply", plan)
    assert (run.returncode, run.stdout) == (0, "")
    assert "The plan holds no change." in run.stderr


def test_a_broken_plan_is_refused_with_its_line_before_anything_is_done(
    genretag, folder, plan, tmp_path
) -> None:
    write_plan(plan, {song(folder / f"{name}.flac"): ("New",) for name in "ab"})
    before = contents(folder)
    plan.write_text(plan.read_text("utf-8").rstrip()[:-9])
    broken = genretag("apply", plan)
    assert broken.returncode == 2
    assert "plan.jsonl, line 2" in broken.stderr and "(bad-plan)" in broken.stderr
    for unreadable in (tmp_path / "missing.jsonl", folder):
        run = genretag("apply", unreadable)
        assert run.returncode == 2 and "(bad-plan)" in run.stderr
    assert contents(folder) == before
    assert not (tmp_path / "data").exists()


# Undo and history


def history(genretag) -> list[list[str]]:
    """Number, what was written, and the command of each run."""
    run = genretag("history")
    cells = [re.split(r"\s{2,}", line.strip()) for line in run.stdout.splitlines()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row[1]) for row in cells)
    assert all(re.match("in /", row[4]) for row in cells)
    return [[row[0], row[2], " ".join(row[3].split()[:2])] for row in cells]


def test_undo_steps_back_run_by_run_and_can_itself_be_undone(genretag, folder, plan) -> None:
    paths = [song(folder / "a.flac", "Old"), song(folder / "b.mp3")]
    raw = [raw_genres(path) for path in paths]
    for wish in ("First", "Second"):
        write_plan(plan, dict.fromkeys(paths, (wish,)))
        assert genretag("apply", plan).returncode == 0
    applied = f"apply {plan}"
    assert history(genretag) == [["1", "2 written", applied], ["2", "2 written", applied]]

    assert genretag("undo").returncode == 0
    assert genres(folder) == {"a.flac": ("First",), "b.mp3": ("First",)}
    assert genretag("undo", "3").returncode == 0
    assert genres(folder) == {"a.flac": ("Second",), "b.mp3": ("Second",)}
    assert genretag("undo").returncode == 0
    assert genretag("undo").returncode == 0
    assert genres(folder) == {"a.flac": ("Old",), "b.mp3": ()}
    assert [raw_genres(path) for path in paths] == raw
    assert history(genretag) == [
        ["1", "2 written, undone", applied],
        ["2", "2 written, undone", applied],
        ["3", "2 written, undone", "undo 2"],
        ["4", "2 written", "undo 3"],
        ["5", "2 written", "undo 2"],
        ["6", "2 written", "undo 1"],
    ]
    nothing = genretag("undo")
    assert nothing.returncode == 0 and "nothing to undo" in nothing.stderr


def test_a_run_can_be_undone_by_its_number_out_of_turn(genretag, folder, plan) -> None:
    first, second = song(folder / "a.flac", "Old"), song(folder / "b.mp3", "Old")
    for path in (first, second):
        assert genretag("apply", write_plan(plan, {path: ("New",)})).returncode == 0
    assert genretag("undo", "1").returncode == 0
    assert genres(folder) == {"a.flac": ("Old",), "b.mp3": ("New",)}


def test_nothing_to_undo_says_so_and_an_unknown_run_is_refused(genretag) -> None:
    nothing = genretag("undo")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "nothing to undo" in nothing.stderr
    unknown = genretag("undo", "7")
    assert unknown.returncode == 2
    assert "run 7" in unknown.stderr and "(unknown-run)" in unknown.stderr
    empty = genretag("history")
    assert (empty.returncode, empty.stdout) == (0, "")
    assert "Nothing was written yet" in empty.stderr


def test_undo_leaves_alone_and_names_what_somebody_changed_or_took_away(
    genretag, folder, plan
) -> None:
    for name in ("back", "mine", "gone", "same", "title"):
        song(folder / f"{name}.flac", "Old")
    write_plan(plan, dict.fromkeys(sorted(folder.iterdir()), ("New",)))
    assert genretag("apply", plan).returncode == 0
    tags.write(folder / "mine.flac", ("Mine",))
    tags.write(folder / "same.flac", ("Old",))
    (folder / "gone.flac").unlink()
    title = mutagen.File(folder / "title.flac")
    title["title"] = "Given since"
    title.save()
    run = genretag("undo", "--format", "jsonl")
    assert run.returncode == 1
    found = rows(run)
    assert {name: row["status"] for name, row in found.items()} == {
        "back.flac": "tagged",
        "mine.flac": "skipped",
        "gone.flac": "failed",
        "same.flac": "unchanged",
        "title.flac": "tagged",
    }
    assert "changed since" in found["mine.flac"]["reason"]
    assert found["gone.flac"]["error"]["code"] == "not-found"
    assert genres(folder) == {
        "back.flac": ("Old",),
        "mine.flac": ("Mine",),
        "same.flac": ("Old",),
        "title.flac": ("Old",),
    }
    assert mutagen.File(folder / "title.flac")["title"] == ["Given since"]


def test_undo_speaks_of_undoing_and_says_how_to_take_it_back(genretag, folder, plan) -> None:
    paths = [song(folder / "a.flac"), song(folder / "b.flac", "Old")]
    write_plan(plan, dict.fromkeys(paths, ("Rock",)))
    applied = genretag("apply", plan)
    assert "+ tagged   Old -> Rock" in applied.stdout
    assert applied.stderr.endswith("Take this back with:\n  genretag undo 1\n")
    before = contents(folder)
    shown = genretag("undo", "-n")
    assert shown.returncode == 0
    assert "> planned  Rock -> (no genre)" in shown.stdout
    assert shown.stderr.endswith("Put the genres of 2 files back with:\n  genretag undo\n")
    assert contents(folder) == before and len(history(genretag)) == 1
    undone = genretag("undo")
    assert "+ undone   Rock -> (no genre)" in undone.stdout and "Rock -> Old" in undone.stdout
    assert "+ undone  2  Old 1, (no genre) 1" in undone.stderr
    assert "tagged" not in undone.stdout + undone.stderr
    assert undone.stderr.endswith("Take this back with:\n  genretag undo 2\n")
    assert genretag("undo", "2").returncode == 0
    assert genres(folder) == {"a.flac": ("Rock",), "b.flac": ("Rock",)}


def test_undo_says_how_to_put_back_what_was_changed_since_and_does_so(
    genretag, folder, plan
) -> None:
    mine = song(folder / "mine.flac", "Old")
    write_plan(plan, {mine: ("New",)})
    assert genretag("apply", plan).returncode == 0
    tags.write(mine, ("Mine",))
    left = genretag("undo")
    assert left.returncode == 0 and "its genre was changed since" in left.stdout
    assert left.stderr.endswith("genretag undo 1 --force\n")
    assert "Mine -> Old" in genretag("undo", "1", "--force", "-n").stdout
    assert tags.read(mine).genres == ("Mine",)
    forced = genretag("undo", "1", "--force")
    assert forced.returncode == 0 and "+ undone   Mine -> Old" in forced.stdout
    assert tags.read(mine).genres == ("Old",)
    assert genretag("undo", "2").returncode == 0
    assert tags.read(mine).genres == ("Mine",)


def test_history_tells_options_and_folder_and_runs_without_a_change_leave_no_gap(
    genretag, folder
) -> None:
    (folder / "sub").mkdir()
    path = song(folder / "sub" / "a b.flac")
    scan = ("scan", "--policy", "replace", "--top-k", "2", folder / "sub")
    assert genretag(*scan).returncode == 0
    for _ in range(2):
        assert genretag(*scan).returncode == 0  # nothing to do
    assert genretag("undo").returncode == 0
    tags.write(path, ("Old",))
    assert genretag(*scan).returncode == 0
    first, undone, last = genretag("history").stdout.splitlines()
    assert first.startswith("   1  ") and "  1 written, undone  scan --policy replace" in first
    assert "--top-k 2" in first and first.endswith(f"  in {folder / 'sub'}")
    assert undone.startswith("   2  ") and f"undo 1  in {folder / 'sub'}" in undone
    assert last.startswith("   3  ")
    assert genretag("undo", "3").returncode == 0
    assert tags.read(path).genres == ("Old",)


def test_a_killed_run_and_a_killed_undo_are_taken_back(genretag, home, folder, plan) -> None:
    paths = copies(song(folder / "000.wav", "Old"), 40)
    raw = {path: raw_genres(path) for path in paths}
    write_plan(plan, dict.fromkeys(paths, ("New",)))
    killed(home, paths[20], "apply", str(plan))
    assert int(history(genretag)[0][1].split()[0]) >= 20 and "New" in str(genres(folder))
    assert 20 <= sum(tags.read(path).genres == ("New",) for path in paths) < len(paths)

    (folder / ".genretag-xyz.mp3").write_bytes(b"somebody else's")
    killed(home, paths[10], "undo")
    assert genretag("undo").returncode == 0
    assert {path: raw_genres(path) for path in paths} == raw
    assert sorted(folder.iterdir()) == sorted([folder / ".genretag-xyz.mp3", *paths])
    assert not any("interrupted" in row[1] for row in history(genretag))
    nothing = genretag("undo")
    assert nothing.returncode == 0 and "nothing to undo" in nothing.stderr


def killed(home: dict[str, str], path: Path, *arguments: str) -> None:
    """Run the command and kill it as soon as it has written `path`."""
    inode = path.stat().st_ino
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 120
    while path.stat().st_ino == inode and time.monotonic() < end:
        pass
    process.kill()
    assert process.wait() == -signal.SIGKILL


# At a terminal


@pytest.mark.parametrize("answer", ["n", "y"])
def test_apply_and_undo_show_what_they_would_change_and_ask_once(
    genretag, home, folder, plan, answer
) -> None:
    path = song(folder / "a.flac", "Old")
    write_plan(plan, {path: ("New",)})
    terminal = Terminal(["apply", str(plan)], home)
    assert "a.flac" in terminal.read("[y/N]")
    terminal.type(f"{answer}\n")
    assert terminal.close() == 0
    assert terminal.text.count("[y/N]") == 1
    assert tags.read(path).genres == (("New",) if answer == "y" else ("Old",))

    assert genretag("apply", plan).returncode == 0
    terminal = Terminal(["undo"], home)
    shown = terminal.read("[y/N]")
    assert "a.flac" in shown and "Old" in shown
    terminal.type(f"{answer}\n")
    assert terminal.close() == 0
    assert tags.read(path).genres == (("Old",) if answer == "y" else ("New",))


def test_yes_answers_for_apply_and_undo(home, folder, plan) -> None:
    path = song(folder / "a.flac", "Old")
    write_plan(plan, {path: ("New",)})
    for arguments, genre in ((["apply", str(plan), "-y"], "New"), (["undo", "-y"], "Old")):
        terminal = Terminal(arguments, home)
        assert terminal.close() == 0
        assert "[y/N]" not in terminal.text
        assert tags.read(path).genres == (genre,)


# Files that cannot be written


@as_root
def test_every_bad_file_has_its_own_code_and_the_others_are_written(genretag, folder, plan) -> None:
    good = {song(folder / "good.flac"), song(folder / os.fsdecode(b"odd \xff.ogg"))}
    locked = song(folder / "locked.flac")
    mounted = song(folder / "mounted.flac")
    gone = song(folder / "gone.flac")
    torn = song(folder / "torn.mp3")
    paths = sorted(folder.iterdir())
    write_plan(plan, dict.fromkeys(paths, ("New",)))
    gone.unlink()
    status = torn.stat()
    torn.write_bytes(BROKEN_ID3 + torn.read_bytes()[len(BROKEN_ID3) :])
    os.utime(torn, ns=(status.st_atime_ns, status.st_mtime_ns))
    before = contents(folder)
    with (
        system("chattr", "+i", locked, undone_by=("chattr", "-i", locked)),
        system("mount", "--bind", mounted, mounted, undone_by=("umount", mounted)),
    ):
        run = genretag("apply", plan, "--format", "jsonl")
    assert run.returncode == 1
    found = rows(run)
    codes = {name: row["error"] and row["error"]["code"] for name, row in found.items()}
    assert codes == dict.fromkeys([path.name for path in good]) | {
        "locked.flac": "no-permission",
        "mounted.flac": "write-failed",
        "gone.flac": "not-found",
        "torn.mp3": "tags-unreadable",
    }
    for name, row in found.items():
        if row["error"]:
            assert name in row["error"]["message"] and row["error"]["hint"]
        else:
            assert tags.read(folder / name).genres == ("New",)
    after = contents(folder)
    assert all(after[path] == before[path] for path in (locked, mounted, torn))
    assert after.keys() == before.keys()


def test_scan_names_tags_that_cannot_be_taken_apart_and_goes_on(genretag, folder) -> None:
    song(folder / "good.flac")
    bad = song(folder / "bad.mp3")
    bad.write_bytes(BROKEN_ID3 + bad.read_bytes())
    cut = truncated(song(folder / "cut.ogg", "Old"), 0.9)
    before = contents(folder)
    run = genretag("scan", folder, "--format", "jsonl")
    assert run.returncode == 1
    found = rows(run)
    assert found["good.flac"]["status"] == "tagged"
    assert found["bad.mp3"]["error"]["code"] == "tags-unreadable"
    assert found["cut.ogg"]["status"] == "unchanged"
    assert all(contents(folder)[path] == before[path] for path in (bad, cut))


def test_a_file_larger_than_the_system_allows_fails_and_the_others_are_written(
    home, folder, plan
) -> None:
    large = make("WAV", folder, seconds=4.0)
    small = song(folder / "small.mp3")
    before = large.read_bytes()
    write_plan(plan, {large: ("New",), small: ("New",)})
    run = subprocess.run(
        [*COMMAND, "apply", str(plan), "--format", "jsonl"],
        env=home,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)),
    )
    assert run.returncode == 1, run.stderr
    error = rows(run)[large.name]["error"]
    assert error["code"] == "write-failed"
    assert large.name in error["message"] and "as it was" in error["message"]
    assert rows(run)["small.mp3"]["status"] == "tagged"
    assert large.read_bytes() == before
    assert sorted(folder.iterdir()) == sorted([large, small])


@contextmanager
def system(*command: str | Path, undone_by: tuple[str | Path, ...]) -> Iterator[None]:
    """Do something to the system that not every system allows, and take it back."""
    if subprocess.run(command, check=False).returncode:
        pytest.skip(f"{command[0]} does not work here")
    try:
        yield
    finally:
        subprocess.run(undone_by, check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of a megabyte."""
    (path := tmp_path / "disk").mkdir()
    with system("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path, undone_by=("umount", path)):
        yield path


@as_root
def test_a_full_disk_ends_the_run_and_what_was_done_can_be_undone(genretag, disk, plan) -> None:
    small = song(disk / "1 small.mp3")
    large = song(disk / "2 large.wav")
    before = contents(disk)
    write_plan(plan, {small: ("New",), large: ("New",)})
    run = genretag("apply", plan)
    assert run.returncode == 3
    assert "2 large.wav: no space is left" in run.stderr and "(disk-full)" in run.stderr
    assert tags.read(small).genres == ("New",)
    assert large.read_bytes() == before[large]
    assert contents(disk).keys() == before.keys()
    assert genretag("undo").returncode == 0
    assert tags.read(small).genres == ()
    assert genretag("undo").returncode == 0


@as_root
def test_without_a_journal_nothing_is_written(genretag, folder, disk, plan, tmp_path) -> None:
    path = song(folder / "a.flac")
    before = path.read_bytes()
    write_plan(plan, {path: ("New",)})
    (disk / "ballast").write_bytes(bytes(1 << 20))
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "journal.sqlite3").write_bytes(b"no database " * 1000)
    for place in (disk, tmp_path / "file", tmp_path / "damaged"):
        for arguments in (("apply", plan), ("scan", folder)):
            run = genretag(*arguments, GENRETAG_DATA_DIR=str(place))
            assert run.returncode == 3, run.stderr
            assert "(journal-failed)" in run.stderr and "Traceback" not in run.stderr
            assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


# Names, players and versions


MAP = """
drop = ["Middle"]
[rename]
Low = "Deep / Dark"
[parents]
High = "Upper"
Upper = "Everything"
"""


def test_a_map_gives_genres_the_names_that_a_person_wants(genretag, folder, tmp_path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(MAP)
    song(folder / "low.flac")
    song(folder / "middle.flac", hz=MIDDLE_HZ)
    song(folder / "high.mp3", hz=HIGH_HZ)
    run = genretag("scan", folder, "--map", path, "--format", "jsonl")
    assert run.returncode == 0, run.stderr
    assert genres(folder) == {
        "low.flac": ("Deep",),
        "middle.flac": (),
        "high.mp3": ("High", "Upper", "Everything"),
    }
    assert "the map drops Middle" in rows(run)["middle.flac"]["reason"]


def test_a_map_that_cannot_be_followed_is_refused_with_its_line(genretag, folder, tmp_path) -> None:
    before = song(folder / "a.flac").read_bytes()
    path = tmp_path / "map.toml"
    for text, line, words in (
        ('[rename]\nLow = "Deep"\nLaw = "Deep"\n', 3, "Law"),
        ('[parents]\nLow = "High"\nHigh = "Low"\n', 2, "circle"),
    ):
        path.write_text(text)
        run = genretag("scan", folder, "--map", path)
        assert run.returncode == 2
        assert f"map.toml, line {line}" in run.stderr and words in run.stderr
        assert "(bad-map)" in run.stderr
    missing = genretag("scan", folder, "--map", tmp_path / "missing.toml")
    assert missing.returncode == 2 and "missing.toml" in missing.stderr
    assert (folder / "a.flac").read_bytes() == before


def id3(path: Path, version: int) -> Path:
    """Return a song with an ID3 tag of a version, and a frame that only v2.3 knows."""
    song(path)
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.TIT2(1, ["Title"]))
    tag.add(mutagen.id3.TDRC(3, ["1999-06-24"]) if version == 4 else mutagen.id3.TSIZ(0, ["17"]))
    tag.save(path, v2_version=version)
    return path


@pytest.mark.parametrize("player", PLAYERS)
def test_every_player_gets_several_genres_as_it_shows_them(
    genretag, folder, plan, tmp_path, player
) -> None:
    layout = PLAYERS[player]
    parents = tmp_path / "map.toml"
    parents.write_text('[parents]\nLow = "Deep"\n')
    mp3, mp4, flac = id3(folder / "a.mp3", 3), song(folder / "a.m4a"), song(folder / "a.flac")
    options = ("--for", player, "--map", parents, "--plan", plan, "--format", "jsonl")
    notes = rows(genretag("scan", folder, *options))["a.mp3"]["notes"]
    assert ("v2.4" in " ".join(notes)) == layout.id3_lists
    run = genretag("apply", plan)
    assert run.returncode == 0, run.stderr
    assert set(genres(folder).values()) == {("Low", "Deep")}
    lists, joined = ["Low", "Deep"], ["Low; Deep"]
    tag = mutagen.id3.ID3(mp3, translate=False)
    assert tag.version[1] == (4 if layout.id3_lists else 3)
    assert tag["TCON"].text == (lists if layout.id3_lists else joined)
    assert mutagen.File(mp4)["\xa9gen"] == (joined if "MP4" in layout.joined else lists)
    assert mutagen.File(flac)["genre"] == lists
    assert all(note in run.stdout for note in notes)


@pytest.mark.parametrize(("wished", "other"), [("v2.3", 4), ("v2.4", 3)])
def test_a_dry_run_says_what_another_version_of_id3_costs(genretag, folder, wished, other) -> None:
    path = id3(folder / "a.mp3", other)
    before = path.read_bytes()
    shown = genretag("scan", "-n", "--id3", wished, folder)
    assert "ID3" in shown.stdout and wished in shown.stdout
    assert path.read_bytes() == before
    assert genretag("scan", "--id3", wished, folder).returncode == 0
    assert mutagen.id3.ID3(path, translate=False).version[1] == int(wished[-1])
    assert genretag("undo").returncode == 0
    assert other_fields(path) == other_fields(restored(path, before))


def restored(path: Path, data: bytes) -> Path:
    other = path.with_suffix(".old.mp3")
    other.write_bytes(data)
    return other


def test_stale_tags_are_named_and_follow_on_request(genretag, folder) -> None:
    path = id3(folder / "a.mp3", 3)
    tags.write(path, ("Old",))
    ape = APEv2()
    ape["Genre"], ape["Artist"] = "Stale", "Kept"
    ape.save(path)
    replacing = ("scan", folder, "--policy", "replace", "--format", "jsonl")
    (note,) = rows(genretag(*replacing, "-n"))["a.mp3"]["notes"]
    assert "APEv2" in note and "Stale" in note
    assert rows(genretag(*replacing, "-n", "--fix-stale"))["a.mp3"]["notes"] == []
    assert genretag(*replacing, "--fix-stale").returncode == 0
    assert stale_tags(path) == ()
    assert (APEv2(path)["Genre"], APEv2(path)["Artist"]) == ("Low", "Kept")
    assert genretag("undo").returncode == 0
    assert (APEv2(path)["Genre"], tags.read(path).genres) == ("Stale", ("Old",))


# What a write leaves as it was


def test_times_are_new_unless_they_are_to_be_kept(genretag, folder, plan) -> None:
    old_ns = 1_000_000_000_123_456_789
    for options, kept in (((), False), (("--keep-mtime",), True)):
        path = song(folder / "a.flac", "Old")
        os.utime(path, ns=(old_ns, old_ns))
        write_plan(plan, {path: ("New",)})
        assert genretag("apply", plan, *options).returncode == 0
        assert (path.stat().st_mtime_ns == old_ns) == kept
        assert genretag("undo", *options).returncode == 0
        assert (path.stat().st_mtime_ns == old_ns) == kept


def test_links_are_followed_and_broken_hard_links_are_reported(genretag, folder, tmp_path) -> None:
    target = song(tmp_path / "target.flac")
    (folder / "link.flac").symlink_to(target)
    twin = song(folder / "twin.flac")
    (tmp_path / "other.flac").hardlink_to(twin)
    staged = song(folder / "staged.flac").rename(folder / ".genretag-0123456789ab.flac")
    run = genretag("scan", folder, "--follow-symlinks", "--format", "csv")
    assert run.returncode == 0, run.stderr
    found = {Path(row["path"]).name: row for row in csv.DictReader(io.StringIO(run.stdout))}
    assert found.keys() == {"link.flac", "twin.flac"}
    assert "2 names" in found["twin.flac"]["notes"]
    assert (folder / "link.flac").is_symlink()
    assert tags.read(target).genres == ("Low",)
    assert tags.read(tmp_path / "other.flac").genres == () == tags.read(staged).genres
