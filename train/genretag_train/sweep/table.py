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
    """Return the table that a terminal shows of the trials; `trials.csv` has more columns."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    columns = ["run", "state", sweep.metric, "epochs", *sweep.tried]
    for name in columns:
        # Broken after underscores, a narrow terminal has room for all.
        table.add_column(
            name.replace("_", "_\n"),
            justify="left" if name in ("run", "state") else "right",
            no_wrap=name in ("run", "state"),
        )
    for row in rows:
        table.add_row(*(_format(row[name]) for name in columns))
    return table


def _format(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
