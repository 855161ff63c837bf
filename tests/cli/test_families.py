"""Families of genres, from the command line: written where a model is torn between neighbours."""

import csv
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
import toy_model
from audio_files import RECIPES, encode, tone
from toy_model import GENRES, HIGH_HZ, LOW_HZ, MANIFEST, POOLING

from genretag import tags
from genretag.domain.genre import GenreVocabulary

Run = Callable[..., "subprocess.CompletedProcess[str]"]

LOW, TORN = (LOW_HZ,), (LOW_HZ, HIGH_HZ)
"""By itself the second reaches the threshold with no genre, but with Low and High together."""

EDGES = GenreVocabulary(GENRES, {"Low": "Edges", "High": "Edges"}, {"Bass": "Low"})


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    manifest = replace(MANIFEST, genres=EDGES, pooling=POOLING)
    model = toy_model.save(tmp_path / "families.onnx", manifest)
    return home | {"GENRETAG_MODEL": str(model)}


@pytest.fixture
def ask(genretag: Run) -> Callable[..., list[dict]]:
    """Return a function that runs a command and returns its objects."""

    def run(*arguments: str | Path) -> list[dict]:
        done = genretag(*arguments, "--format", "jsonl")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def song(path: Path, tones: tuple[float, ...], **named: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(path, sum(tone(3.0, hz=one) for one in tones) / len(tones), RECIPES["FLAC"])
    file = mutagen.File(path)
    file.update(named)
    file.save()
    return path


@pytest.fixture
def single(music: Path) -> Path:
    return song(music / "torn" / "a.flac", TORN)


def test_a_track_gets_its_family_and_the_next_scan_finds_nothing_to_do(
    ask: Callable[..., list[dict]], genretag: Run, music: Path, single: Path
) -> None:
    sure = song(music / "sure" / "b.flac", LOW)
    rows = {Path(row["path"]): row for row in ask("scan", music)}
    found = rows[single]
    low, high = ({one["name"]: one["score"] for one in found["genres"]}[n] for n in ("Low", "High"))
    assert (found["status"], found["after"]) == ("tagged", ["Edges"])
    assert max(low, high) < 0.6 and found["family"]["name"] == "Edges"
    assert found["family"]["score"] == pytest.approx(low + high, abs=2e-4)
    assert (rows[sure]["after"], rows[sure]["family"]) == (["Low"], None)
    assert tags.read(single).genres == ("Edges",)
    assert {row["reason"] for row in ask("scan", music)} == {"has a genre"}
    assert genretag("undo").returncode == 0 and tags.read(single).genres == ()


def test_lines_and_plans_show_the_family_with_its_score(
    ask: Callable[..., list[dict]], genretag: Run, single: Path, tmp_path: Path
) -> None:
    [row] = ask("scan", "-n", single)
    score = f"{row['family']['score']:.0%}"
    shown = genretag("scan", "-n", single).stdout
    assert "Edges" in shown and score in shown
    plan = tmp_path / "plan.jsonl"
    assert genretag("scan", single, "--plan", plan).returncode == 0
    applied = genretag("apply", plan)
    assert "Edges" in applied.stdout and score in applied.stdout
    assert tags.read(single).genres == ("Edges",)
    run = genretag("scan", "-n", "--policy", "replace", single, "--format", "csv")
    [cells] = csv.DictReader(run.stdout.splitlines())
    assert cells["family"] == f"Edges {row['family']['score']}"


def test_an_album_gets_its_family(ask: Callable[..., list[dict]], music: Path) -> None:
    for n in range(3):
        song(music / "Album" / f"{n}.flac", TORN, album="Album", artist="Tool")
    rows = ask("scan", "--threshold", "0.9", music)
    assert [(row["after"], row["source"]) for row in rows] == [(["Edges"], "album")] * 3
    assert all(row["unit"]["genres"][0]["score"] < 0.9 <= row["family"]["score"] for row in rows)


def test_what_genretag_wrote_as_a_family_is_no_persons_genre(
    ask: Callable[..., list[dict]], music: Path
) -> None:
    for n in range(2):
        song(music / "Album" / f"{n}.flac", TORN, album="Album", artist="Tool")
    assert {row["after"][0] for row in ask("scan", "--threshold", "0.9", music)} == {"Edges"}
    new = song(music / "Album" / "new.flac", TORN, album="Album", artist="Tool")
    rows = {Path(row["path"]): row for row in ask("scan", "--threshold", "0.9", music)}
    assert (rows[new]["after"], rows[new]["source"]) == (["Edges"], "album")


@pytest.mark.parametrize(
    ("text", "after", "status"),
    [
        ('rename = { Edges = "Outside" }', ["Outside"], "planned"),
        ('drop = ["edges"]', [], "unchanged"),
        ('[parents]\nEdges = "All"', ["Edges", "All"], "planned"),
        ('rename = { Bass = "Deep" }', ["Edges"], "planned"),
    ],
)
def test_a_map_may_name_families_and_other_names_of_genres(
    ask: Callable[..., list[dict]], single: Path, tmp_path: Path, text: str, after: list[str],
    status: str,
) -> None:  # fmt: skip
    path = tmp_path / "map.toml"
    path.write_text(text)
    [row] = ask("scan", "-n", single, "--map", path)
    assert (row["after"], row["status"]) == (after, status)


def test_other_names_of_a_genre_mean_it_in_tags_and_in_maps(
    ask: Callable[..., list[dict]], music: Path, tmp_path: Path
) -> None:
    song(music / "a.flac", LOW, genre="Bass")
    (tmp_path / "map.toml").write_text('rename = { Bass = "Deep" }')
    [grades] = ask("evaluate", music, "--map", tmp_path / "map.toml")
    assert grades["grades"]["accuracy"] == 1 and "Deep" in grades["grades"]["genres"]
    [row] = ask("scan", "-n", "--policy", "replace", music, "--map", tmp_path / "map.toml")
    assert row["after"] == ["Deep"]


def test_evaluate_counts_a_family_as_right_for_its_genres(
    ask: Callable[..., list[dict]], music: Path
) -> None:
    for name in ("Low", "High", "Middle"):
        song(music / name / "a.flac", TORN, genre=name)
    [found] = ask("evaluate", music)
    accepted = found["grades"]["accepted"]
    assert (accepted["files"], accepted["families"]) == (3, 3)
    assert accepted["precision"] == pytest.approx(2 / 3)
    assert found["grades"]["accuracy"] == pytest.approx(1 / 3)


def test_inspect_shows_the_family_that_decides(
    ask: Callable[..., list[dict]], genretag: Run, single: Path
) -> None:
    [row] = ask("inspect", single)
    assert row["sure"] and row["family"]["name"] == "Edges" and row["genres"][0]["score"] < 0.6
    text = " ".join(genretag("inspect", single).stdout.split())
    assert "sure: no genre reaches 0.60, but those of Edges do together" in text


def test_inspect_shows_the_family_of_an_album_and_which_tracks_are_of_it(
    ask: Callable[..., list[dict]], genretag: Run, music: Path
) -> None:
    files = [
        song(music / "Album" / f"{n}.flac", tones, album="Album", artist="Tool")
        for n, tones in enumerate((TORN, TORN, (*TORN, HIGH_HZ * 1.3)))
    ]
    [row] = ask("inspect", "--threshold", "0.9", files[0])
    assert row["family"]["name"] == "Edges" and row["sure"] and row["source"] == "album"
    text = " ".join(genretag("inspect", "--threshold", "0.9", files[0]).stdout.split())
    assert {member["genre"] for member in row["members"]} == {"Low", "High"}
    assert "+ 3 for Edges, - 0 against" in text
    assert "sure, no genre reaches 0.90, but those of Edges do together" in text
    assert "so scan writes Edges" in text


def test_a_name_of_a_family_or_an_alias_is_no_placeholder(
    ask: Callable[..., list[dict]], music: Path
) -> None:
    for name in ("Edges", "Bass", "Nothing"):
        song(music / name / "a.flac", LOW, genre=name)
    rows = ask("scan", "-n", music, "--placeholder", "Edges, Bass, Nothing")
    assert [row["after"] for row in rows] == [["Bass"], ["Edges"], ["Low"]]
