"""Draws an inspection: spectrogram, scores over time, and what speaks for the best genre."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genretag.audio.mel import DYNAMIC_RANGE_DB, hz_to_band
from genretag.domain.front_end import FrontEnd
from genretag.domain.inspection import Inspection
from genretag.library import paths
from genretag.report.palette import AGAINST, FOR
from genretag.report.text import format_percent, format_time, visible

paths.adopt_caches()  # matplotlib looks for its folder while it is imported

import matplotlib  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

_STYLE: Any = {
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "genretag",
    "svg.fonttype": "none",
}
_DPI = 150
_TOP_GENRES = 5
_DARK = 0.6
# Of windows, beside each other, the share that is left white between two.
_GAP = 0.04
# More windows are too narrow for numbers and gaps.
_MOST_NUMBERS = 16
_TICKS = 9
_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)


def save_picture(inspection: Inspection, front_end: FrontEnd, file: Path) -> None:
    """Write the picture of an inspection to `file`, as PNG or SVG by its suffix; OSError."""
    matplotlib.use("Agg")
    # Characters that the font lacks are drawn as boxes, which is good enough.
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        # A date would make pictures of the same file differ.
        metadata = {"Date": None} if file.suffix.casefold() == ".svg" else None
        draw_picture(inspection, front_end).savefig(file, dpi=_DPI, metadata=metadata)


def draw_picture(inspection: Inspection, front_end: FrontEnd) -> Figure:
    """Draw an inspection; windows stand side by side, with the track's times below."""
    rows = {"sound": 3.2}
    if inspection.best:
        rows["genres"] = 1.9
    if inspection.effects:
        rows["worth"] = 1.5
    columns = [4.0, 1.0] if inspection.bands else [1.0]
    figure = Figure(figsize=(10.0, 1.0 + sum(rows.values())))
    grid = figure.subplots(
        len(rows), len(columns), squeeze=False,
        height_ratios=list(rows.values()), width_ratios=columns, sharex="col",
    )  # fmt: skip
    panels = dict(zip(rows, grid[:, 0], strict=True))
    _spectrogram(panels["sound"], inspection, front_end)
    if "genres" in panels:
        _genres(panels["genres"], inspection)
    if "worth" in panels:
        _worth(panels["worth"], inspection)
    if inspection.bands:
        for axes in grid[1:, 1]:
            axes.set_visible(False)
        _octaves(grid[0, 1], inspection, front_end)
    _times(grid[-1, 0], inspection)
    figure.suptitle(_title(inspection), fontsize=11)
    return figure


def _title(inspection: Inspection) -> str:
    best = inspection.best
    result = "nothing but silence"
    if best:
        shown = inspection.family or best
        result = f"{shown.name} {format_percent(shown.score).strip()}"
        result += "" if inspection.is_sure else f", unsure (below {inspection.threshold:.2f})"
    # A dollar sign would begin a formula.
    name = visible(inspection.path.name).replace("$", r"\$")
    return f"{name}: {result}\n{inspection.timeline.prediction.model}"


def _spectrogram(axes: Axes, inspection: Inspection, front_end: FrontEnd) -> None:
    """Draw windows side by side, each a unit wide."""
    mels = inspection.timeline.mels
    top = max(1e-9, float(mels.max(initial=0.0)))
    for window, mel in enumerate(mels):
        image = axes.imshow(
            mel.T, origin="lower", aspect="auto", cmap="magma", interpolation="nearest",
            extent=(*_edges(window, len(mels)), 0, front_end.n_mels), vmin=0, vmax=top,
        )  # fmt: skip
    axes.set_xlim(0, max(1, len(mels)))
    axes.set_ylim(0, front_end.n_mels)
    _hertz(axes, front_end)
    axes.set_ylabel("Hz")
    axes.set_title("what the model gets", loc="left")
    axes.spines[:].set_visible(False)
    if len(mels):
        _scale(axes, image, front_end, top)


def _scale(axes: Axes, image: Any, front_end: FrontEnd, top: float) -> None:
    bar = axes.figure.colorbar(image, ax=axes, pad=0.01, aspect=30)
    if front_end.scaling == "db-minmax":
        ticks = np.linspace(0, 1, 5)
        bar.set_ticks(list(ticks), labels=[f"{(t - 1) * DYNAMIC_RANGE_DB:.0f}" for t in ticks])
        bar.set_label("dB below the loudest")
    else:
        bar.set_ticks([0, top], labels=["silent", "loud"])


def _genres(axes: Axes, inspection: Inspection) -> None:
    """Draw the scores of the best genres in each window, as shades and as numbers."""
    timeline = inspection.timeline
    best = timeline.prediction.genres[:_TOP_GENRES]
    scores = timeline.scores[:, [timeline.genres.index(genre.name) for genre in best]]
    for window, row in enumerate(scores):
        axes.imshow(
            row[::-1, None], origin="lower", aspect="auto", cmap="Blues", vmin=0, vmax=1,
            extent=(*_edges(window, len(scores)), 0, len(best)),
        )  # fmt: skip
        for rank, score in enumerate(row if len(scores) <= _MOST_NUMBERS else ()):
            axes.text(
                window + 0.5, len(best) - rank - 0.5, format_percent(score).strip(), fontsize=9,
                ha="center", va="center", color="white" if score > _DARK else "black",
            )  # fmt: skip
    axes.set_ylim(0, len(best))
    names = [f"{genre.name} {format_percent(genre.score)}" for genre in reversed(best)]
    axes.set_yticks(np.arange(len(best)) + 0.5, names)
    axes.tick_params(axis="y", length=0)
    what = "how likely each window makes each genre"
    if not inspection.timeline.prediction.is_calibrated:
        what = "score of each genre in each window, not calibrated"
    axes.set_title(what, loc="left")
    axes.spines[:].set_visible(False)


def _worth(axes: Axes, inspection: Inspection) -> None:
    """Draw the effect of each stretch on the best genre: upwards for it, downwards against it."""
    best = inspection.best.name if inspection.best else ""
    most = 0.05
    for window, effects in enumerate(inspection.effects):
        low, high = _edges(window, len(inspection.effects))
        edges = np.linspace(low, high, len(effects) + 1)
        worth = np.array([effect.worth for effect in effects])
        most = max(most, float(np.abs(worth).max()))
        for side, colour, hatch in ((worth > 0, FOR, ""), (worth < 0, AGAINST, "////")):
            axes.bar(
                edges[:-1][side], worth[side], np.diff(edges)[side] * 0.94, align="edge",
                color=colour, edgecolor="black", linewidth=0.4, hatch=hatch,
            )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylim(-1.15 * most, 1.15 * most)
    axes.set_ylabel("against   for")
    axes.set_title(f"what {best} would lose if a second were silent", loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def _octaves(axes: Axes, inspection: Inspection, front_end: FrontEnd) -> None:
    """Draw the effect of each octave, beside the spectrogram's axis."""
    for band, worth in inspection.octaves:
        low, high = (hz_to_band(hz, front_end) for hz in (band.low_hz, band.high_hz))
        axes.barh(
            low, worth, 0.92 * (high - low), align="edge", color=FOR if worth > 0 else AGAINST,
            hatch="" if worth > 0 else "////", edgecolor="black", linewidth=0.4,
        )  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_ylim(0, front_end.n_mels)
    limit = 1.15 * max(0.05, *(abs(worth) for _, worth in inspection.octaves))
    axes.set_xlim(-limit, limit)
    _hertz(axes, front_end)
    axes.set_xlabel("against  for")
    axes.tick_params(labelbottom=True)
    axes.set_title("without an octave")
    axes.spines[["top", "right"]].set_visible(False)


def _times(axes: Axes, inspection: Inspection) -> None:
    excerpts = inspection.timeline.excerpts
    every = -(-len(excerpts) // _TICKS) or 1
    shown: Sequence[int] = range(0, len(excerpts), every)
    axes.set_xticks(
        [_edges(window, len(excerpts))[0] for window in shown],
        [format_time(excerpts[window].start_s) for window in shown],
    )
    axes.set_xlabel(f"time in the track; each window is {_length(inspection)} long")


def _length(inspection: Inspection) -> str:
    return f"{max((e.length_s for e in inspection.timeline.excerpts), default=0.0):.3g} s"


def _hertz(axes: Axes, front_end: FrontEnd) -> None:
    wanted = [hz for hz in _TICKS_HZ if hz < front_end.rate_hz / 2]
    names = [f"{hz / 1000:g}k" if hz >= 1000 else str(hz) for hz in wanted]
    axes.set_yticks([hz_to_band(hz, front_end) for hz in wanted], names)


def _edges(window: int, windows: int) -> tuple[float, float]:
    gap = _GAP if windows <= _MOST_NUMBERS else 0.0
    return window + gap / 2, window + 1 - gap / 2
