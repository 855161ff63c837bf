"""The confusion matrix of a model."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genretag.domain.metrics import accuracy, f1_macro, row_shares
from genretag.domain.metrics import confusion as count_confusions
from genretag_train.plots.data import PlotData

_DARK = 0.5


def draw_confusion(data: PlotData) -> Figure:
    """Draw of each genre (row) the share taken for each (column), and how many clips that is."""
    genres, truth, predicted = data.genres, data.scored.truth, data.scored.predicted
    counts = count_confusions(predicted, truth, len(genres))
    shares = np.array(row_shares(counts.tolist()))
    figure = Figure(figsize=(0.62 * len(genres) + 4.4, 0.62 * len(genres) + 2.2))
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column, row, f"{shares[row, column]:.0%}\n{counts[row, column]}",
            ha="center", va="center", fontsize=8, linespacing=1.1,
            fontweight="bold" if row == column else "normal",
            color="white" if shares[row, column] > _DARK else "black",
        )  # fmt: skip
    rows = [f"{genre} ({n})" for genre, n in zip(genres, counts.sum(axis=1), strict=True)]
    _label_axes(axes, genres, rows)
    axes.set_title(
        f"{data.model.name}: accuracy {accuracy(predicted, truth):.1%} of {len(truth)} clips, "
        f"macro-F1 {f1_macro(predicted, truth):.3f}"
    )
    figure.colorbar(image, ax=axes, shrink=0.6, label="share of the true genre", format="{x:.0%}")
    return figure


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
