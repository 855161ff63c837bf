"""`genretag genres`: the taxonomy, and the names in a library."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from audio_files import garbage, make, write_tone
from toy_model import LOW_HZ

from genretag import tags


@pytest.fixture
def library(music: Path) -> Path:
    """Write files with names that are known, unknown, spelled in several ways, joined, and none."""
    music.mkdir()
    song = make("FLAC", music)
    names = [
        ["Hip Hop"], ["Hip Hop"], ["Rap"], ["Rock", "Death Metal"], ["Swedish Death Metal"],
        ["Wonderpop/Jazz"], ["1994"], ["Other"], [], ["Country & Folk"],
    ]  # fmt: skip
    for number, genres in enumerate(names):
        file = music / f"Artist {number}" / "Song.flac"
        file.parent.mkdir()
        shutil.copy(song, file)
        if genres:
            tags.write(file, genres)
    song.unlink()
    return music


@pytest.fixture
def check(genretag, library):
    """Return a function that checks the library and returns the object."""

    def run(*arguments: str | Path, code: int = 0, **environment: str) -> dict:
        done = genretag("genres", "check", library, "--format", "json", *arguments, **environment)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    return run


def test_names_of_a_library_are_compared_with_the_taxonomy(check) -> None:
    found = check(GENRETAG_MODEL="genretag-musicnn")
    assert found["files"] == {"read": 10, "tagged": 9, "known": 5}
    assert found["names"] == {"all": 9, "known": 5}
    (spelled,) = found["spellings"]
    assert (spelled["genre"], spelled["written"]) == ("Hip-Hop", "Hip Hop")
    assert [(use["name"], use["files"]) for use in spelled["names"]] == [("Hip Hop", 2), ("Rap", 1)]
    (unknown,) = found["unknown"]
    assert (unknown["name"], unknown["genre"]) == ("Swedish Death Metal", "Death Metal")
    assert [Path(path).parent.name for path in unknown["paths"]] == ["Artist 4"]
    assert [(one["name"], one["genre"]) for one in found["joined"]] == [("Wonderpop/Jazz", "Jazz")]
    assert [(one["name"], one["kind"]) for one in found["junk"]] == [
        ("1994", "year"), ("Other", "placeholder"),
    ]  # fmt: skip


def test_the_page_names_a_file_and_lines_for_a_map(genretag, library) -> None:
    run = genretag("genres", "check", library, NO_COLOR="1")
    assert run.returncode == 0, run.stderr
    assert "Artist 4/Song.flac" in run.stdout and '"Hip-Hop" = "Hip Hop"' in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 120 and "\x1b" not in run.stdout


def test_scan_takes_the_proposed_lines_and_then_nothing_is_left(
    check, genretag, library, tmp_path
) -> None:
    found = check()
    file = tmp_path / "map.toml"
    file.write_text("\n".join(found["map_lines"]))
    assert set(tomllib.loads(file.read_text())) == {"rename", "aliases"}
    assert genretag("scan", "-n", "--map", file, library).returncode == 0
    (line,) = found["config_lines"]
    again = check("--map", file, "--placeholder", tomllib.loads(line)["placeholder"])
    assert again["map_lines"] == again["config_lines"] == again["joined"] == []
    assert [one["name"] for one in again["unknown"]] == ["Country & Folk"]


def test_what_genretag_wrote_is_nobodys_spelling(genretag, music) -> None:
    music.mkdir()
    songs = [write_tone(music / f"{number}.wav", 2.0, hz=LOW_HZ) for number in range(4)]
    assert genretag("scan", "--threshold", "0.1", *songs[:3]).returncode == 0
    tags.write(songs[3], ["LOW"])
    (spelled,) = json.loads(genretag("genres", "check", music, "--format", "json").stdout)[
        "spellings"
    ]
    assert [(use["name"], use["files"]) for use in spelled["names"]] == [("Low", 3), ("LOW", 1)]
    assert spelled["written"] == "LOW"


def test_nothing_is_written_into_files_and_no_model_scores(check, library) -> None:
    before = {file: file.read_bytes() for file in library.rglob("*.flac")}
    check()
    assert {file: file.read_bytes() for file in library.rglob("*.flac")} == before


def test_files_that_cannot_be_read_are_named(genretag, library, tmp_path) -> None:
    garbage(library / "broken.flac")
    run = genretag("genres", "check", library)
    assert run.returncode == 1
    assert "broken.flac" in run.stderr and "names of genres" in run.stdout
    run = genretag("genres", "check", library, tmp_path / "nowhere")
    assert run.returncode == 2 and "not-found" in run.stderr and not run.stdout


def test_an_empty_folder_says_so(genretag, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    run = genretag("genres", "check", tmp_path / "empty")
    assert (run.returncode, run.stdout) == (0, "")
    assert "No audio files were found there." in run.stderr


def test_a_wrong_map_is_refused(genretag, library, tmp_path) -> None:
    file = tmp_path / "map.toml"
    file.write_text('[rename]\n"Nothing of the kind" = "Rock"\n')
    run = genretag("genres", "check", library, "--map", file)
    assert run.returncode == 2 and "line 2" in run.stderr and not run.stdout


def test_the_tree_shows_what_is_above_and_below_a_genre(genretag) -> None:
    run = genretag("genres", "tree", "death-metal")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[:2] == ["Rock > Metal > Death Metal", "Death Metal"]
    assert any("Melodic Death Metal  Melodeath" in line for line in lines)
    assert not any("Black Metal" in line and "Blackened" not in line for line in lines)


def test_a_genre_stands_below_each_of_its_parents(genretag) -> None:
    both = genretag("genres", "tree", "Trip-Hop").stdout.splitlines()
    assert both[:2] == ["Electronic > Trip-Hop", "Hip-Hop > Trip-Hop"]
    assert genretag("genres", "tree").stdout.count("─ Trip-Hop") == 2


def test_the_tree_for_programs_has_all_names(genretag) -> None:
    everything = json.loads(genretag("genres", "tree", "--format", "json").stdout)
    assert len(everything["genres"]) >= 600 and everything["name"] is None
    below = json.loads(genretag("genres", "tree", "metal", "--format", "json").stdout)
    assert (below["name"], below["ancestors"]) == ("Metal", ["Rock"])
    assert {"Metal", "Death Metal"} < {one["name"] for one in below["genres"]}


def test_an_unknown_genre_is_refused_with_the_nearest(genretag) -> None:
    run = genretag("genres", "tree", "Shoegase")
    assert (run.returncode, run.stdout) == (2, "")
    assert "Did you mean Shoegaze?" in run.stderr
