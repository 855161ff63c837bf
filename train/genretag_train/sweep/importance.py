"""Which settings of a sweep matter: their importance, and a picture of the trials by setting."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from genretag_train.plots.style import COLOURS, save_picture, set_title
from genretag_train.sweep.definition import Choice, Span, Sweep

IMPORTANCE = "importance"
_MIN_TRIALS = 4
_COLUMNS = 5


@dataclass(frozen=True, eq=False)
class TrialPlotData:
    """The rows of `trials.csv`, the sweep, and the importance of each setting in [0, 1]."""

    sweep: Sweep
    rows: list[dict[str, Any]]
    importance: Mapping[str, float]


def measure_importance(study: optuna.Study) -> dict[str, float]:
    """Return the share of the metric's variance that each setting explains, largest first.

    By functional ANOVA over a random forest (Hutter, Hoos and Leyton-Brown, 2014) that is fitted
    to the trials that ran to their end; {} if these are fewer than four, or all alike in the
    metric or in their settings.
    """
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(done) < _MIN_TRIALS or np.ptp([trial.value for trial in done]) == 0:
        return {}
    try:
        shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    except RuntimeError:  # no tree found anything by which trials differ
        return {}
    return {name: float(share) for name, share in shares.items()}


def save_importance(
    study: optuna.Study, sweep: Sweep, rows: list[dict[str, Any]], out: Path
) -> list[Path]:
    """Save the picture as PNG and SVG in `out` and return both; none without an importance."""
    data = TrialPlotData(sweep, rows, measure_importance(study))
    return save_picture(draw_importance, data, out / IMPORTANCE) if data.importance else []


def draw_importance(data: TrialPlotData) -> Figure:
    """Draw the importance of each setting, and below it the metric of the trials by its value."""
    names = list(data.importance)
    n_rows = -(-len(names) // _COLUMNS)
    figure = Figure(figsize=(13, 1.6 + 0.3 * len(names) + 2.9 * n_rows))
    heights = (1.4 + 0.3 * len(names), 2.9 * n_rows)
    bars, trials = figure.subfigures(2, 1, squeeze=False, height_ratios=heights).flat
    done = sum(row["state"] == "complete" for row in data.rows)
    set_title(
        figure,
        f"Sweep '{data.sweep.name}': share of the variance of {data.sweep.metric} that a setting "
        f"explains; functional ANOVA over the {done} of {len(data.rows)} trials that ran to their "
        "end",
    )
    _draw_bars(bars.subplots(), data)
    grid = trials.subplots(n_rows, min(_COLUMNS, len(names)), squeeze=False, sharey=True)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(grid.flat, names, strict=False):
        _draw_trials(axes, data, name)
    trials.supylabel(f"{data.sweep.metric} of the epoch that is kept", fontsize=10)
    trials.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=2,
                  frameon=False)  # fmt: skip
    return figure


def _draw_bars(axes: Axes, data: TrialPlotData) -> None:
    names = list(data.importance)[::-1]
    shares = [data.importance[name] for name in names]
    axes.barh(names, shares, color=COLOURS[0])
    for row, share in enumerate(shares):
        axes.annotate(f"{share:.0%}", (share, row), (4, 0), textcoords="offset points", va="center")
    axes.set_xlim(0, 1.08 * max(shares))
    axes.xaxis.set_major_formatter("{x:.0%}")


def _draw_trials(axes: Axes, data: TrialPlotData, name: str) -> None:
    """Draw each trial's metric by its value of a setting: filled if it ran to its end."""
    for index, (state, words) in enumerate((("complete", "to its end"), ("pruned", "ended early"))):
        drawn = [row for row in data.rows if row["state"] == state]
        values = [_place(data.sweep.tried[name], row[name]) for row in drawn]
        axes.scatter(
            values, [row[data.sweep.metric] for row in drawn], s=34, label=words,
            color=COLOURS[index] if state == "complete" else "none",
            edgecolors=COLOURS[index], linewidths=1.2,
        )  # fmt: skip
    domain = data.sweep.tried[name]
    if isinstance(domain, Choice):
        axes.set_xticks(range(len(domain.values)), [str(value) for value in domain.values])
        axes.set_xlim(-0.5, len(domain.values) - 0.5)
    elif domain.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(name)
    axes.grid(alpha=0.25)


def _place(domain: Choice | Span, value: Any) -> float:
    """Return where a value lies on the axis: a choice at its number, any other at itself."""
    return domain.values.index(value) if isinstance(domain, Choice) else value
