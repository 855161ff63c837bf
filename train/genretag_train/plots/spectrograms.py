"""Mel spectrograms of clips: one of each genre, and those of a confusion."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from genretag.audio.mel import DYNAMIC_RANGE_DB, hz_to_band
from genretag.domain.front_end import FrontEnd
from genretag.domain.metrics import confusion
from genretag_train.data.fma import short_name
from genretag_train.evaluation.evaluate import ClipScores
from genretag_train.features.extraction import extract_windows
from genretag_train.plots.data import PlotData
from genretag_train.plots.style import set_title

_ROWS, _COLUMNS = 3, 4
_PANEL_INCHES = (3.3, 2.4)
_TITLE_CHARACTERS = 42
_TICKS_HZ = (250, 1000, 4000, 8000)

Columns = Mapping[str, ClipScores]
"""The clips of each column of a picture, by what they have in common."""


def draw_spectrograms(data: PlotData) -> Figure:
    """Draw a clip of each genre: the one with the highest score of it."""
    labels = np.unique(data.scored.truth).tolist()
    surest = [_find_surest(data, data.scored.truth == label, label)[0] for label in labels]
    columns = {
        f"column {n}": data.scored.take(surest[n::_COLUMNS])
        for n in range(min(_COLUMNS, len(surest)))
    }
    return _draw_grid(data, "The surest clip of each genre", columns)


def draw_confused(data: PlotData) -> Figure:
    """Draw true clips of a genre beside those of another that are taken for it, and a third genre.

    Where clips are named they are drawn beside the first instead, each genre in a column.
    """
    columns = _choose_columns(data)
    return _draw_grid(data, "; ".join(columns), columns)


def _choose_columns(data: PlotData) -> Columns:
    genres, truth, predicted = data.genres, data.scored.truth, data.scored.predicted
    true, taken_for = choose_confusion(data)

    def take(mask: NDArray[np.bool_], label: int) -> ClipScores:
        return data.scored.take(_find_surest(data, mask, label)[:_ROWS])

    columns = {genres[taken_for]: take((truth == taken_for) & (predicted == taken_for), taken_for)}
    if data.named:
        for label in dict.fromkeys(data.named.truth.tolist()):
            places = np.flatnonzero(data.named.truth == label).tolist()
            columns[genres[label]] = data.named.take(places)
        return columns
    mistaken = take((truth == true) & (predicted == taken_for), taken_for)
    columns[f"{genres[true]} taken for {genres[taken_for]}"] = mistaken
    if len(genres) > len(columns):
        other = _choose_third_genre(data, {true, taken_for})
        columns[genres[other]] = take(truth == other, other)
    return columns


def _find_surest(data: PlotData, mask: NDArray[np.bool_], label: int) -> list[int]:
    """Return the places of the clips in `mask`, first the one with the highest score of a genre."""
    places = np.flatnonzero(mask)
    best: list[int] = places[np.argsort(-data.scored.probabilities[places, label])].tolist()
    return best


def choose_confusion(data: PlotData) -> tuple[int, int]:
    """Return the labels of the true genre and of what it is taken for: `confusion`, or the most."""
    if data.confusion:
        return data.genres.index(data.confusion[0]), data.genres.index(data.confusion[1])
    counts = confusion(data.scored.predicted, data.scored.truth, len(data.genres))
    np.fill_diagonal(counts, -1)  # a genre is not confused with itself, even if none is
    true, taken_for = divmod(int(counts.argmax()), len(data.genres))
    return true, taken_for


def _choose_third_genre(data: PlotData, taken: set[int]) -> int:
    """Return Electronic, as in the study, else the most frequent of the other genres."""
    counts = np.bincount(data.scored.truth, minlength=len(data.genres))
    counts[list(taken)] = -1
    study = [label for label, genre in enumerate(data.genres) if genre == "Electronic"]
    return next((label for label in study if counts[label] > 0), int(counts.argmax()))


def _draw_grid(data: PlotData, title: str, columns: Columns) -> Figure:
    n_rows = max(1, *(len(clips.clips) for clips in columns.values()))
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width * len(columns) + 1, height * n_rows + 1.1))
    grid = figure.subplots(n_rows, len(columns), squeeze=False, sharex=True, sharey=True)
    set_title(figure, data.model.name, title)
    image = None
    for panels, (name, scored) in zip(grid.T, columns.items(), strict=True):
        for row, axes in enumerate(panels):
            if row < len(scored.clips):
                image = _draw_clip(axes, data, scored.take([row]))
            elif row:
                axes.set_visible(False)
            else:
                axes.set_axis_off()
                axes.text(
                    0.5, 0.5, f"no clips:\n{textwrap.fill(name, _TITLE_CHARACTERS)}",
                    ha="center", va="center", transform=axes.transAxes,
                )  # fmt: skip
        panels[max(0, len(scored.clips) - 1)].tick_params(labelbottom=True)
    _label_axes(figure, grid, image, data)
    return figure


def _draw_clip(axes: Axes, data: PlotData, scored: ClipScores) -> Any:
    """Draw the middle window of one clip; return the image, which knows its colours."""
    windows = extract_windows(scored.clips[0].path, data.model.spec)
    mel = windows[len(windows) // 2]
    seconds = data.model.manifest.window.length_s
    axes.set_title(_describe(data, scored), fontsize=9)
    return axes.imshow(
        mel.T, origin="lower", aspect="auto", cmap="magma", interpolation="nearest",
        extent=(0, seconds, 0, mel.shape[1]), vmin=0, vmax=max(1.0, float(mel.max())),
    )  # fmt: skip


def _describe(data: PlotData, scored: ClipScores) -> str:
    """Return the name of one clip, its true genre, and what the model takes it for."""
    name = short_name(scored.clips[0].name)
    if len(name) > _TITLE_CHARACTERS:
        name = f"...{name[3 - _TITLE_CHARACTERS :]}"
    predicted, score = int(scored.predicted[0]), scored.probabilities.max()
    text = f"{data.genres[scored.truth[0]]}, predicted {data.genres[predicted]} {score:.0%}"
    return f"{name}\n{textwrap.fill(text, _TITLE_CHARACTERS)}"


def _label_axes(figure: Figure, grid: NDArray[Any], image: Any, data: PlotData) -> None:
    front_end = data.model.manifest.front_end
    bands, names = _find_ticks(front_end)
    for axes in grid.flat:
        axes.set_yticks(bands, names)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], prune="upper"))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.spines[:].set_visible(False)
    figure.supxlabel("seconds", fontsize=10)
    figure.supylabel("Hz", fontsize=10)
    if image is not None:
        bar = figure.colorbar(image, ax=grid, shrink=0.6, pad=0.01)
        if front_end.scaling == "db-minmax":
            ticks = np.linspace(0, 1, 5)
            bar.set_ticks(list(ticks), labels=[f"{(t - 1) * DYNAMIC_RANGE_DB:.0f}" for t in ticks])
            bar.set_label("dB relative to the loudest point")


def _find_ticks(front_end: FrontEnd) -> tuple[list[float], list[str]]:
    """Return where round frequencies lie on the axis of mel bands, and their names."""
    ticks_hz = [hz for hz in _TICKS_HZ if hz < front_end.rate_hz / 2]
    names = [f"{hz / 1000:g}k" if hz >= 1000 else str(hz) for hz in ticks_hz]
    return [hz_to_band(hz, front_end) for hz in ticks_hz], names
