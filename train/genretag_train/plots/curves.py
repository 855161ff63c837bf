"""Training curves of runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from matplotlib.typing import HashableList
from numpy.typing import NDArray

from genretag_train.plots.style import choose_look
from genretag_train.run_folder import CURVES
from genretag_train.training.curves import read_curves

_MARKER = 5.5
_LOSSES: Mapping[str, tuple[str, Literal["-", ":"], float]] = {
    "val_loss": ("valid", "-", _MARKER),
    "train_loss": ("train", ":", 2.5),
}
"""The side of each loss, its line, and the size of its markers."""
_LOSS, _RATE = "loss", "learning_rate"
_PANELS = {
    _LOSS: "Loss",
    "val_f1_macro": "Valid side: F1 macro",
    "val_accuracy": "Valid side: accuracy",
    "val_f1_weighted": "Valid side: F1 weighted",
    _RATE: "Learning rate",
}
_LAYOUT: list[HashableList[str]] = [
    [_LOSS, "val_f1_macro", "val_accuracy"],
    [_LOSS, "val_f1_weighted", _RATE],
]
_WIDEST_SPAN = 20
"""From which ratio of the largest loss to the smallest the axis is logarithmic."""
_MOST_CHARACTERS = 120
"""Of a run's name in a line."""
_GAP_INCHES = 0.3
"""Between columns of names."""

Curves = Mapping[str, NDArray[np.float64]]
"""The columns of `curves.csv`, each [n_epochs]."""


def load_curves(run: Path) -> Curves:
    """Read the columns of a run's `curves.csv`; empty if there is none."""
    rows = read_curves(run / CURVES)
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}


def draw_curves(runs: Mapping[str, Curves]) -> Figure:
    """Draw loss, F1, accuracy and learning rate by epoch, each run in a look of its own."""
    figure = Figure(figsize=(13, 6.2))
    panels = figure.subplot_mosaic(_LAYOUT, width_ratios=[1.5, 1, 1])
    for name, title in _PANELS.items():
        axes = panels[name]
        columns = _LOSSES if name == _LOSS else {name: ("", "-", _MARKER)}
        for column, (_, line, size) in columns.items():
            _draw_column(axes, runs, column, line, size)
        axes.set_title(title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.25)
        if name in _LAYOUT[-1]:
            axes.set_xlabel("epoch")
        if name not in (_LOSS, _RATE):
            axes.set_ylim(-0.03, 1.03)  # markers at the ends stay whole
    _set_log(panels[_RATE])
    if _spans_much(panels[_LOSS]):
        _set_log(panels[_LOSS])
    _explain_sides(panels[_LOSS])
    _explain_runs(figure, list(runs))
    return figure


def _draw_column(
    axes: Axes, runs: Mapping[str, Curves], column: str, line: str, size: float
) -> None:
    for index, curves in enumerate(runs.values()):
        if column in curves:
            look, epochs = choose_look(index), curves["epoch"]
            axes.plot(
                epochs, curves[column], line, color=look.colour, marker=look.marker,
                markerfacecolor=look.face, markersize=size, linewidth=1.4,
                markevery=max(1, len(epochs) // 12),
            )  # fmt: skip


def _spans_much(axes: Axes) -> bool:
    """Tell whether the curves of one run would be a flat line beside those of another."""
    values = _list_positive(axes)
    return bool(values.size) and bool(values.max() > _WIDEST_SPAN * values.min())


def _set_log(axes: Axes) -> None:
    values = _list_positive(axes)
    is_wide = values.size and values.max() > 1000 * values.min()
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if is_wide else (1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _list_positive(axes: Axes) -> NDArray[np.float64]:
    """Return the values of all lines that a logarithmic axis can show."""
    lines = [np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.lines]
    values: NDArray[np.float64] = np.concatenate([np.zeros(0), *lines])
    return values[np.isfinite(values) & (values > 0)]


def _explain_sides(loss: Axes) -> None:
    """Say beside the title what the lines of the losses are."""
    sides = [
        Line2D([], [], color="0.3", linestyle=line, marker="o", markersize=size, label=side)
        for side, line, size in _LOSSES.values()
    ]
    loss.legend(
        handles=sides, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=2,
        handlelength=3, frameon=False,
    )  # fmt: skip


def _explain_runs(figure: Figure, runs: Sequence[str]) -> None:
    """List the runs below the panels, in as many columns as there is room for."""
    looks = [
        Line2D(
            [], [], color=look.colour, marker=look.marker, markerfacecolor=look.face,
            label=fill(name, _MOST_CHARACTERS),
        )
        for look, name in zip(map(choose_look, range(len(runs))), runs, strict=True)
    ]  # fmt: skip
    column = figure.legend(handles=looks)
    gap = _GAP_INCHES * figure.dpi
    n_columns = int(figure.bbox.width / (column.get_window_extent().width + gap))
    column.remove()
    legend = figure.legend(
        handles=looks, loc="outside lower left", ncols=max(1, n_columns), frameon=False
    )
    figure.set_figheight(figure.get_figheight() + legend.get_window_extent().height / figure.dpi)
