"""The trials of a sweep, as a table and as `trials.csv`."""

import csv
import math
import os
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.table import Table

from genretag_train.run_folder import VALID_METRICS
from genretag_train.sweep.definition import Sweep
from genretag_train.sweep.study import find_retried

_ORDER = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING, TrialState.WAITING)

_SHOWN = ("val_accuracy", "val_loss")
"""The score that the terminal shows beside the sweep's metric: the first that is another."""


def make_rows(study: optuna.Study, sweep: Sweep) -> list[dict[str, Any]]:
    """Return the trials as rows of `trials.csv`: the best first, those that failed last."""
    retried = find_retried(study)
    trials = [trial for trial in study.get_trials() if trial.number not in retried]
    sign = -1 if sweep.goal == "maximize" else 1

    def rank(trial: FrozenTrial) -> tuple[int, float, int]:
        score = trial.user_attrs.get(sweep.metric, math.nan)
        state = _ORDER.index(trial.state) if trial.state in _ORDER else len(_ORDER)
        return state, math.inf if math.isnan(score) else sign * score, trial.number

    return [_make_row(trial, sweep) for trial in sorted(trials, key=rank)]


def _make_row(trial: FrozenTrial, sweep: Sweep) -> dict[str, Any]:
    kept = trial.user_attrs
    seconds = trial.duration.total_seconds() if trial.duration else None
    return {
        "run": kept.get("run", f"trial-{trial.number}"),
        "state": trial.state.name.lower(),
        **{name: kept.get(name) for name in (*VALID_METRICS, "epochs")},
        **{name: trial.params.get(name) for name in sweep.tried},
        "seconds": None if seconds is None else round(seconds, 1),
        "process": kept.get("process"),
        "error": kept.get("error"),
    }


def write_rows(rows: list[dict[str, Any]], file: Path) -> None:
    """Write the rows to a CSV file that is whole at any time, though several write it."""
    if not rows:
        return
    part = file.with_name(f"{file.name}.{os.getpid()}")
    with part.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    part.replace(file)


def make_table(rows: list[dict[str, Any]], sweep: Sweep) -> Table:
    """Return the table that a terminal shows of the trials.

    It has two scores of the valid side, without their `val_`, so that 80 columns are enough for
    a sweep of five settings; `trials.csv` has all.
    """
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    other = next(name for name in _SHOWN if name != sweep.metric)
    columns = ["run", "state", sweep.metric, other, "epochs", *sweep.tried]
    for name in columns:
        table.add_column(
            name.removeprefix("val_").replace("_", "\n"),
            justify="left" if name in ("run", "state") else "right",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_format(row[name]) for name in columns))
    return table


def _format(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
