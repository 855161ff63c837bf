"""Two scans of one folder at the same time, by the real command."""

import json
import subprocess
from pathlib import Path

import pytest
from audio_files import write_tone
from command import COMMAND
from toy_model import LOW_HZ

from genretag import tags

FILES = 24


@pytest.mark.parametrize("options", [(), ("--policy", "replace"), ("--policy", "add")])
@pytest.mark.parametrize("has_genre", [False, True])
def test_two_scans_at_once_end_without_a_failure(home, genretag, music, options, has_genre) -> None:
    music.mkdir()
    songs = [write_tone(music / f"{n:02}.wav", seconds=3.0, hz=LOW_HZ) for n in range(FILES)]
    for song in songs if has_genre else ():
        tags.write(song, ("Old",))
    arguments = ["scan", str(music), "--format", "jsonl", "-j1", *options]
    # What comes out in the end must not depend on who is first; so they ask for the same.
    runs = [
        subprocess.Popen(
            [*COMMAND, *arguments], env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    outputs = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    rows = [[json.loads(line) for line in data.splitlines()] for data, _ in outputs]
    by_file = [{Path(row["path"]).name: row["status"] for row in run} for run in rows]
    for song in songs:
        statuses = sorted(run[song.name] for run in by_file)
        writes = "unchanged" if has_genre and not options else "tagged"
        assert statuses == sorted(["unchanged", writes])
    kept = ("Old",) if has_genre and options != ("--policy", "replace") else ()
    new = () if has_genre and not options else ("Low",)
    assert {tags.read(song).genres for song in songs} == {kept + new}
    assert sorted(music.iterdir()) == songs
    for _ in rows:
        assert genretag("undo").returncode == 0
    old = ("Old",) if has_genre else ()
    assert {tags.read(song).genres for song in songs} == {old}


def test_scans_that_ask_for_different_genres_leave_each_others_files(home, music) -> None:
    music.mkdir()
    songs = [write_tone(music / f"{n:02}.wav", seconds=3.0, hz=LOW_HZ) for n in range(FILES)]
    for song in songs:
        tags.write(song, ("Old",))
    arguments = ["scan", str(music), "--policy", "replace", "-j1"]
    runs = [
        subprocess.Popen([*COMMAND, *arguments, *more], env=home, stderr=subprocess.PIPE)
        for more in ((), ("--top-k", "3", "--threshold", "0.1"))
    ]
    outputs = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert all(tags.read(song).genres[0] == "Low" for song in songs)
