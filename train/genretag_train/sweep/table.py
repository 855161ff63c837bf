"""What came of a sweep's trials, as a table and as `trials.csv`."""

import csv
import math
import os
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from rich.table import Table

from genretag_train.sweep.definition import METRICS, Sweep

_ORDER = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING, TrialState.WAITING)


def taken_up(study: optuna.Study) -> set[int]:
    """Numbers of the trials that were cut short and were begun, or wait, under another one."""
    trials = study.get_trials(deepcopy=False)
    return {n for t in trials for n in RetryHeartbeatStaleTrialCallback.retry_history(t)}


def curves(file: Path) -> list[dict[str, float]]:
    """The rows of `curves.csv`; none if it is not there yet."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return [{name: float(x) for name, x in row.items()} for row in csv.DictReader(lines)]


def kept(epochs: list[dict[str, float]]) -> dict[str, float]:
    """The epoch whose weights the run keeps: the first with the least `val_loss`."""
    return min(epochs, key=lambda row: (math.isnan(row["val_loss"]), row["val_loss"]))


def rows(study: optuna.Study, sweep: Sweep) -> list[dict[str, Any]]:
    """The trials as rows of `trials.csv`: the best first, those that failed last."""
    again = taken_up(study)
    trials = [trial for trial in study.get_trials() if trial.number not in again]
    sign = -1 if sweep.goal == "maximize" else 1

    def place(trial: FrozenTrial) -> tuple[int, float, int]:
        score = trial.user_attrs.get(sweep.metric, math.nan)
        rank = _ORDER.index(trial.state) if trial.state in _ORDER else len(_ORDER)
        return rank, math.inf if math.isnan(score) else sign * score, trial.number

    return [_row(trial, sweep) for trial in sorted(trials, key=place)]


def _row(trial: FrozenTrial, sweep: Sweep) -> dict[str, Any]:
    told = trial.user_attrs
    seconds = trial.duration.total_seconds() if trial.duration else None
    return {
        "run": told.get("run", f"trial-{trial.number}"),
        "state": trial.state.name.lower(),
        **{name: told.get(name) for name in (*METRICS, "epochs")},
        **{name: trial.params.get(name) for name in sweep.tried},
        "seconds": None if seconds is None else round(seconds, 1),
        "process": told.get("process"),
        "error": told.get("error"),
    }


def write(found: list[dict[str, Any]], file: Path) -> None:
    """Write the rows to a CSV file that is whole at any time, though several write it."""
    if not found:
        return
    part = file.with_name(f"{file.name}.{os.getpid()}")
    with part.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, found[0])
        writer.writeheader()
        writer.writerows(found)
    part.replace(file)


def shown(found: list[dict[str, Any]], sweep: Sweep) -> Table:
    """The table that a terminal shows of the trials."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    names = [sweep.metric, *(name for name in METRICS if name != sweep.metric)]
    columns = ["run", "state", *names, "epochs", *sweep.tried]
    for name in columns:
        table.add_column(name, justify="left" if name in ("run", "state") else "right")
    for row in found:
        table.add_row(*(_cell(row[name]) for name in columns))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
