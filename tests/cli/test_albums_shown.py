"""What people see of albums: one line for the tracks that have the same result."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
import toy_model
from audio_files import write_tone
from test_terminal import Terminal, plain

from genretag import tags


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Use a model that decides albums together."""
    # A track of another genre can keep it.
    pooling = replace(toy_model.POOLING, outlier=0.1, weight=1.0, correlation=0.5, agreement=0.3)
    loose = replace(pooling, vote=0.9, coherent=0.5, coherent_folder=0.5, threshold=0.6, apart=0.7)
    model = toy_model.save(tmp_path / "pooled.onnx", replace(toy_model.MANIFEST, pooling=loose))
    return home | {"GENRETAG_MODEL": str(model)}


@pytest.fixture
def album(music: Path) -> Path:
    folder = music / "Tool" / "Lateralus"
    folder.mkdir(parents=True)
    for n in range(4):
        write_tone(folder / f"{n}.flac", seconds=3.0)
    return folder


def test_an_album_is_one_line_and_with_verbose_a_line_for_each_file(genretag, music, album) -> None:
    write_tone(music / "single.flac", seconds=3.0)
    name = str(album.relative_to(music))
    run = genretag("scan", "-n", music)
    assert re.search(rf"^> planned  Low +\d\d%  {name}  4 tracks$", run.stdout, re.MULTILINE)
    assert len(run.stdout.splitlines()) == 2 and "single.flac" in run.stdout
    assert "planned  5  Low 5" in run.stderr
    for by_file in (("-v",), ("--verbose",), ("--by", "track")):
        lines = genretag("scan", "-n", *by_file, music).stdout.splitlines()
        assert sorted(line.split()[-1] for line in lines) == [
            *(str(Path(name) / f"{n}.flac") for n in range(4)),
            "single.flac",
        ]


def test_who_writes_and_who_takes_it_back_sees_what_was_done(genretag, music, album) -> None:
    write_tone(album / "4.flac", seconds=3.0, hz=toy_model.MIDDLE_HZ)
    lines = genretag("scan", music).stdout.splitlines()
    assert re.fullmatch(r"\+ tagged   Low +\d\d%  \S+  4 tracks", lines[0])
    assert re.fullmatch(r"  \+ tagged   Middle +\d\d%  \S+4.flac", lines[1])
    undone = genretag("undo").stdout.splitlines()
    assert len(undone) == 5 and all("undone" in line and ".flac" in line for line in undone)


def test_genres_that_the_library_has_are_marked(genretag, music, album) -> None:
    for n in (0, 1):
        tags.write(album / f"{n}.flac", ("Doom",))
    [line] = genretag("scan", "-n", "--threshold", "0.4", music).stdout.splitlines()
    assert re.fullmatch(r"> planned  Doom +\d\d%  \S+Lateralus  2 tracks  \(library\)", line)


def test_a_plan_holds_each_file_and_shows_the_album(genretag, music, album, tmp_path) -> None:
    plan = tmp_path / "plan.jsonl"
    assert "4 tracks" in genretag("scan", "--plan", plan, music).stdout
    rows = [json.loads(line) for line in plan.read_text().splitlines()]
    assert sum(row.get("status") == "planned" for row in rows) == 4
    assert len(genretag("apply", plan).stdout.splitlines()) == 4


def test_the_question_stands_below_the_albums_which_are_shown_once(home, music, album) -> None:
    for n in range(4):
        tags.write(album / f"{n}.flac", ("Old",))
    terminal = Terminal(["scan", "--policy", "replace", str(music)], home)
    shown = plain(terminal.read("[y/N]"))
    assert "> planned  Old -> Low" in shown and "4 tracks" in shown
    assert "Replace the genres of 4 files (Old 4)? [y/N]" in shown
    terminal.type("y\n")
    assert terminal.close() == 0
    assert plain(terminal.text).count("4 tracks") == 1 and "tagged  4  Low 4" in plain(
        terminal.text
    )
    assert all(mutagen.File(album / f"{n}.flac")["genre"] == ["Low"] for n in range(4))


def test_ctrl_c_in_the_middle_of_an_album_shows_what_was_written(home, music) -> None:
    music.mkdir()
    first = write_tone(music / "0000.flac", seconds=3.0)
    songs = [first, *(Path(shutil.copy(first, music / f"{n:04}.flac")) for n in range(1, 1500))]
    manifest = replace(toy_model.MANIFEST, pooling=replace(toy_model.POOLING, coherent_folder=0.9))
    model = toy_model.save(music.parent / "sure.onnx", manifest)
    terminal = Terminal(["scan", "-j2", "--model", str(model), str(music)], home)
    for _ in range(600):
        terminal.read(seconds=0.05)
        if tags.read(songs[20]).genres:
            break
    terminal.type("\x03")
    assert terminal.close() == 130
    written = sum(bool(tags.read(song).genres) for song in songs)
    shown = plain(terminal.text)
    assert 20 < written < len(songs)
    assert re.search(rf"\+ tagged   Low +\d\d%  \S+  {written} tracks\n", shown)
    assert f"Interrupted after {written} of 1500 files; what is done is kept" in shown


def test_lines_that_cannot_be_written_at_the_end_of_an_album_end_the_run(
    genretag, music, album
) -> None:
    run = genretag("scan", "-n", "-o", "/dev/full", music)
    assert run.returncode == 3 and "output-failed" in run.stderr
