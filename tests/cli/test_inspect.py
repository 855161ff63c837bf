"""`genretag inspect`: tags, what is heard when, why, as text, data and pictures."""

import json
from pathlib import Path

import mutagen
import numpy as np
import pytest
from audio_files import garbage, write_tone
from toy_model import HIGH_HZ

from genretag.inference import store


@pytest.fixture
def song(music: Path) -> Path:
    music.mkdir()
    return write_tone(music / "a.flac", seconds=5.0, hz=HIGH_HZ)


def test_it_shows_the_tags_and_the_likeliest_genres(genretag, song) -> None:
    file = mutagen.File(song)
    file["genre"] = ["Alt", "Rock; Pop"]
    file.save()
    before = song.read_bytes()
    run = genretag("inspect", song)
    assert run.returncode == 0, run.stderr
    assert "FLAC, 0:05" in run.stdout and "GENRE  Alt" in run.stdout
    assert 'GENRE  "Rock; Pop"' in run.stdout and "Alt | Rock | Pop" in run.stdout
    assert run.stdout.index("High") < run.stdout.index("Low")
    assert "speaks for" in run.stdout and "0:00" in run.stdout
    assert song.read_bytes() == before


def test_a_set_of_genres_grows_with_its_probability(genretag, song) -> None:
    toy = genretag("inspect", "--set", "0.9", song)
    assert toy.returncode == 2 and "Leave out --set" in toy.stderr
    sets = [
        json.loads(
            genretag(
                "inspect", "--set", share, "--format", "jsonl", song, GENRETAG_MODEL=store.DEFAULT
            ).stdout
        )["set"]
        for share in ("0.5", "0.95")
    ]
    assert 1 <= len(sets[0]) < len(sets[1]) <= 14
    shown = genretag("inspect", "--set", "0.95", song, GENRETAG_MODEL=store.DEFAULT).stdout
    assert f"95% set: {', '.join(sets[1])}" in " ".join(shown.split())


def test_a_bad_file_is_named_and_the_others_are_shown(genretag, music, song) -> None:
    bad = garbage(music / "bad.mp3")
    run = genretag("inspect", bad, song)
    assert run.returncode == 1
    assert "bad.mp3" in run.stderr and "a.flac" in run.stdout
    run = genretag("inspect", "--format", "jsonl", bad, song)
    first, second = map(json.loads, run.stdout.splitlines())
    assert run.returncode == 1 and first["error"]["code"] and second["error"] is None


def test_data_says_what_scan_says(genretag, song) -> None:
    inspected = json.loads(genretag("inspect", "--format", "jsonl", song).stdout)
    scanned = json.loads(genretag("scan", "-n", "--format", "jsonl", song).stdout)
    assert inspected["genres"] == scanned["genres"] and inspected["model"] == scanned["model"]
    assert len(inspected["timeline"]) == scanned["windows"]
    parts = [part for part in inspected["effects"] if part["low_hz"] is None]
    assert len(parts) == len(inspected["effects"]) == 4


@pytest.mark.parametrize(("explain", "time", "bands"), [("none", 0, 0), ("full", 4, 16)])
def test_explain_says_how_much_is_found_out(genretag, song, explain, time, bands) -> None:
    run = genretag("inspect", "--explain", explain, "--format", "jsonl", song)
    parts = json.loads(run.stdout)["effects"]
    assert len([part for part in parts if part["low_hz"] is None]) == time
    assert len([part for part in parts if part["low_hz"] is not None]) == bands


def test_embeddings_are_saved_with_their_places(genretag, music, song, tmp_path) -> None:
    other = write_tone(music / "b.wav", seconds=3.0)
    file = tmp_path / "e.npz"
    run = genretag("inspect", "--embeddings", file, song, other)
    assert run.returncode == 0, run.stderr
    with np.load(file) as saved:
        assert saved["embeddings"].shape == (3, 48)
        assert list(saved["paths"]) == [str(song), str(song), str(other)]
        assert (saved["length_s"] > 1.9).all() and (saved["start_s"] >= 0).all()


@pytest.mark.parametrize("name", ["a.png", "a.SVG"])
def test_a_picture_is_drawn(genretag, song, tmp_path, name) -> None:
    run = genretag("inspect", "--plot", tmp_path / name, song)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / name).stat().st_size > 10_000


def test_wrong_wishes_are_refused_before_anything_is_heard(genretag, song, tmp_path) -> None:
    for wish, hint in (
        (("--plot", tmp_path / "a.gif", song), ".png or .svg"),
        (("--plot", tmp_path / "a.png", song, song), "one file at a time"),
        (("--explain", "all", song), "none"),
    ):
        run = genretag("inspect", *wish)
        assert run.returncode == 2 and hint in " ".join(run.stderr.split()), run.stderr
        assert not run.stdout
    nowhere = genretag("inspect", "--plot", tmp_path / "no" / "a.png", song)
    assert nowhere.returncode == 3 and "output-failed" in nowhere.stderr
    assert list(tmp_path.glob("a.*")) == []


def test_nothing_takes_the_place_of_music(genretag, song) -> None:
    before = song.read_bytes()
    for command in (
        ("inspect", song, "-o", song),
        ("inspect", song, "--embeddings", song),
        ("evaluate", song, "-o", song),
        ("scan", "-n", song, "-o", song),
        ("scan", "--plan", song, song),
        ("report", song, "-o", song),
    ):
        run = genretag(*command)
        assert run.returncode == 2 and "bad-option" in run.stderr, command
        assert song.read_bytes() == before


def test_the_verdict_is_what_scan_would_do(genretag, song, home) -> None:
    Path(home["GENRETAG_CONFIG"]).write_text("threshold = 0.99\n")
    shown = genretag("inspect", song)
    assert "below 0.99" in " ".join(shown.stdout.split())
    assert json.loads(genretag("inspect", "--format", "jsonl", song).stdout)["sure"] is False
    sure = genretag("inspect", "--threshold", "0.1", song)
    assert "sure: the best score reaches 0.10" in " ".join(sure.stdout.split())


@pytest.mark.parametrize("columns", ["12", "20", "26", "40"])
def test_a_narrow_terminal_is_wide_enough(genretag, song, columns) -> None:
    run = genretag("inspect", "--explain", "full", song, COLUMNS=columns)
    assert run.returncode == 0, run.stderr


def test_without_matplotlib_it_says_what_to_install(genretag, song, tmp_path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError")
    run = genretag("inspect", "--plot", tmp_path / "a.png", song, PYTHONPATH=str(tmp_path))
    assert run.returncode == 4 and "install" in run.stderr and "[plot]" in run.stderr
    assert genretag("inspect", song, PYTHONPATH=str(tmp_path)).returncode == 0


def test_names_from_files_stay_text(genretag, song) -> None:
    file = mutagen.File(song)
    file["genre"] = "\x1b[31m[bold]Rock[/]"
    file.save()
    run = genretag("inspect", song)
    assert "\\x1b[31m[bold]Rock[/]" in run.stdout and "\x1b" not in run.stdout


def test_a_folder_is_refused_with_what_to_do(genretag, tmp_path) -> None:
    folder = tmp_path / "my music"
    folder.mkdir()
    run = genretag("inspect", folder)
    assert run.returncode == 2 and not run.stdout
    assert f"{folder}: this is a folder" in run.stderr
    assert f"genretag scan -n '{folder}'" in run.stderr
