"""Training curves of runs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from genretag_train.plots.style import choose_colour, choose_marker
from genretag_train.run_folder import CURVES
from genretag_train.training.curves import read_curves

_LINES = ("-", "--", "-.", ":")
_LOSSES = {"val_loss": "valid", "train_loss": "train"}
_SCORES = {"val_f1_macro": "F1 macro", "val_f1_weighted": "F1 weighted", "val_accuracy": "accuracy"}

Curves = Mapping[str, NDArray[np.float64]]
"""The columns of `curves.csv`, each [n_epochs]."""


def load_curves(run: Path) -> Curves:
    """Read the columns of a run's `curves.csv`; empty if there is none."""
    rows = read_curves(run / CURVES)
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}


def draw_curves(runs: Mapping[str, Curves]) -> Figure:
    """Draw loss, accuracy and F1, and learning rate by epoch, each run in a colour of its own."""
    figure = Figure(figsize=(13, 4.2))
    loss, score, rate = figure.subplots(1, 3)
    _draw_panel(loss, "Loss", runs, _LOSSES)
    _draw_panel(score, "Valid side, by clip", runs, _SCORES)
    _draw_panel(rate, "Learning rate", runs, {"learning_rate": ""})
    score.set_ylim(0, 1)
    rate.set_yscale("log")
    rate.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    rate.yaxis.set_major_formatter("{x:.2g}")
    rate.yaxis.set_minor_formatter(NullFormatter())
    return figure


def _draw_panel(
    axes: Axes, title: str, runs: Mapping[str, Curves], columns: Mapping[str, str]
) -> None:
    for index, (name, curves) in enumerate(runs.items()):
        for line, (column, words) in zip(_LINES, columns.items(), strict=False):
            if column in curves:
                label = ", ".join(filter(None, (name if len(runs) > 1 else "", words)))
                epochs = curves["epoch"]
                axes.plot(
                    epochs, curves[column], line, label=label or None,
                    color=choose_colour(index), marker=choose_marker(index), markersize=4,
                    linewidth=1.4, markevery=max(1, len(epochs) // 12),
                )  # fmt: skip
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    if axes.get_legend_handles_labels()[1]:
        # Long enough for a dash and a dot to differ from two dashes.
        axes.legend(fontsize=8, framealpha=0.8, handlelength=4)
