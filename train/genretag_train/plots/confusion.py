"""The confusion matrix of a model."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genretag.domain.metrics import accuracy, f1_macro, row_shares
from genretag.domain.metrics import confusion as count_confusions
from genretag_train.plots.data import PlotData
from genretag_train.plots.style import set_title

_DARK = 0.5
_FEWEST = 4
"""Genres whose matrix leaves room for the title."""


def draw_confusion(data: PlotData) -> Figure:
    """Draw of each genre (row) the share taken for each (column), and how many clips that is."""
    genres, truth, predicted = data.genres, data.scored.truth, data.scored.predicted
    counts = count_confusions(predicted, truth, len(genres))
    shares = np.array(row_shares(counts.tolist()))
    side = 0.62 * max(len(genres), _FEWEST)
    figure = Figure(figsize=(side + 3.8, side + 2.4), layout="compressed")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column, row, f"{_format_share(shares[row, column])}\n{counts[row, column]:,}",
            ha="center", va="center", fontsize=8, linespacing=1.1,
            fontweight="bold" if row == column else "normal",
            color="white" if shares[row, column] > _DARK else "black",
        )  # fmt: skip
    rows = [f"{genre} ({n:,})" for genre, n in zip(genres, counts.sum(axis=1), strict=True)]
    _label_axes(axes, genres, rows)
    set_title(
        figure,
        data.model.name,
        f"Accuracy {accuracy(predicted, truth):.1%} of {len(truth):,} clips, "
        f"macro-F1 {f1_macro(predicted, truth):.3f}",
    )
    figure.colorbar(image, ax=axes, shrink=0.6, label="share of the true genre", format="{x:.0%}")
    return figure


def _format_share(share: float) -> str:
    """Return a share as percent; of what is there, never 0%, and of what is not all, never 100%."""
    if share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def _label_axes(axes: Axes, columns: tuple[str, ...], rows: list[str]) -> None:
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("predicted genre")
    axes.set_ylabel("true genre (clips)")
    axes.set_xticks(np.arange(0.5, len(columns) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(rows) - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)  # dark neighbours stay apart
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
