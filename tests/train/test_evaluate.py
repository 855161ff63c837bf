import json
from pathlib import Path

import numpy as np
import pytest
import toy_model
from audio_files import garbage
from commands import done, refused
from sklearn.metrics import f1_score
from toy_music import library, run, table

from genretag.domain.metrics import f1_weighted, row_shares
from genretag.errors import Code
from genretag.learning.metrics import compute_metrics


@pytest.fixture(scope="module")
def evaluation(toy_run: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict:
    file = tmp_path_factory.mktemp("scores") / "scores.json"
    done("evaluate", toy_run[0], "--out", file)
    return json.loads(file.read_text())


def test_a_run_scores_as_its_own_report_says(evaluation, toy_run: tuple[Path, Path]) -> None:
    before = json.loads((toy_run[0] / "metrics.json").read_text())["test"]
    for name in ("clips", "accuracy", "accuracy_95", "f1_macro", "f1_weighted", "confusion"):
        assert evaluation["track"][name] == before[name], name
    assert evaluation["track"]["ece"] == pytest.approx(before["ece"], abs=1e-5)


def test_windows_are_scored_one_by_one(evaluation) -> None:
    assert evaluation["window"]["clips"] == evaluation["windows"] >= evaluation["clips"] == 3
    assert np.sum(evaluation["window"]["confusion"]) == evaluation["windows"]


def test_each_level_has_all_that_is_promised(evaluation) -> None:
    for level in ("track", "window"):
        assert {"accuracy_95", "f1_weighted_95", "f1_macro_95", "ece", "log_loss"} < set(
            evaluation[level]
        )
        for found in evaluation[level]["genres"].values():
            assert set(found) == {"precision", "recall", "f1", "clips"}
        for row in evaluation[level]["confusion_rows"]:
            assert sum(row) == pytest.approx(1)


def test_the_terminal_shows_scores_genres_and_confusions(toy_run: tuple[Path, Path]) -> None:
    shown = done("evaluate", toy_run[0], "--side", "valid")
    assert "side valid: 3 clips" in shown
    for words in ("accuracy", "F1 weighted", "ECE", "by track", "by window", "Whistle", "support"):
        assert words in shown


def test_all_clips_of_known_genres_are_scored_and_bad_ones_are_counted(
    toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    music = library(tmp_path / "music", per_genre=2)
    garbage(music / "Hum" / "bad.flac")
    (music / "Hiss").rename(music / "hISS")
    (music / "Polka").mkdir()
    garbage(music / "Polka" / "a.flac")
    file = tmp_path / "scores.json"
    done("evaluate", toy_run[0] / "model.onnx", "--data", music, "--side", "all", "--out", file)
    evaluation = json.loads(file.read_text())
    assert evaluation["clips"] == 6 and evaluation["dropped_genres"] == {"Polka": 1}
    assert evaluation["skipped_files"] == {"Hum/bad.flac": "not-audio"}
    assert list(evaluation["track"]["genres"]) == ["Hiss", "Hum", "Whistle"]


def test_other_data_is_not_split_as_if_it_were_what_was_learned_from(
    toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    music = library(tmp_path / "music", per_genre=11)
    error = refused("evaluate", toy_run[0], "--data", music)
    assert error.code is Code.BAD_DATASET and "--side all" in error.hint


def test_clips_that_training_skipped_do_not_move_the_split(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    library(music, per_genre=10)
    garbage(music / "Hum" / "0bad.flac")
    run(music, tmp_path / "run", features, epochs=1)
    before = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]
    done("evaluate", tmp_path / "run", "--out", tmp_path / "s.json")
    assert (
        json.loads((tmp_path / "s.json").read_text())["track"]["confusion"] == (before["confusion"])
    )


def test_a_model_without_settings_is_evaluated_on_the_datas_own_split(tmp_path: Path) -> None:
    model = toy_model.save(tmp_path / "toy.onnx")
    music = library(tmp_path / "music", per_genre=2)
    rows = [
        {"path": f"music/{folder}/{n}.flac", "genre": genre, "split": ("train", "test")[n]}
        for folder, genre in {"Hum": "Low", "Whistle": "Middle"}.items()
        for n in (0, 1)
    ]
    data = table(tmp_path / "songs.csv", rows)
    done("evaluate", model, "--data", data, "--out", tmp_path / "s.json")
    evaluation = json.loads((tmp_path / "s.json").read_text())
    assert evaluation["clips"] == 2 and evaluation["track"]["accuracy"] == 1
    error = refused("evaluate", model, "--data", music)
    assert error.exit_code == 2 and "--side all" in error.hint


def test_what_cannot_be_evaluated_is_refused(toy_run: tuple[Path, Path], tmp_path: Path) -> None:
    assert refused("evaluate", tmp_path).code is Code.UNKNOWN_MODEL
    assert refused("evaluate", tmp_path / "none.onnx").code is Code.UNKNOWN_MODEL
    lone = tmp_path / "lone.onnx"
    lone.write_bytes((toy_run[0] / "model.onnx").read_bytes())
    assert refused("evaluate", lone).code is Code.BAD_OPTION
    error = refused("evaluate", toy_run[0], "--out", tmp_path / "no" / "dir.json")
    assert error.code is Code.OUTPUT_FAILED


def test_the_weighted_f1_is_scikit_learns() -> None:
    predicted, truth = np.random.default_rng(0).integers(5, size=(2, 200))
    expected = f1_score(truth, predicted, average="weighted")
    assert f1_weighted(predicted, truth) == pytest.approx(expected)
    probabilities = np.eye(5)[predicted]
    metrics = compute_metrics(probabilities, truth, ["a", "b"] * 100, list("abcde"))
    assert metrics["f1_weighted"] == pytest.approx(expected)


def test_a_genre_that_does_not_occur_has_a_row_of_nothing() -> None:
    assert row_shares([[1, 3], [0, 0]]) == [[0.25, 0.75], [0, 0]]
