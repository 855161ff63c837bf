"""Mel spectrograms of clips: one of each genre, and those of a confusion."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from genretag.audio.mel import DYNAMIC_RANGE_DB, hz_to_band
from genretag.domain.front_end import FrontEnd
from genretag.domain.metrics import confusion
from genretag_train.features.extraction import extract_windows
from genretag_train.plots.data import PlotData

_ROWS = 3
_TICKS_HZ = (250, 1000, 4000, 8000)


def draw_spectrograms(data: PlotData) -> Figure:
    """Draw a clip of each genre: the one with the highest score of it."""
    genres, truth, probabilities = data.genres, data.scored.truth, data.scored.probabilities
    labels = np.unique(truth).tolist()
    n_columns = min(4, len(labels))
    n_rows = -(-len(labels) // n_columns)
    figure = Figure(figsize=(3.2 * n_columns + 1, 2.3 * n_rows + 0.6))
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(labels) :]:
        axes.set_visible(False)
    for axes, label in zip(grid.flat, labels, strict=False):
        own = np.flatnonzero(truth == label)
        best = int(own[probabilities[own, label].argmax()])
        predicted = int(probabilities[best].argmax())
        mistake = "" if predicted == label else f", taken for {genres[predicted]}"
        image = _draw_clip(axes, data, best, f"{genres[label]}{mistake}")
    _label_axes(figure, grid, image, data)
    return figure


def draw_confused(data: PlotData) -> Figure:
    """Draw true clips of a genre, those of another that are taken for it, and a third genre."""
    genres, truth, predicted = data.genres, data.scored.truth, data.scored.predicted
    probabilities = data.scored.probabilities
    true, taken_for = choose_confusion(data)
    other = _choose_third_genre(data, {true, taken_for})
    columns = (
        (genres[taken_for], (truth == taken_for) & (predicted == taken_for), taken_for),
        (
            f"{genres[true]} taken for {genres[taken_for]}",
            (truth == true) & (predicted == taken_for),
            taken_for,
        ),
        (genres[other], truth == other, other),
    )
    figure = Figure(figsize=(10.6, 7.5))
    grid = figure.subplots(_ROWS, len(columns), squeeze=False, sharex=True, sharey=True)
    image = None
    for column, (title, mask, label) in zip(grid.T, columns, strict=True):
        clips = np.flatnonzero(mask)
        best = clips[np.argsort(-probabilities[clips, label])].tolist()
        for row, axes in enumerate(column):
            if row < len(best):
                score = f"{probabilities[best[row], label]:.0%} {genres[label]}"
                image = _draw_clip(axes, data, best[row], f"{title} ({score})")
            else:
                axes.set_title(title, fontsize=9)
                axes.text(0.5, 0.5, "no more such clips", ha="center", transform=axes.transAxes)
    _label_axes(figure, grid, image, data)
    return figure


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


def _draw_clip(axes: Axes, data: PlotData, clip: int, title: str) -> Any:
    """Draw the middle window of a clip; return the image, which knows its colours."""
    windows = extract_windows(data.scored.clips[clip].path, data.model.spec)
    mel = windows[len(windows) // 2]
    seconds = data.model.manifest.window.length_s
    axes.set_title(title, fontsize=9)
    return axes.imshow(
        mel.T, origin="lower", aspect="auto", cmap="magma", interpolation="nearest",
        extent=(0, seconds, 0, mel.shape[1]), vmin=0, vmax=max(1.0, float(mel.max())),
    )  # fmt: skip


def _label_axes(figure: Figure, grid: NDArray[Any], image: Any, data: PlotData) -> None:
    front_end = data.model.manifest.front_end
    bands, names = _find_ticks(front_end)
    for axes in grid.flat:
        axes.set_yticks(bands, names)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter("{x:g}")  # 2.0 would touch the 0.0 of the next
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
