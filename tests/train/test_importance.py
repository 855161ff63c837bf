"""The picture of a sweep: which settings matter, and what each trial with them reached."""

from pathlib import Path
from typing import Any

import optuna
import pytest

from genretag_train.plots.style import save_picture
from genretag_train.sweep.importance import TrialPlotData, draw_importance, measure_importance
from genretag_train.sweep.importance import save_importance as save
from genretag_train.sweep.reader import read_sweep
from genretag_train.sweep.search import suggest
from genretag_train.sweep.table import make_rows

FIRST = read_sweep(Path(__file__).parents[2] / "train" / "configs" / "sweep_first.yaml")


def study_where_only_the_rate_matters(trials: int = 24) -> optuna.Study:
    """Trials of the study's first sweep: every third ends early."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(1))

    def run(trial: optuna.Trial) -> float:
        drawn: dict[str, Any] = {n: suggest(trial, n, d) for n, d in FIRST.tried.items()}
        loss = 1.5 + 100 * drawn["learning_rate"]
        trial.set_user_attr("val_loss", loss)
        if trial.number % 3 == 2:
            raise optuna.TrialPruned
        return loss

    study.optimize(run, n_trials=trials)
    return study


def test_the_setting_that_decides_comes_first() -> None:
    importance = measure_importance(study_where_only_the_rate_matters())
    assert next(iter(importance)) == "learning_rate" and importance["learning_rate"] > 0.7
    assert importance.keys() == FIRST.tried.keys()
    assert sum(importance.values()) == pytest.approx(1)
    assert measure_importance(study_where_only_the_rate_matters()) == importance


def test_the_picture_counts_its_trials_and_is_the_same_each_time(tmp_path: Path) -> None:
    study = study_where_only_the_rate_matters()
    rows = make_rows(study, FIRST)
    files = save(study, FIRST, rows, tmp_path)
    assert [file.name for file in files] == ["importance.png", "importance.svg"]
    figure = draw_importance(TrialPlotData(FIRST, rows, measure_importance(study)))
    bars, *trials = (axes for axes in figure.axes if axes.get_visible())
    assert "16 of 24 trials" in figure.get_suptitle().replace("\n", " ")
    assert bars.get_yticklabels()
    assert [axes.get_xlabel() for axes in trials] == list(measure_importance(study))
    assert save_picture(draw_importance, TrialPlotData(FIRST, rows, measure_importance(study)),
                        tmp_path / "again")  # fmt: skip
    assert (tmp_path / "again.svg").read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("trials", [0, 3])
def test_too_few_trials_make_no_picture(trials: int, tmp_path: Path) -> None:
    study = study_where_only_the_rate_matters(trials)
    assert save(study, FIRST, make_rows(study, FIRST), tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_trials_that_are_all_alike_make_no_picture() -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("dropout", 0, 1) * 0.0, n_trials=5)
    assert measure_importance(study) == {}


def test_trials_that_differ_in_nothing_that_was_tried_make_no_picture() -> None:
    study = optuna.create_study()

    def run(trial: optuna.Trial) -> float:
        trial.suggest_categorical("hidden", (8, 16))
        return float(trial.number)

    for _ in range(5):
        study.enqueue_trial({"hidden": 8})
    study.optimize(run, n_trials=5)
    assert measure_importance(study) == {}
