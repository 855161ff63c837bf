"""Families and styles at places of their own, from the command line."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import toy_model
from audio_files import write_tone
from toy_model import GENRES, HIGH_HZ, LOW_HZ, MANIFEST, MIDDLE_HZ, POOLING

from genretag import tags
from genretag.domain.genre import GenreVocabulary

Run = Callable[..., "subprocess.CompletedProcess[str]"]

EDGES = GenreVocabulary(GENRES, {"Low": "Edges", "High": "Edges"})


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    manifest = replace(MANIFEST, genres=EDGES, pooling=POOLING)
    model = toy_model.save(tmp_path / "families.onnx", manifest)
    return home | {"GENRETAG_MODEL": str(model)}


@pytest.fixture
def library(music: Path) -> Path:
    """Low, high and middle songs, each in a folder of its own."""
    for name, hz in (("low", LOW_HZ), ("high", HIGH_HZ), ("middle", MIDDLE_HZ)):
        (music / name).mkdir(parents=True)
        write_tone(music / name / f"{name}.flac", 3.0, hz=hz)
    return music


@pytest.fixture
def ask(genretag: Run) -> Callable[..., dict[str, dict]]:
    """Return a function that runs a command and returns its objects by the names of files."""

    def run(*arguments: str | Path) -> dict[str, dict]:
        done = genretag(*arguments, "--format", "jsonl")
        assert done.returncode == 0, done.stderr
        rows = map(json.loads, done.stdout.splitlines())
        return {Path(row["path"]).stem: row for row in rows}

    return run


def held(library: Path, name: str, *places: str) -> list[tuple[str, ...]]:
    with tags.open(library / name / f"{name}.flac") as file:
        return list(file.values(places).values())


def test_a_scan_writes_styles_beside_families_and_undo_takes_all_back(
    ask: Callable[..., dict[str, dict]], genretag: Run, library: Path
) -> None:
    before = {path: path.read_bytes() for path in library.rglob("*.flac")}
    rows = ask("scan", "--field", "style=style", library)
    assert rows["low"]["after"] == ["Edges"]
    assert rows["low"]["fields"] == {"style": {"before": [], "after": ["Low"]}}
    assert rows["middle"]["after"] == ["Middle"] and "fields" not in rows["middle"]
    assert held(library, "low", "genre", "style") == [("Edges",), ("Low",)]
    assert held(library, "middle", "genre", "style") == [("Middle",), ()]
    again = ask("scan", "--field", "style", library)
    assert again["low"]["reason"] == "has these fields already"
    assert again["middle"]["reason"] == "no style is sure"
    assert "--field style=style" in genretag("history").stdout
    assert genretag("undo", "-y").returncode == 0
    for path in before:
        assert held(library, path.stem, "genre", "style") == [(), ()]


def test_without_the_option_nothing_has_changed(
    ask: Callable[..., dict[str, dict]], library: Path
) -> None:
    rows = ask("scan", library)
    assert rows["low"]["after"] == ["Low"] and not any("fields" in row for row in rows.values())


def test_a_style_is_filled_in_where_an_earlier_scan_wrote_the_genre(
    ask: Callable[..., dict[str, dict]], library: Path
) -> None:
    ask("scan", library)
    rows = ask("scan", "--field", "style=grouping", library)
    assert (rows["low"]["status"], rows["low"]["after"]) == ("tagged", ["Low"])
    assert held(library, "low", "genre", "grouping") == [("Low",), ("Low",)]


def test_families_may_go_elsewhere_and_genres_stay(
    ask: Callable[..., dict[str, dict]], library: Path
) -> None:
    ask("scan", "--field", "family=TXXX:broad genre", "--parents", library)
    assert held(library, "low", "genre", "TXXX:BROAD GENRE") == [("Low",), ("Edges",)]
    assert held(library, "middle", "genre", "TXXX:BROAD GENRE") == [("Middle",), ("Middle",)]


def test_both_kinds_at_one_place_leave_the_genre_empty(
    ask: Callable[..., dict[str, dict]], library: Path
) -> None:
    ask("scan", "--field", "family=comment", "--field", "style=comment", library)
    assert held(library, "low", "genre", "comment") == [(), ("Low",)]


def test_a_dry_run_shows_and_writes_nothing(genretag: Run, library: Path) -> None:
    before = {path: path.read_bytes() for path in library.rglob("*.flac")}
    shown = genretag("scan", "-n", "--field", "style=style", library)
    assert shown.returncode == 0 and "Edges, style Low" in shown.stdout
    assert {path: path.read_bytes() for path in library.rglob("*.flac")} == before
    rows = list(csv.DictReader(io.StringIO(
        genretag("scan", "-n", "--field", "style", "--format", "csv", library).stdout
    )))  # fmt: skip
    cells = {Path(row["path"]).stem: row["fields"] for row in rows}
    assert json.loads(cells["low"]) == {"style": {"before": [], "after": ["Low"]}}
    assert cells["middle"] == ""


def test_a_plan_is_carried_out_with_its_fields(
    genretag: Run, library: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.jsonl"
    assert genretag("scan", "--field", "style=style", "--plan", plan, library).returncode == 0
    assert held(library, "low", "genre", "style") == [(), ()]
    done = genretag("apply", plan)
    assert done.returncode == 0 and "style Low" in done.stdout
    assert held(library, "low", "genre", "style") == [("Edges",), ("Low",)]
    assert genretag("undo", "-y").returncode == 0
    assert held(library, "low", "genre", "style") == [(), ()]


def test_an_album_is_one_line_and_gets_one_style(genretag: Run, music: Path) -> None:
    (music / "Album").mkdir(parents=True)
    for n in range(3):
        write_tone(music / "Album" / f"{n}.flac", 3.0, hz=LOW_HZ)
    done = genretag("scan", "--field", "style=style", music)
    [line] = [line for line in done.stdout.splitlines() if "3 tracks" in line]
    assert "Edges, style Low" in line


def test_what_a_person_decided_keeps_its_genre_and_gets_a_style(
    ask: Callable[..., dict[str, dict]], genretag: Run, library: Path
) -> None:
    song = library / "low" / "low.flac"
    assert genretag("set", "Edges", song, "-y").returncode == 0
    ask("scan", "--field", "style=style", library)
    assert held(library, "low", "genre", "style") == [("Edges",), ("Low",)]
    ask("scan", "--field", "style=style", "--policy", "replace", "-y", library)
    assert held(library, "low", "genre", "style") == [("Edges",), ("Low",)]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (["lyrics"], "'lyrics' is no place"),
        (["mood=style"], "'mood' is no kind of genre"),
        (["style=style", "style=comment"], "style has two places, style and comment"),
        (["style=TXXX:ARTIST"], "meaning of its own"),
        (["style="], "is no place"),
        ([""], "is no place"),
    ],
)
def test_a_wrong_option_ends_the_run_before_any_music_is_read(
    fields: list[str], told: str, genretag: Run, library: Path
) -> None:
    options = [word for field in fields for word in ("--field", field)]
    done = genretag("scan", *options, library)
    assert done.returncode == 2
    assert f"--field: {told}" in done.stderr.replace("\n", " ") or told in done.stderr
    assert "bad-option" in done.stderr and "Traceback" not in done.stderr


def test_the_config_file_may_hold_the_places(
    ask: Callable[..., dict[str, dict]], genretag: Run, home: dict[str, str], library: Path
) -> None:
    Path(home["GENRETAG_CONFIG"]).write_text('field = ["style=grouping"]\n', "utf-8")
    assert "style=grouping" in genretag("config", "show").stdout
    ask("scan", library)
    assert held(library, "low", "grouping") == [("Low",)]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--field", "style=style"], "only foobar2000 shows style"),
        (["--for", "navidrome", "--field", "style=style"], "navidrome does not show style"),
        (["--for", "mpd", "--field", "style=comment"], "metadata_to_use"),
        (["--for", "navidrome", "--field", "style=grouping"], ""),
        (["--field", "family=genre"], ""),
    ],
)
def test_a_place_that_no_player_shows_is_warned_of_once(
    options: list[str], told: str, genretag: Run, library: Path
) -> None:
    done = genretag("scan", "-n", *options, library)
    warnings = " ".join(done.stderr.split())
    assert warnings.count("Warning:") == bool(told) and told in warnings


def test_a_list_of_info_has_no_room_and_the_file_says_so(
    ask: Callable[..., dict[str, dict]], music: Path
) -> None:
    music.mkdir()
    song = write_tone(music / "a.wav", 3.0, hz=LOW_HZ)
    data = song.read_bytes()
    info = b"LIST\x12\0\0\0INFOINAM\6\0\0\0Title\0"
    song.write_bytes(data[:4] + (len(data) + len(info) - 8).to_bytes(4, "little") + data[8:] + info)
    row = ask("scan", "--field", "style=style", music)["a"]
    reason = "its RIFF INFO tag has no room for style"
    assert (row["after"], row["notes"]) == (["Edges"], [reason])
    again = ask("scan", "--field", "style=style", music)["a"]
    assert (again["status"], again["reason"]) == ("unchanged", reason)
