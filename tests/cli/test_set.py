"""`genretag set`: a person writes genres by hand, and scans leave them alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from audio_files import write_tone
from toy_model import LOW_HZ

from genretag import read_genres


@pytest.fixture
def album(music: Path) -> list[Path]:
    music.mkdir()
    return [write_tone(music / f"{n}.flac", 3.0, hz=LOW_HZ) for n in range(3)]


@pytest.fixture
def scanned(genretag, music: Path) -> Callable[..., dict[str, int]]:
    """Return a function that scans and counts statuses."""

    def run(*options: str) -> dict[str, int]:
        done = genretag("scan", "--format", "jsonl", *options, music)
        assert done.returncode == 0, done.stderr
        found = [json.loads(line)["status"] for line in done.stdout.splitlines()]
        return {status: found.count(status) for status in found}

    return run


def test_genres_are_written_into_all_files_and_taken_back(genretag, music, album) -> None:
    assert genretag("set", "Trip Hop", "Downtempo", music).returncode == 0
    assert {read_genres(path) for path in album} == {("Trip Hop", "Downtempo")}
    again = genretag("set", "Trip Hop; Downtempo", music)
    assert "= unchanged  3" in again.stderr
    assert genretag("undo").returncode == 0
    assert {read_genres(path) for path in album} == {()}


def test_a_genre_may_be_called_as_a_folder_is(
    genretag, music, album, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(music.rename(tmp_path / "Mellow").parent)
    assert genretag("set", "Mellow;", "Mellow").returncode == 0
    assert read_genres(tmp_path / "Mellow" / album[0].name) == ("Mellow",)


def test_the_history_says_which_genres_were_set(genretag, music, album) -> None:
    genretag("set", "Trip Hop", "Dub", music)
    assert "set 'Trip Hop' Dub" in genretag("history").stdout


def test_a_dry_run_writes_nothing(genretag, music, album) -> None:
    shown = genretag("set", "-n", "Jazz", music)
    assert "> planned  Jazz" in shown.stdout and read_genres(album[0]) == ()
    assert genretag("history").stdout == ""


@pytest.mark.parametrize("policy", ["replace", "add"])
def test_no_scan_changes_what_a_person_decided_unless_forced(
    genretag, scanned, music, album, policy
) -> None:
    genretag("set", "Jazz", album[0])
    assert scanned("--policy", policy, "--by", "track") == {"unchanged": 1, "tagged": 2}
    assert read_genres(album[0]) == ("Jazz",)
    assert scanned("--policy", policy, "--force", "--by", "track")["tagged"] >= 1
    assert "Low" in read_genres(album[0])


def test_a_decision_for_the_genre_that_is_there_counts_and_is_taken_back(
    genretag, scanned, music, album, tmp_path
) -> None:
    names = tmp_path / "map.toml"
    names.write_text('rename = { Low = "Deep" }')
    anew = ("--policy", "replace", "--map", str(names))
    assert scanned() == {"tagged": 3}
    assert "= unchanged  3" in genretag("set", "Low", music).stderr
    assert scanned(*anew) == {"unchanged": 3}
    assert "3 written" in genretag("history").stdout
    genretag("undo")
    assert read_genres(album[0]) == ("Low",)
    assert scanned(*anew) == {"tagged": 3}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Rock",), "PATH is missing"),
        (("music",), "GENRE is missing: music is a file or folder"),
        (("./music", "Rock"), "GENRE is missing: ./music is a file or folder"),
        (("./music", "./Pop"), "GENRE is missing: ./music is a file or folder"),
        (("Rock", "R" * 300), "PATH is missing"),
        (("Rock", ""), "PATH is missing"),
        (("music", "music"), "GENRE is missing: music is a file or folder"),
        (("music/0.flac", "music/1.flac"), "GENRE is missing: music/0.flac is a file"),
        (("Rock", "music/9.flac", "music/1.flac"), "no file or folder music/9.flac"),
        (("Rock", "*.mp3", "music"), "no file or folder *.mp3"),
        (("Rock", "./nowhere", "music"), "no file or folder ./nowhere"),
        (("Rock", "nowhere.mp3"), "no file or folder nowhere.mp3"),
        (("", "music"), "no genre is given"),
        (("?", "music"), '"?" has no letter'),
        (("Unknown", "music"), "counts as no genre"),
        (("Rock; rock", "music"), "given twice"),
        (("Rock\x1b[2J", "music"), "nobody sees"),
        (("R" * 61, "music"), "longer than 60"),
        (("Rock", "Pop", "music"), "Pop is a genre, and a file or folder here as well"),
    ],
)
def test_words_that_make_no_sense_are_refused(
    genretag, album, music, tmp_path, monkeypatch, words, message
) -> None:
    (tmp_path / "Pop").mkdir()
    monkeypatch.chdir(tmp_path)
    done = genretag("set", *words)
    assert done.returncode == 2 and message in done.stderr and "(bad-option)" in done.stderr
    assert {read_genres(path) for path in album} == {()}


def test_a_file_that_is_no_music_fails_and_the_others_get_theirs(genretag, music, album) -> None:
    (music / "broken.flac").write_bytes(b"no music")
    done = genretag("set", "Jazz", music)
    assert done.returncode == 1 and "broken.flac" in done.stdout
    assert {read_genres(path) for path in album} == {("Jazz",)}
