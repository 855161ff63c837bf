"""A library is decided by album, and from what it already says."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
import toy_model
from audio_files import RECIPES, encode, tone
from toy_model import HIGH_HZ, LOW_HZ, MANIFEST, MIDDLE_HZ, POOLING

KINDS = ("FLAC", "MP3", "Ogg Vorbis", "MP4")


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Return an environment with a toy model that can decide several tracks together."""
    model = toy_model.save(tmp_path / "pooling.onnx", replace(MANIFEST, pooling=POOLING))
    return home | {"GENRETAG_MODEL": str(model)}


def song(path: Path, hz: float | Iterable[float], kind: str = "FLAC", **tags: str) -> Path:
    """Make a file in which so many tones sound, with tags as mutagen writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tones = [hz] if isinstance(hz, float) else list(hz)
    sound = sum(tone(3.0, hz=one) for one in tones) / len(tones)
    file = encode(path.with_suffix(f".{RECIPES[kind].suffix}"), sound, RECIPES[kind])
    opened = mutagen.File(file, easy=True)
    if opened.tags is None:
        opened.add_tags()
    opened.update(tags)
    opened.save()
    return file


def album(
    folder: Path, *hz: float | Iterable[float], kind: str = "FLAC", **tags: str
) -> list[Path]:
    named = {"album": folder.name, "artist": folder.parent.name} | tags
    return [song(folder / f"{n:02d}", one, kind, **named) for n, one in enumerate(hz, start=1)]


def outcomes(run: "subprocess.CompletedProcess[str]") -> dict[Path, dict]:
    assert run.returncode == 0, run.stderr
    return {Path(row["path"]): row for row in map(json.loads, run.stdout.splitlines())}


LOW, MIDDLE, HIGH = (LOW_HZ,), (MIDDLE_HZ,), (HIGH_HZ,)
MIXED = (LOW_HZ, HIGH_HZ)
"""A little more Low than High: by itself no genre reaches the threshold."""


def build_library(music: Path) -> Mapping[str, list[Path]]:
    """Make a library as people have it; return the files of each of its albums by tags."""
    albums = {
        f"{kind}": album(music / "Tool" / kind, LOW, LOW, MIXED, LOW, kind=kind) for kind in KINDS
    }
    albums["discs"] = [
        *album(music / "Yes" / "Long" / "CD1", HIGH, HIGH, album="Long", artist="Yes"),
        *album(music / "Yes" / "Long" / "CD2", HIGH, MIXED, album="Long", artist="Yes"),
    ]
    albums["guests"] = [
        *album(music / "Guests", MIDDLE, MIDDLE, artist="Abba", album="Guests"),
        song(music / "Guests" / "03", MIDDLE, artist="Abba feat. Cher", album="Guests"),
    ]
    albums["mixed"] = album(music / "Zappa" / "Mixed", LOW, HIGH, MIDDLE, MIXED)
    albums["one of them fails"] = album(music / "Torn" / "Half", LOW, LOW, LOW)
    (music / "Torn" / "Half" / "99.flac").write_bytes(b"fLaC rubbish")
    for number, (artist, hz) in enumerate({"A": LOW, "B": MIXED, "C": HIGH}.items()):
        song(
            music / "Various" / f"{number}", hz, artist=artist, album="Hits", albumartist="Various"
        )
    song(music / "loose", MIXED)
    song(music / "Single" / "1", LOW, artist="Solo", album="Single")
    return albums


def test_every_album_of_a_realistic_library_is_whole_or_untouched(genretag, music) -> None:
    albums = build_library(music)
    run = genretag("scan", music, "--format", "jsonl")
    assert run.returncode == 1, run.stderr
    rows = {Path(row["path"]): row for row in map(json.loads, run.stdout.splitlines())}
    written = {
        name: {tuple(mutagen.File(path, easy=True).get("genre", ())) for path in paths}
        for name, paths in albums.items()
    }
    assert written == {
        **{kind: {("Low",)} for kind in KINDS},
        "discs": {("High",)},
        "guests": {("Middle",)},
        "mixed": {()},
        "one of them fails": {("Low",)},
    }
    for name, paths in albums.items():
        units = {json.dumps(rows[path]["unit"]) for path in paths}
        (unit,) = map(json.loads, units)
        assert (unit["kind"], unit["tracks"]) == ("album", len(paths)), name
        assert {rows[path]["source"] for path in paths} == {"album"}
    various = [rows[music / "Various" / f"{n}.flac"] for n in range(3)]
    assert [row["after"] for row in various] == [["Low"], [], ["High"]]
    assert {(row["unit"], row["source"]) for row in various} == {(None, "heard")}


def test_by_track_an_album_is_half_done(genretag, music) -> None:
    paths = album(music / "Tool" / "Album", LOW, LOW, MIXED)
    rows = outcomes(genretag("scan", "-n", "--by", "track", music, "--format", "jsonl"))
    assert [rows[path]["after"] for path in paths] == [["Low"], ["Low"], []]
    assert {row["unit"] for row in rows.values()} == {None}


def test_by_artist_the_songs_of_all_folders_count(genretag, music) -> None:
    paths = [
        *album(music / "one", LOW, artist="Björk"),
        *album(music / "two", LOW, artist="BJORK feat. Nobody"),
        *album(music / "three", MIXED, artist="björk"),
    ]
    rows = outcomes(genretag("scan", "--by", "artist", music, "--format", "jsonl"))
    assert [rows[path]["after"] for path in paths] == [["Low"]] * 3
    assert list(rows) == sorted(rows, key=lambda path: path.parent.name)
    assert {(row["unit"]["kind"], row["unit"]["tracks"]) for row in rows.values()} == {
        ("artist", 3)
    }


def test_genres_that_a_person_gave_go_to_the_rest_of_the_album(genretag, music) -> None:
    paths = album(music / "Tool" / "Album", LOW, LOW, MIXED, LOW)
    for path in paths[:3]:
        opened = mutagen.File(path, easy=True)
        opened["genre"] = "Shoegaze"
        opened.save()
    rows = outcomes(genretag("scan", music, "--format", "jsonl"))
    last = rows[paths[3]]
    assert (last["after"], last["source"]) == (["Shoegaze"], "library")
    assert last["own"][0]["name"] == "Low" and last["genres"][0]["name"] == "Shoegaze"
    assert genretag("undo").returncode == 0
    rows = outcomes(genretag("scan", "--from", "heard", music, "--format", "jsonl"))
    assert (rows[paths[3]]["after"], rows[paths[3]]["source"]) == (["Low"], "heard")


def test_what_genretag_wrote_does_not_count_and_a_new_track_gets_what_the_album_has(
    genretag, music
) -> None:
    album(music / "Tool" / "Album", LOW, LOW, LOW)
    outcomes(genretag("scan", music, "--format", "jsonl"))
    new = song(music / "Tool" / "Album" / "04", MIXED, artist="Tool", album="Album")
    rows = outcomes(genretag("scan", music, "--format", "jsonl"))
    assert (rows[new]["after"], rows[new]["source"]) == (["Low"], "album")
    assert rows[new]["unit"]["tracks"] == 4


def test_a_run_that_was_broken_off_goes_on_to_the_same_genres(genretag, music) -> None:
    paths = album(music / "Tool" / "Album", LOW, MIXED, LOW, MIXED, LOW)
    plan = music.parent / "plan.jsonl"
    assert genretag("scan", music, "--plan", plan).returncode == 0
    first, *lines, last = plan.read_text().splitlines()
    plan.write_text("\n".join([first, *lines[:2], last]) + "\n")
    assert genretag("apply", plan, "-y").returncode == 0
    rows = outcomes(genretag("scan", music, "--format", "jsonl"))
    assert [rows[path]["after"] for path in paths] == [["Low"]] * 5
    assert [rows[path]["source"] for path in paths[2:]] == ["album"] * 3


@pytest.mark.parametrize("options", [("--batch-size", "3"), ("-j", "1"), ("--no-cache",)])
def test_however_files_are_analysed_they_are_decided_alike(genretag, music, options) -> None:
    build_library(music)
    plain = genretag("scan", "-n", music, "--format", "jsonl").stdout
    assert genretag("scan", "-n", music, "--format", "jsonl", *options).stdout == plain
    assert genretag("scan", "-n", music, "--format", "jsonl").stdout == plain


def test_other_units_open_no_file_again(genretag, music) -> None:
    paths = album(music / "Tool" / "Album", LOW, LOW, MIXED)
    assert genretag("scan", "-n", music).returncode == 0
    for path in paths:
        path.chmod(0)
    for by in ("album", "artist", "track"):
        rows = outcomes(genretag("scan", "-n", "--by", by, music, "--format", "jsonl"))
        assert {row["status"] for row in rows.values()} <= {"planned", "unsure"}


def test_evaluate_measures_what_scan_decides(genretag, music) -> None:
    paths = album(music / "Tool" / "Album", LOW, LOW, LOW, MIXED, (MIDDLE_HZ, LOW_HZ))
    for path in paths:
        opened = mutagen.File(path, easy=True)
        opened["genre"] = "Low"
        opened.save()

    def accuracy(*options: str) -> float:
        run = genretag("evaluate", music, "--format", "json", *options)
        assert run.returncode == 0, run.stderr
        return float(json.loads(run.stdout)["grades"]["accuracy"])

    assert accuracy("--by", "track") == 0.8
    assert accuracy() == accuracy("--by", "artist") == 1.0


def test_the_config_file_can_say_by_what(genretag, music, tmp_path) -> None:
    (path, *_) = album(music / "Tool" / "Album", LOW, LOW, MIXED)
    (tmp_path / "config.toml").write_text('by = "track"\n')
    assert outcomes(genretag("scan", "-n", music, "--format", "jsonl"))[path]["unit"] is None
    run = genretag("scan", "-n", music, "--by", "genre")
    assert run.returncode == 2 and "--by" in run.stderr
