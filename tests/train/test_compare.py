"""Comparisons: every run is done once, over the same clips, and a difference is not overstated."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import done, refused
from toy_music import table

from genretag.errors import Code, RunError
from genretag_train.config import read_settings
from genretag_train.evaluation.clips import select_clips
from genretag_train.evaluation.models import load_model
from genretag_train.evaluation.predictions import read_predictions
from genretag_train.sweep import compare, paired

BASE = """
window_s = 1.0
hidden = 4
rnn_hidden = 4
epochs = 2
threads = 1
mask_s = 0.1
mask_mels = 8
min_accepted = 1
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("base") / "base.toml"
    file.write_text(BASE)
    return file


@pytest.fixture(scope="module")
def recipe(base: Path) -> Path:
    file = base.with_name("shallow.toml")
    file.write_text('arch = "cnn1d_gru"\nhidden = 8\n')
    return file


@pytest.fixture(scope="module")
def compared(
    toy_library: Path, features: Path, base: Path, recipe: Path, tmp_path_factory
) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("compare") / "out"
    shown = done(
        *("compare", "cnn1d_gru", recipe, "--data", toy_library, "--config", base),
        *("--seeds", "1,2", "--out", out, "--cache", features),
    )
    return out, shown


def test_published_and_measured_scores_stand_side_by_side(compared: tuple[Path, str]) -> None:
    out, shown = compared
    told = json.loads((out / "compare.json").read_text())
    assert [row["recipe"] for row in told["rows"]] == ["cnn1d_gru", "shallow"]
    assert "69.10" in shown and "shallow" in shown and "test clips" in shown
    assert told["rows"][1]["published"] is None and told["seeds"] == [1, 2]


def test_a_score_is_the_mean_of_what_the_runs_of_all_seeds_measured(
    compared: tuple[Path, str],
) -> None:
    out, _ = compared
    for row in json.loads((out / "compare.json").read_text())["rows"]:
        runs = [
            json.loads((out / f"{row['recipe']}-{seed}" / "metrics.json").read_text())
            for seed in (1, 2)
        ]
        assert row["accuracy"] == pytest.approx(np.mean([run["test"]["accuracy"] for run in runs]))
        assert row["f1_macro"] == pytest.approx(np.mean([run["test"]["f1_macro"] for run in runs]))


def test_a_recipe_beats_the_settings_that_all_share(compared: tuple[Path, str]) -> None:
    out, _ = compared
    for name, hidden in (("cnn1d_gru", 4), ("shallow", 8)):
        assert f"hidden = {hidden}\n" in (out / f"{name}-2" / "config.toml").read_text()


def test_what_is_done_is_not_done_again(
    compared: tuple[Path, str], toy_library: Path, base: Path, recipe: Path, features: Path
) -> None:
    out, shown = compared
    models = {path: path.stat().st_mtime_ns for path in out.glob("*/model.onnx")}
    again = done(
        *("compare", "cnn1d_gru", recipe, "--data", toy_library, "--config", base),
        *("--seeds", "1,2", "--out", out, "--cache", features),
    )
    assert again == shown and len(models) == 4
    assert models == {path: path.stat().st_mtime_ns for path in out.glob("*/model.onnx")}


def test_the_test_side_is_judged_once_and_then_read(
    compared: tuple[Path, str], toy_library: Path, base: Path, features: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(compared[0], out)
    (out / "compare.json").unlink()
    for seed in (1, 2):
        file = out / f"cnn1d_gru-{seed}" / "predictions.csv"
        with file.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        table(file, [{**row, "predicted": row["genre"]} for row in rows])
    command = ("compare", "cnn1d_gru", "--data", toy_library, "--config", base, "--seeds", "1,2",
               "--out", out, "--cache", features)  # fmt: skip
    done(*command)
    [row] = json.loads((out / "compare.json").read_text())["rows"]
    assert row["accuracy"] == 1.0
    (out / "cnn1d_gru-1" / "predictions.csv").write_text("file,group\na,b\n")
    (out / "compare.json").unlink()
    error = refused(*command)
    assert error.code is Code.BAD_DATASET and "predictions.csv" in error.message


def test_runs_over_other_data_do_not_pass_for_what_is_done(
    compared: tuple[Path, str], toy_library: Path, base: Path, tmp_path: Path
) -> None:
    shutil.copytree(toy_library, tmp_path / "music")
    error = refused(
        *("compare", "cnn1d_gru", "--data", tmp_path / "music", "--config", base),
        *("--out", compared[0]),
    )
    assert "other data" in error.message and str(toy_library) in error.message


def test_other_settings_do_not_pass_for_what_is_done(
    compared: tuple[Path, str], toy_library: Path, base: Path, tmp_path: Path
) -> None:
    other = tmp_path / "cnn1d_gru.toml"
    other.write_text('arch = "cnn1d_gru"\nhidden = 8\n')
    error = refused("compare", other, "--data", toy_library, "--config", base, "--out", compared[0])
    assert "other settings" in error.message and "cnn1d_gru-1" in error.message


def test_recipes_that_learn_other_genres_are_not_compared(
    compared: tuple[Path, str], toy_library: Path, base: Path, features: Path, tmp_path: Path
) -> None:
    fewer = tmp_path / "fewer.toml"
    fewer.write_text('arch = "cnn1d_gru"\ngenres = "Hum, Whistle"\n')
    error = refused(
        *("compare", "cnn1d_gru", fewer, "--data", toy_library, "--config", base),
        *("--out", compared[0], "--cache", features),
    )
    assert "'genres'" in error.message


def test_clips_that_are_not_the_same_are_not_paired(
    toy_library: Path, base: Path, tmp_path: Path
) -> None:
    """One of the clips became unreadable after the first run."""
    music, out = tmp_path / "music", tmp_path / "out"
    shutil.copytree(toy_library, music)
    compared = ("compare", "cnn1d_gru", "--data", music, "--config", base, "--out", out)
    done(*compared, "--seeds", "1")
    selected = select_clips(load_model(str(out / "cnn1d_gru-1")), music, "test")
    selected.clips[0].path.write_bytes(b"rubbish")
    error = refused(*compared, "--seeds", "1,2")
    assert "cnn1d_gru-1" in error.message and "cnn1d_gru-2" in error.message
    assert "clips" in error.message and "--out" in error.hint
    brief = tmp_path / "brief.toml"
    brief.write_text('arch = "cnn1d_lstm"\nmin_s = 1.2\n')
    assert "'min_s'" in refused(*compared, brief).message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("cnn9d",), "cnn1d_gru"), (("cnn1d_gru", "--seeds", "one"), "--seeds")],
)
def test_what_cannot_be_compared_is_named(
    arguments: tuple[str, ...], words: str, toy_library: Path, tmp_path: Path
) -> None:
    error = refused("compare", *arguments, "--data", toy_library, "--out", tmp_path / "out")
    assert words in f"{error.message} {error.hint}"


def contestant(name: str, right: int, of: int = 60) -> paired.RecipeResult:
    truth = np.zeros(of, np.int64)
    predicted = (np.arange(of) >= right).astype(np.int64)
    clips = tuple(map(str, range(of)))
    return paired.RecipeResult(name, clips, (predicted,), truth, clips, 0.5, 1.0)


def difference(first: paired.RecipeResult, second: paired.RecipeResult) -> dict[str, Any]:
    _, (pair,) = paired.score_recipes([first, second])
    return pair


def test_a_large_difference_is_sure_and_a_small_one_is_not() -> None:
    large = difference(contestant("a", 50), contestant("b", 20))
    assert large["accuracy"] == pytest.approx(0.5) and large["accuracy_95"][0] > 0
    small = difference(contestant("a", 40), contestant("b", 39))
    low, high = small["accuracy_95"]
    assert low <= 0 <= high


def test_a_paired_bootstrap_knows_that_both_judged_the_same_clips() -> None:
    low, high = difference(contestant("a", 30), contestant("b", 30))["accuracy_95"]
    assert low == high == 0


def test_rare_and_frequent_genres_have_recalls_of_their_own() -> None:
    # Three genres of 8, 3 and 1 clips: the rarer half is the third alone.
    truth = np.repeat([2, 0, 1], [8, 3, 1]).astype(np.int64)
    predicted = truth.copy()
    predicted[:4] = 1
    scores = paired.make_scores(truth)
    assert scores["recall_rare"](predicted, truth) == 1.0
    assert scores["recall_frequent"](predicted, truth) == pytest.approx((0.5 + 1.0) / 2)
    # A sample may hold no clip of them.
    assert scores["recall_rare"](predicted[:11], truth[:11]) == 0.0


def test_every_pair_is_compared_once_and_by_the_same_samples() -> None:
    results = [contestant(name, right) for name, right in (("a", 50), ("b", 40), ("c", 20))]
    rows, pairs = paired.score_recipes(results)
    assert [pair["recipes"] for pair in pairs] == [["a", "b"], ["a", "c"], ["b", "c"]]
    for pair in pairs:
        first, second = (rows["abc".index(name)] for name in pair["recipes"])
        assert pair["accuracy"] == pytest.approx(first["accuracy"] - second["accuracy"])
    assert difference(results[0], results[2])["accuracy_95"] == pairs[1]["accuracy_95"]


def test_all_recipes_of_the_study_can_be_read() -> None:
    configs = Path(__file__).parents[2] / "train" / "configs"
    recipes = sorted((configs / "study").glob("*.toml"))
    for base in (configs / "fma_large.toml", configs / "clips.toml"):
        comparison = compare.Comparison((), (), Path(), Path(), Path(), read_settings(base))
        for recipe in recipes:
            assert comparison.make_config(str(recipe), 1).seed == 1
    assert len(recipes) >= 10


def test_recipes_of_one_name_are_refused_as_they_would_share_a_run(
    toy_library: Path, tmp_path: Path
) -> None:
    other = tmp_path / "cnn1d_gru.toml"
    other.write_text('arch = "cnn1d_gru"\nlearning_rate = 0.01\n')
    out = tmp_path / "out"
    for recipes in (("cnn1d_gru", other), ("cnn1d_gru", "cnn1d_gru")):
        error = refused("compare", *recipes, "--data", toy_library, "--out", out)
        assert str(recipes[1]) in error.message and "rename" in error.hint
    assert not out.exists()


@pytest.mark.parametrize("content", ['{"rows": null}', '{"rows": [1]}', "[]", "{"])
def test_a_damaged_comparison_is_not_taken_for_one_that_is_done(
    content: str, tmp_path: Path
) -> None:
    (tmp_path / compare.COMPARISON).write_text(content)
    comparison = compare.Comparison(("cnn1d_gru",), (1,), tmp_path, tmp_path, tmp_path)
    assert compare.read_finished(comparison) is None


@pytest.mark.parametrize("rows", ["", "a.flac,a,Hum,Polka,0.5000\n"])
def test_predictions_that_are_not_of_the_run_are_refused(rows: str, tmp_path: Path) -> None:
    file = tmp_path / "predictions.csv"
    file.write_text("file,group,genre,predicted,score\n" + rows)
    with pytest.raises(RunError, match="predictions"):
        read_predictions(file, ("Hum", "Hiss"))
