"""The names that files get, from the command line: spelling, narrow and broad, parents, lists."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_model
from audio_files import write_tone
from toy_model import HIGH_HZ, LOW_HZ, MANIFEST, MIDDLE_HZ, POOLING

from genretag import tags
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import BaseModel
from genretag.inference.learned import save_learned

Ask = Callable[..., dict[Path, dict]]
ROCK, HIP_HOP, COUNTRY = LOW_HZ, MIDDLE_HZ, HIGH_HZ


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    genres = GenreVocabulary(("Rock", "Hip-Hop", "Country"))
    model = toy_model.save(
        tmp_path / "real.onnx", replace(MANIFEST, genres=genres, pooling=POOLING)
    )
    return home | {"GENRETAG_MODEL": str(model)}


@pytest.fixture
def ask(genretag) -> Ask:
    """Return a function that runs a command and returns its objects by their paths."""

    def run(*arguments: str | Path) -> dict[Path, dict]:
        done = genretag(*arguments, "--format", "jsonl")
        assert done.returncode == 0, done.stderr
        return {Path(row["path"]): row for row in map(json.loads, done.stdout.splitlines())}

    return run


def song(path: Path, hz: float, *genres: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tone(path, 3.0, hz=hz)
    if genres:
        tags.write(path, genres)
    return path


def test_the_librarys_spelling_wins_wherever_it_stands(ask: Ask, music: Path) -> None:
    first = song(music / "a" / "1.flac", HIP_HOP)
    song(music / "b" / "1.flac", HIP_HOP, "hip hop", "Jazz/Rock")
    for n in range(2):
        song(music / "z" / f"{n}.mp3", HIP_HOP, "Hip Hop")
    rock = song(music / "c" / "1.flac", ROCK)
    expected = {first: ["Hip Hop"], rock: ["Rock"]}

    def written(*options: str) -> dict[Path, list[str]]:
        rows = ask("scan", "-n", music, *options)
        return {path: rows[path]["after"] for path in expected}

    for options in ((), ("--no-cache",), (), ("--from", "heard"), ("--by", "track")):
        assert written(*options) == expected
    [alone] = ask("scan", "-n", first).values()
    assert alone["after"] == ["Hip-Hop"]


def test_what_genretag_wrote_is_no_spelling_of_the_library(
    ask: Ask, music: Path, tmp_path: Path
) -> None:
    names = tmp_path / "map.toml"
    names.write_text('rename = { Hip-Hop = "HIPHOP" }')
    song(music / "a" / "1.flac", HIP_HOP)
    ask("scan", music, "--map", names)
    new = song(music / "b" / "1.flac", HIP_HOP)
    assert ask("scan", "-n", music)[new]["after"] == ["Hip-Hop"]


def test_a_learned_model_keeps_its_names_where_the_library_has_none(
    ask: Ask, home: dict[str, str], music: Path, tmp_path: Path
) -> None:
    base = Path(home["GENRETAG_MODEL"])
    digest = hashlib.sha256(base.read_bytes()).hexdigest()
    manifest = replace(
        MANIFEST,
        genres=GenreVocabulary(("Rap", "Country Music")),
        base=BaseModel(str(base), digest),
    )
    weight = 20 * np.repeat(np.eye(3)[[1, 2, 0]], 16, axis=1)
    own = tmp_path / "own.safetensors"
    save_learned(own, manifest, weight, np.zeros(3))
    first = song(music / "1.flac", HIP_HOP)
    second = song(music / "2.flac", COUNTRY)
    song(music / "3.flac", ROCK, "country")
    rows = ask("scan", "-n", "--by", "track", music, "--model", own)
    assert (rows[first]["after"], rows[second]["after"]) == (["Rap"], ["country"])


def test_inspect_and_report_spell_as_scan_does(genretag, music: Path) -> None:
    path = song(music / "1.flac", HIP_HOP, "Hip Hop")
    song(music / "2.flac", HIP_HOP)
    shown = " ".join(genretag("inspect", path).stdout.split())
    assert "would write Hip Hop if it had no genre" in shown
    page = music.parent / "page.html"
    assert genretag("report", music, "-o", page).returncode == 0
    assert "Hip Hop" in page.read_text("utf-8") and '"Hip-Hop",1' not in page.read_text("utf-8")


def test_a_narrow_genre_stays_unless_a_person_wants_broad_ones(ask: Ask, music: Path) -> None:
    path = song(music / "1.flac", COUNTRY, "Alt-Country")

    def scan(*options: str) -> tuple[list[str], str | None]:
        [row] = ask("scan", "-n", music, *options).values()
        return row["after"], row["reason"]

    for policy in ("replace", "add"):
        assert scan("--policy", policy) == (["Alt-Country"], "has a narrower genre")
    assert scan("--policy", "replace", "--broad")[0] == ["Country"]
    assert scan("--policy", "add", "--broad")[0] == ["Alt-Country", "Country"]
    assert tags.read(path).genres == ("Alt-Country",)


def test_families_are_added_as_further_genres(ask: Ask, genretag, music: Path) -> None:
    for n in range(3):
        song(music / "Album" / f"{n}.flac", ROCK, *["Shoegaze"][: n < 2])
    song(music / "other.flac", COUNTRY, "ROCK")
    new = music / "Album" / "2.flac"
    assert ask("scan", music, "--parents")[new]["after"] == ["Shoegaze", "ROCK"]
    assert tags.read(new).genres == ("Shoegaze", "ROCK")
    assert genretag("undo").returncode == 0 and tags.read(new).genres == ()


def test_a_narrow_name_goes_to_an_album_only_if_half_of_it_has_the_name(
    ask: Ask, music: Path
) -> None:
    few = [song(music / "A" / f"{n}.flac", ROCK, *["Shoegaze"][: n < 1]) for n in range(4)]
    half = [song(music / "B" / f"{n}.flac", ROCK, *["Shoegaze"][: n < 2]) for n in range(4)]
    known = [song(music / "C" / f"{n}.flac", COUNTRY, *["ROCK"][: n < 3]) for n in range(4)]
    rows = ask("scan", "-n", music)
    assert (rows[few[3]]["after"], rows[few[3]]["source"]) == (["ROCK"], "library")
    assert (rows[half[3]]["after"], rows[half[3]]["source"]) == (["Shoegaze"], "library")
    assert (rows[known[3]]["after"], rows[known[3]]["source"]) == (["ROCK"], "library")


def test_only_listed_genres_are_written(ask: Ask, music: Path, tmp_path: Path) -> None:
    paths = [song(music / f"{hz}" / "1.flac", hz) for hz in (ROCK, HIP_HOP, COUNTRY)]

    def scan(*options: str | Path) -> list[list[str]]:
        rows = ask("scan", "-n", music, *options)
        return [rows[path]["after"] for path in paths]

    assert scan("--only", "hiphop, Country") == [[], ["hiphop"], ["Country"]]
    assert scan("--only", ",".join(["Rock"] * 999))[0] == ["Rock"]
    listed = tmp_path / "genres.txt"
    listed.write_text("# mine\nROCK\n\nHip hop\n", "utf-8")
    assert scan("--only", listed) == [["ROCK"], ["Hip hop"], []]
    (row,) = ask("scan", "-n", paths[2], "--only", listed).values()
    assert row["status"] == "unchanged"
    assert row["reason"] == "the whitelist allows nothing for Country"
    (tmp_path / "config.toml").write_text(f'only = "{listed}"\nparents = true\nbroad = true\n')
    assert scan() == [["ROCK"], ["Hip hop"], []]


def test_names_given_to_an_album_fall_back_to_the_nearest_that_is_listed(
    ask: Ask, music: Path
) -> None:
    paths = [song(music / "A" / f"{n}.flac", ROCK, *["Shoegaze"][: n < 3]) for n in range(4)]
    assert ask("scan", "-n", music, "--only", "Rock,Jazz")[paths[3]]["after"] == ["Rock"]
    assert ask("scan", "-n", music, "--only", "Jazz")[paths[3]]["after"] == []


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("Rok Music,Jazz", "did you mean Rock Music?"),
        ("Xyzzy", "there is no genre 'Xyzzy', nor such a file"),
        ("Rock,Xyzzy", "there is no genre 'Xyzzy'"),
        ("Hip-Hop/Rap", "several genres"),
        (" , ", "names no genre"),
    ],
)
def test_a_list_with_a_mistake_is_refused(genretag, music: Path, names: str, says: str) -> None:
    song(music / "1.flac", ROCK)
    run = genretag("scan", "-n", music, "--only", names)
    assert run.returncode == 2 and "bad-option" in run.stderr
    assert says in " ".join(run.stderr.split())


def test_a_map_extends_the_taxonomy(ask: Ask, music: Path, tmp_path: Path) -> None:
    names = tmp_path / "map.toml"
    names.write_text('[parents]\nShoegaze = "Country"\n[aliases]\nBoomings = "Hip-Hop"\n')
    gaze = song(music / "1" / "1.flac", COUNTRY, "Shoegaze")
    beats = song(music / "2" / "1.flac", HIP_HOP, "Boomings")
    rows = ask("scan", "-n", "--policy", "replace", music, "--map", names)
    assert (rows[gaze]["after"], rows[beats]["after"]) == (["Shoegaze", "Country"], ["Hip-Hop"])
    rows = ask("scan", "-n", "--policy", "replace", music)
    assert (rows[gaze]["after"], rows[beats]["after"]) == (["Country"], ["Hip-Hop"])
    assert ask("scan", "-n", "--policy", "add", beats, "--map", names)[beats]["after"] == [
        "Boomings"
    ]


NARROW: dict[float, Sequence[str]] = {
    ROCK: ("Shoegaze", "Death Metal", "Punk", "Heavy Metal Music"),
    HIP_HOP: ("Rap", "hip hop", "Hip-Hop"),
    COUNTRY: ("Alt-Country", "Alternative Country", "country"),
}


def test_evaluate_maps_names_by_the_taxonomy_unless_told_otherwise(genretag, music: Path) -> None:
    for hz, names in NARROW.items():
        for name in names:
            song(music / f"{name}.flac", hz, name)
    song(music / "unknown.flac", ROCK, "Zeuhlish Rock")
    song(music / "jazz.flac", ROCK, "Hard Bop")

    def evaluate(*options: str) -> dict:
        run = genretag("evaluate", music, "--by", "track", "--format", "jsonl", *options)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    found = evaluate()
    assert (found["files"]["judged"], found["grades"]["accuracy"]) == (10, 1.0)
    unknown = {one["name"]: one["genre"] for one in found["unknown_names"]}
    assert unknown == {"Zeuhlish Rock": "Rock", "Hard Bop": None}
    assert evaluate("--broad")["files"]["judged"] == 3
