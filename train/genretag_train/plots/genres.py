"""The sizes of the genres."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from genretag_train.data.dataset import SIDES
from genretag_train.plots.data import PlotData
from genretag_train.plots.style import choose_look, set_title

_HATCHES = dict(zip((*SIDES, "all"), ("", "///", "...", ""), strict=True))


def draw_genres(data: PlotData) -> Figure:
    """Draw how many clips of each genre are on each side, the most frequent genre on top."""
    totals = np.sum(list(data.sides.values()), axis=0)
    order = np.argsort(totals, kind="stable")
    figure = Figure(figsize=(9, 1.8 + 0.36 * len(order)))
    axes = figure.subplots()
    left = np.zeros(len(order))
    for index, (side, counts) in enumerate(data.sides.items()):
        widths = np.asarray(counts)[order]
        axes.barh(
            range(len(order)), widths, left=left, color=choose_look(index).colour,
            hatch=_HATCHES[side], edgecolor="white", linewidth=0.6,
            label=f"{side} ({sum(counts):,})",
        )  # fmt: skip
        left += widths
    for row, label in enumerate(order):
        axes.annotate(
            f"{totals[label]:,}", (totals[label], row), (4, 0), textcoords="offset points",
            va="center", fontsize=9,
        )  # fmt: skip
    axes.set_yticks(range(len(order)), [data.genres[label] for label in order])
    axes.set_ylim(-0.7, len(order) - 0.3)
    axes.set_xlabel("clips")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    set_title(figure, data.model.name, f"{int(totals.sum()):,} clips by genre and side")
    # Below the axes: bars of equal length leave no room within.
    figure.legend(loc="outside lower center", ncols=len(data.sides), frameon=False)
    return figure
