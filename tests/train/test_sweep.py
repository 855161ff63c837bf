"""Sweeps: what a file may say, and that trials are shared, taken up again and counted once."""

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import done, refused
from rich.console import Console

from genretag.errors import Code, UsageError
from genretag_train.sweep import search, study
from genretag_train.sweep.definition import Choice, Halving, Span
from genretag_train.sweep.job import SweepJob
from genretag_train.sweep.reader import read_sweep
from genretag_train.sweep.table import make_table

CONFIGS = Path(__file__).parents[2] / "train" / "configs"

SMALL = {"window_s": 1.0, "hidden": 4, "rnn_hidden": 4, "epochs": 1, "threads": 1}
SMALL |= {"mask_s": 0.1, "mask_mels": 8, "min_accepted": 1}
PATIENCE_S = 180
"""A bound for what takes a moment; the machine may have much else to do."""

TRIED = {
    "learning-rate": {"distribution": "log_uniform_values", "min": "1e-4", "max": 1e-2},
    "batch_size": {"values": [4, 8]},
}


def sweep_yaml(file: Path, tried: dict[str, Any] = TRIED, method: str = "bayes", **more: Any):
    parameters = {name: {"value": value} for name, value in SMALL.items()} | tried
    told = {"program": "train.py", "method": method, "parameters": parameters, **more}
    file.write_text(yaml.safe_dump({"metric": {"name": "val_loss", "goal": "minimize"}} | told))
    return file


def trials(out: Path) -> list[dict[str, str]]:
    with (out / "trials.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def domain(spec: dict[str, Any], tmp_path: Path, name: str = "dropout") -> Choice | Span:
    return read_sweep(sweep_yaml(tmp_path / "s.yaml", {name: spec})).parameters[name]


def test_every_distribution_of_a_sweep_file_is_understood(tmp_path: Path) -> None:
    assert domain({"value": 1}, tmp_path) == Choice((1.0,))
    assert domain({"values": [0, 0.5]}, tmp_path) == Choice((0.0, 0.5))
    assert domain({"min": 0.1, "max": 0.5}, tmp_path) == Span(0.1, 0.5)
    assert domain({"min": 8, "max": 64}, tmp_path, "hidden") == Span(8, 64, 1)
    log = {"distribution": "log_uniform_values", "min": "1e-4", "max": 0.1}
    assert domain(log, tmp_path, "learning_rate") == Span(1e-4, 0.1, log=True)
    stepped = {"distribution": "q_uniform", "min": 15, "max": 65, "q": 16}
    assert domain(stepped, tmp_path, "batch_size") == Span(16, 64, 16)
    assert domain({"values": [True, False]}, tmp_path, "max_pool") == Choice((True, False))


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        ({"depth": {"value": 3}}, "parameters.depth"),
        ({"dropout": {"values": [2.0]}}, "dropout"),
        ({"dropout": {"distribution": "beta", "min": 0, "max": 1}}, "dropout.distribution"),
        ({"dropout": {"min": 0.5}}, "it lacks max"),
        ({"dropout": {"min": 0.5, "max": 0.1}}, "not below"),
        ({"dropout": {"min": 0.1, "max": 0.5, "mu": 1}}, "'mu'"),
        ({"hidden": {"min": 8.0, "max": 16.0}}, "no fractions"),
        ({"hidden": {"values": ["many"]}}, "is not a whole number"),
        ({"learning_rate": {"values": []}}, "no list"),
    ],
)
def test_a_wrong_parameter_is_named(tried: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        read_sweep(sweep_yaml(tmp_path / "s.yaml", tried))


def test_a_sweep_chooses_by_the_valid_side_alone(tmp_path: Path) -> None:
    for name in ("test_accuracy", "epoch_avg_loss"):
        file = sweep_yaml(tmp_path / "s.yaml", metric={"name": name, "goal": "maximize"})
        with pytest.raises(UsageError, match=r"metric\.name"):
            read_sweep(file)


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    for text in ("", "- a", "method: [", "method: bayes", "methods: bayes"):
        file.write_text(text)
        with pytest.raises(UsageError):
            read_sweep(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_sweep(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="a grid needs values"):
        read_sweep(sweep_yaml(file, method="grid"))


def test_hyperbands_brackets_become_halvings(tmp_path: Path) -> None:
    def halving(**spec: Any) -> Halving | None:
        file = sweep_yaml(tmp_path / "s.yaml", early_terminate={"type": "hyperband", **spec})
        return read_sweep(file).halving

    assert halving(min_iter=4, eta=2) == Halving(4, 2)
    assert halving(max_iter=27, s=2) == Halving(3, 3)


def test_the_studys_sweeps_can_be_read() -> None:
    first, second = (read_sweep(CONFIGS / f"sweep_{n}.yaml") for n in ("first", "second"))
    assert {"learning_rate", "hidden", "dropout", "batch_size"} <= set(first.tried)
    assert {"plateau_factor", "step_epochs", "step_gamma"} <= set(second.tried)
    for name in ("learning_rate", "dropout"):
        wide, narrow = first.parameters[name], second.parameters[name]
        assert isinstance(wide, Span) and isinstance(narrow, Span)
        assert wide.low <= narrow.low < narrow.high <= wide.high


def test_the_table_of_the_studys_sweep_fits_80_columns() -> None:
    sweep = read_sweep(CONFIGS / "sweep_first.yaml")
    scores = {"val_loss": 1.10325, "val_accuracy": 0.66667, "val_f1_macro": 0.55}
    row = {"run": "trial-12", "state": "complete", **scores, "epochs": 12}
    row |= dict.fromkeys(sweep.tried, 256) | {"learning_rate": 0.00125206, "dropout": 0.42311}
    console = Console(width=80)
    with console.capture() as shown:
        console.print(make_table([row], sweep))
    for words in ("trial-12", "complete", "1.103", "0.6667", "0.001252", "0.4231", "learning"):
        assert words in shown.get()


def test_three_trials_leave_a_run_each_and_the_best_comes_first(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    out, file = tmp_path / "out", sweep_yaml(tmp_path / "s.yaml")
    arguments = ["sweep", file, "--data", toy_library, "--cache", features, "--out", out]
    shown = done(*arguments, "--trials", 3)
    found = trials(out)
    losses = [float(row["val_loss"]) for row in found]
    assert len(found) == 3 and losses == sorted(losses)
    assert shown.index(found[0]["run"]) < shown.index(found[2]["run"])
    for row in found:
        settings = (out / row["run"] / "config.toml").read_text()
        assert f"batch_size = {row['batch_size']}\n" in settings
        assert f"learning_rate = {row['learning_rate']}\n" in settings
        assert 1e-4 <= float(row["learning_rate"]) <= 1e-2
        with (out / row["run"] / "curves.csv").open(newline="") as lines:
            assert next(csv.DictReader(lines))["val_loss"] == row["val_loss"]
    assert not any("test" in name for name in found[0])
    done(*arguments, "--trials", 3)
    assert trials(out) == found
    other = sweep_yaml(tmp_path / "s.yaml", {"dropout": {"min": 0.1, "max": 0.5}})
    error = refused("sweep", other, "--data", toy_library, "--cache", features, "--out", out)
    assert error.code is Code.BAD_OPTION and "another parameters" in error.message


def test_a_grid_tries_everything_once(toy_library: Path, features: Path, tmp_path: Path) -> None:
    file = sweep_yaml(tmp_path / "s.yaml", {"seed": {"min": 1, "max": 2}}, method="grid")
    done("sweep", file, "--data", toy_library, "--cache", features, "--out", tmp_path / "out")
    assert sorted(row["seed"] for row in trials(tmp_path / "out")) == ["1", "2"]


def in_a_process(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "genretag_train", "sweep", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not file.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)


def test_two_processes_share_a_study(toy_library: Path, features: Path, tmp_path: Path) -> None:
    out, file = tmp_path / "out", sweep_yaml(tmp_path / "s.yaml", method="random")
    arguments = [file, "--data", toy_library, "--cache", features, "--out", out, "--trials", 5]
    other = in_a_process(*arguments)
    wait_for(out / "trial-0", other)
    done("sweep", *arguments)
    assert other.wait(PATIENCE_S) == 0
    found = trials(out)
    assert len(found) in (5, 6)  # both may begin the last one
    assert {row["state"] for row in found} <= {"complete", "pruned"}
    assert len({row["process"] for row in found}) == 2
    assert len({row["learning_rate"] for row in found}) == len(found)


def test_a_sweep_that_was_killed_goes_on_in_the_trial_that_was_cut_short(
    toy_library: Path, features: Path, tmp_path: Path, monkeypatch
) -> None:
    out = tmp_path / "out"
    long = {"epochs": {"value": 20}, "patience": {"value": 99}}
    file = sweep_yaml(tmp_path / "s.yaml", TRIED | long)
    arguments = [file, "--data", toy_library, "--cache", features, "--out", out, "--trials", 1]
    process = in_a_process(*arguments)
    wait_for(out / "trial-0" / "last.ckpt", process)
    process.kill()
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    before = (out / "trial-0" / "curves.csv").read_text().splitlines()
    assert len(before) < 20
    refused_at_once = refused("sweep", *arguments)
    assert "still running in other processes" in refused_at_once.message
    monkeypatch.setattr(study, "GRACE_S", 1)
    time.sleep(2.5)  # missed after GRACE_S, which SQLite counts in whole seconds
    done("sweep", *arguments)
    [row] = trials(out)
    assert (row["run"], row["state"], row["epochs"]) == ("trial-0", "complete", "20")
    after = (out / "trial-0" / "curves.csv").read_text().splitlines()
    assert after[: len(before)][:-1] == before[:-1]


def test_an_interrupted_sweep_takes_its_trial_up_at_once(
    toy_library: Path, features: Path, tmp_path: Path, monkeypatch
) -> None:
    def interrupted(*rest: Any) -> None:
        raise KeyboardInterrupt

    genuine = search.pipeline.train
    monkeypatch.setattr(search.pipeline, "train", interrupted)
    file, out = sweep_yaml(tmp_path / "s.yaml", TRIED), tmp_path / "out"
    job = SweepJob(read_sweep(file), toy_library, out, features, trials=1)
    with pytest.raises(KeyboardInterrupt):
        search.run_sweep(job, lambda text: None, lambda done, total: None)
    [before] = trials(out)
    assert before["state"] == "waiting"
    monkeypatch.setattr(search.pipeline, "train", genuine)
    search.run_sweep(job, lambda text: None, lambda done, total: None)
    [after] = trials(out)
    assert (after["run"], after["state"]) == ("trial-0", "complete")
    assert after["learning_rate"] == before["learning_rate"]


def test_a_hopeless_trial_ends_early(toy_library: Path, features: Path, tmp_path: Path) -> None:
    """The second trial of the grid learns too slowly to be among the better half."""
    tried = {"learning_rate": {"values": [1e-2, 1e-9]}}
    tried |= {name: {"value": value} for name, value in {"epochs": 4, "batch_size": 4}.items()}
    early = {"type": "hyperband", "min_iter": 2, "eta": 2}
    file = sweep_yaml(tmp_path / "s.yaml", tried, "grid", early_terminate=early)
    given = ["sweep", file, "--data", toy_library, "--cache", features]
    done(*given, "--out", tmp_path / "out")
    found = trials(tmp_path / "out")
    assert [row["learning_rate"] for row in found] == ["0.01", "1e-09"]
    assert [row["epochs"] for row in found] == ["4", "2"]
    assert [row["state"] for row in found] == ["complete", "pruned"]
    done(*given, "--out", tmp_path / "whole", "--no-prune")
    assert [row["epochs"] for row in trials(tmp_path / "whole")] == ["4", "4"]


def test_a_trial_that_cannot_be_is_told_and_the_sweep_goes_on(
    toy_library: Path, features: Path, tmp_path: Path, monkeypatch
) -> None:
    def train(config: Any, *rest: Any) -> None:
        if config.batch_size == 8:
            raise RuntimeError("out of memory")
        genuine(config, *rest)

    genuine = search.pipeline.train
    monkeypatch.setattr(search.pipeline, "train", train)
    file = sweep_yaml(tmp_path / "s.yaml", {"batch_size": {"values": [4, 8]}}, "grid")
    done("sweep", file, "--data", toy_library, "--cache", features, "--out", tmp_path / "out")
    good, bad = trials(tmp_path / "out")
    assert (good["state"], bad["state"]) == ("complete", "fail")
    assert bad["error"] == "RuntimeError: out of memory"


def test_what_a_sweep_cannot_do_is_refused(toy_library: Path, tmp_path: Path) -> None:
    file = sweep_yaml(tmp_path / "s.yaml")
    given = ["--data", toy_library, "--out", tmp_path / "out"]
    error = refused("sweep", file, *given, "--storage", "nonsense")
    assert error.code is Code.BAD_OPTION and "--storage" in error.hint
    file = sweep_yaml(file, TRIED | {"devices": {"value": 2}})
    assert "one device" in refused("sweep", file, *given).message
