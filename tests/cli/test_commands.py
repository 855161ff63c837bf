import json
from dataclasses import replace

import pytest
import toy_model

from genretag.domain.genre import GenreVocabulary


def test_the_help_of_scan_groups_its_options_and_gives_examples(genretag) -> None:
    shown = genretag("scan", "--help").stdout
    for words in (
        "Which files",
        "What is written",
        "How files are analysed",
        "What is shown",
        "Examples",
    ):
        assert words in shown


def test_models_lists_the_bundled_one_and_gives_its_manifest(genretag) -> None:
    listed = genretag("models", "list")
    assert "genretag-musicnn (default)" in listed.stdout
    run = genretag("models", "show", "genretag-musicnn", "--format", "json")
    shown = json.loads(run.stdout)
    assert shown["identity"].startswith(f"{shown['name']}@{shown['sha256'][:12]}")
    assert len(shown["genres"]) >= 10 and shown["licence"] == "MIT AND ISC"


@pytest.mark.parametrize("columns", ["40", "80"])
def test_the_card_of_a_model_fits_the_width_and_breaks_no_digest(genretag, columns) -> None:
    shown = genretag("models", "show", "genretag-musicnn", COLUMNS=columns).stdout
    model = json.loads(genretag("models", "show", "genretag-musicnn", "--format", "json").stdout)
    words = (model["description"], model["licence"], model["training"]["data"], *model["genres"])
    calibration = model["calibration"]
    limits = [f"{each['threshold']:.2f}" for each in (calibration, calibration["pooling"])]
    for text in (*words, *limits, "chosen so that", "macro-F1"):
        assert "".join(text.split()) in "".join(shown.split())
    lines = shown.splitlines()
    assert any(model["sha256"] in line for line in lines)
    long = [line for line in lines if len(line) > int(columns)]
    assert all(model["sha256"] in line or ".onnx" in line for line in long)


def test_a_card_shows_what_a_model_of_unknown_making_says(genretag, tmp_path) -> None:
    odd = replace(
        toy_model.MANIFEST,
        description="Low [bold]or\x1b[31m high",
        training={"data": 5, "settings": {"target_precision": "much"}},
        scores={"mine": {"accuracy": 0.5, "accuracy_95": "no"}, "nothing": None},
    )
    run = genretag("models", "show", toy_model.save(tmp_path / "odd.onnx", odd))
    assert run.returncode == 0, run.stderr
    assert "\x1b" not in run.stdout and "Low [bold]or" in run.stdout
    assert "mine: 50% right" in run.stdout and "trained on" not in run.stdout


@pytest.mark.parametrize("aliases", [{}, {"Bass": "Low", "Treble": "High"}])
def test_a_card_shows_families_and_aliases_where_a_model_has_them(
    genretag, tmp_path, aliases
) -> None:
    genres = GenreVocabulary(toy_model.GENRES, {"Low": "Edges", "High": "Edges"}, aliases)
    model = toy_model.save(tmp_path / "m.onnx", replace(toy_model.MANIFEST, genres=genres))
    shown = " ".join(genretag("models", "show", model).stdout.split())
    assert "families Edges (High, Low)" in shown
    assert ("aliases Bass for Low, Treble for High" in shown) == bool(aliases)
    plain = genretag("models", "show", toy_model.save(tmp_path / "plain.onnx")).stdout
    assert "families  " not in plain and "aliases  " not in plain


@pytest.mark.parametrize("columns", ["40", "80"])
def test_cache_stats_show_the_folder_whole_and_its_path_unbroken(
    genretag, tmp_path, columns
) -> None:
    cache = tmp_path / ("a folder with a name that is longer than a narrow terminal " * 2)
    model = cache / "hub" / "models--someone--genres" / "blobs" / "0"
    model.parent.mkdir(parents=True)
    model.write_bytes(bytes(3_200_000))
    snapshot = cache / "hub" / "models--someone--genres" / "snapshots" / "1" / "model.onnx"
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(model)
    (cache / "heard.sqlite3.broken").write_bytes(bytes(1_100_000))
    place = {"GENRETAG_CACHE_DIR": str(cache), "COLUMNS": columns}
    lines = genretag("cache", "stats", **place).stdout.splitlines()
    assert any(line.rstrip().endswith(str(cache).rstrip()) for line in lines)
    for end in ("4.3 MB  in all", "3.2 MB  hf:someone/genres", "1.1 MB  heard.sqlite3.broken"):
        assert any(line.endswith(end) for line in lines), lines
    assert all(len(line) <= int(columns) for line in lines if "a folder" not in line)


@pytest.mark.parametrize("command", [("models", "list"), ("doctor",)])
def test_other_screens_fit_a_narrow_terminal(genretag, home, command) -> None:
    lines = genretag(*command, COLUMNS="40").stdout.splitlines()
    places = (home["GENRETAG_CONFIG"], home["GENRETAG_CACHE_DIR"], home["GENRETAG_DATA_DIR"])
    assert lines and all(len(line) <= 40 or line.strip() in places for line in lines)


def test_doctor_finds_all_well(genretag) -> None:
    run = genretag("doctor")
    assert run.returncode == 0, run.stdout
    for words in ("decoders", "devices", "cpu", "model", "genretag-musicnn@"):
        assert words in run.stdout


def test_of_several_options_that_may_be_meant_the_likeliest_comes_first(genretag) -> None:
    assert "did you mean --threshold or" in genretag("scan", "--treshold", "0.7", ".").stderr


def test_the_version_is_shown(genretag) -> None:
    assert genretag("--version").stdout.startswith("genretag 0.")
