"""Pictures of runs and models: a function and a row in `PICTURES` for each."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from genretag.audio.mel import DYNAMIC_RANGE_DB, hz_to_band
from genretag.domain.manifest import FrontEnd
from genretag.domain.metrics import Labels, row_shares
from genretag_train.data.dataset import SIDES
from genretag_train.evaluation import metrics
from genretag_train.evaluation.evaluate import Heard
from genretag_train.evaluation.runs import Subject
from genretag_train.features.extraction import extract_windows

matplotlib.use("Agg")

# Okabe and Ito (2008), for all kinds of colour vision; its yellow is too faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C564B")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "p", "h", "d", "H", "8", "$+$")
_LINES = ("-", "--", "-.", ":")
_SCORES = {"val_f1_macro": "F1 macro", "val_f1_weighted": "F1 weighted", "val_accuracy": "accuracy"}
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "genretag",
}
_PERPLEXITY, _ITERATIONS, _MOST_POINTS = 30, 1000, 5000
_DPI, _PANEL_ROWS, _DARK = 150, 3, 0.5

Curve = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Material:
    """What pictures of one model are made of.

    `sides` counts the clips of each genre on each side, in the order of `genres`;
    `confusion` names the true genre and what it is taken for, None for the most frequent.
    """

    subject: Subject
    found: Heard
    sides: Mapping[str, Sequence[int]]
    confusion: tuple[str, str] | None

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres in the order of the model's outputs."""
        return self.subject.genres


def curves_of(run: Path) -> Curve:
    """The columns of a run's `curves.csv`, empty without one."""
    file = run / "curves.csv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    columns = rows[0].keys() if rows else ()
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in columns}


def curves(runs: Mapping[str, Curve]) -> Figure:
    """Loss, accuracy and F1, and learning rate by epoch; a colour and a marker for each run."""
    figure = Figure(figsize=(13, 4.2))
    loss, score, rate = figure.subplots(1, 3)
    panels = (
        (loss, "Loss", {"val_loss": "valid", "train_loss": "train"}),
        (score, "Valid side, by clip", _SCORES),
        (rate, "Learning rate", {"learning_rate": ""}),
    )
    for axes, title, columns in panels:
        for place, (name, curve) in enumerate(runs.items()):
            for line, (column, words) in zip(_LINES, columns.items(), strict=False):
                if column in curve:
                    label = ", ".join(filter(None, (name if len(runs) > 1 else "", words)))
                    epochs = curve["epoch"]
                    axes.plot(
                        epochs, curve[column], line, label=label or None, color=_colour(place),
                        marker=_marker(place), markersize=4, linewidth=1.4,
                        markevery=max(1, len(epochs) // 12),
                    )  # fmt: skip
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.25)
        if axes.get_legend_handles_labels()[1]:
            # Long enough for a dash and a dot to differ from two dashes.
            axes.legend(fontsize=8, framealpha=0.8, handlelength=4)
    score.set_ylim(0, 1)
    rate.set_yscale("log")
    rate.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    rate.yaxis.set_major_formatter("{x:.2g}")
    rate.yaxis.set_minor_formatter(NullFormatter())
    return figure


def confusion(told: Material) -> Figure:
    """Of each genre (row), the share taken for each (column), and how many clips that is."""
    said = told.found.probabilities.argmax(axis=1)
    report = metrics.report(
        told.found.probabilities, told.found.truth, [c.group for c in told.found.clips], told.genres
    )
    counts = np.array(report["confusion"])
    shares = np.array(row_shares(counts.tolist()))
    figure = Figure(figsize=(0.62 * len(told.genres) + 4.4, 0.62 * len(told.genres) + 2.2))
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column, row, f"{shares[row, column]:.0%}\n{counts[row, column]}",
            ha="center", va="center", fontsize=8, linespacing=1.1,
            fontweight="bold" if row == column else "normal",
            color="white" if shares[row, column] > _DARK else "black",
        )  # fmt: skip
    places = range(len(told.genres))
    axes.set_xticks(places, told.genres, rotation=45, ha="right", rotation_mode="anchor")
    clips = counts.sum(axis=1)
    axes.set_yticks(places, [f"{g} ({n})" for g, n in zip(told.genres, clips, strict=True)])
    axes.set_xlabel("what the model says")
    axes.set_ylabel("true genre (clips)")
    axes.set_xticks(np.arange(0.5, len(told.genres) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(told.genres) - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)  # dark neighbours stay apart
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(
        f"{told.subject.name}: accuracy {report['accuracy']:.1%} of {len(said)} clips, "
        f"macro-F1 {report['f1_macro']:.3f}"
    )
    figure.colorbar(image, ax=axes, shrink=0.6, label="share of the true genre", format="{x:.0%}")
    return figure


def tsne(told: Material) -> Figure:
    """The clips' penultimate embeddings in two dimensions (van der Maaten and Hinton, 2008)."""
    from sklearn.manifold import TSNE

    kept = np.arange(len(told.found.truth))
    if len(kept) > _MOST_POINTS:
        kept = np.sort(np.random.default_rng(0).choice(kept, _MOST_POINTS, replace=False))
    truth, perplexity = told.found.truth[kept], min(_PERPLEXITY, (len(kept) - 1) / 3)
    points = TSNE(
        perplexity=perplexity, max_iter=_ITERATIONS, init="pca", random_state=0
    ).fit_transform(told.found.embedded[kept].astype(np.float64))
    figure = Figure(figsize=(10, 7))
    axes = figure.subplots()
    for place, genre in enumerate(told.genres):
        mine = points[truth == place]
        if len(mine):
            axes.scatter(
                mine[:, 0], mine[:, 1], s=90 if _marker(place) == "*" else 42,
                marker=_marker(place), color=_colour(place), alpha=0.8, linewidths=0.4,
                edgecolors="white", label=f"{genre} ({len(mine)})",
            )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_title(
        f"{told.subject.name}: {len(kept)} clips by true genre; t-SNE of the penultimate layer, "
        f"perplexity {perplexity:.0f}, {_ITERATIONS:,} iterations"
    )
    axes.legend(
        loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, title="genre (clips)",
        labelspacing=0.7,
    )  # fmt: skip
    return figure


def spectrograms(told: Material) -> Figure:
    """A clip of each genre: the one that is most surely right, else any."""
    probabilities, truth = told.found.probabilities, told.found.truth
    heard = [place for place in range(len(told.genres)) if place in truth]
    columns = min(4, len(heard))
    rows = -(-len(heard) // columns)
    figure = Figure(figsize=(3.2 * columns + 1, 2.3 * rows + 0.6))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(heard) :]:
        axes.set_visible(False)
    for axes, place in zip(grid.flat, heard, strict=False):
        mine = np.flatnonzero(truth == place)
        best = int(mine[probabilities[mine, place].argmax()])
        said = told.genres[probabilities[best].argmax()]
        fate = "" if said == told.genres[place] else f", taken for {said}"
        image = _spectrogram(axes, told, best, f"{told.genres[place]}{fate}")
    _label(figure, grid, image, told)
    return figure


def confused(told: Material) -> Figure:
    """True clips of a genre, those of another that are taken for it, and a third genre."""
    probabilities, truth = told.found.probabilities, told.found.truth
    said = probabilities.argmax(axis=1)
    of, taken_for = _confusion_of(told, said)
    other = _third_genre(told, {of, taken_for})
    wrong = f"{told.genres[of]} taken for {told.genres[taken_for]}"
    columns = [
        (told.genres[taken_for], (truth == taken_for) & (said == taken_for), taken_for),
        (wrong, (truth == of) & (said == taken_for), taken_for),
        (told.genres[other], truth == other, other),
    ]
    figure = Figure(figsize=(10.6, 7.5))
    grid = figure.subplots(_PANEL_ROWS, len(columns), squeeze=False, sharex=True, sharey=True)
    image = None
    for column, (title, mask, score) in enumerate(columns):
        indices = np.flatnonzero(mask)
        best = indices[np.argsort(-probabilities[indices, score])][:_PANEL_ROWS]
        for row in range(_PANEL_ROWS):
            axes = grid[row, column]
            if row < len(best):
                points = f"{probabilities[best[row], score]:.0%} {told.genres[score]}"
                image = _spectrogram(axes, told, int(best[row]), f"{title} ({points})")
            else:
                axes.set_title(title, fontsize=9)
                axes.text(0.5, 0.5, "no more such clips", ha="center", transform=axes.transAxes)
    _label(figure, grid, image, told)
    return figure


def distribution(told: Material) -> Figure:
    """How many clips of each genre there are on each side, the most frequent genre on top."""
    totals = np.sum([told.sides[side] for side in told.sides], axis=0)
    order = np.argsort(totals, kind="stable")
    figure = Figure(figsize=(9, 1.6 + 0.36 * len(order)))
    axes = figure.subplots()
    left = np.zeros(len(order))
    hatches = dict(zip((*SIDES, "all"), ("", "///", "...", ""), strict=True))
    for place, (side, counts) in enumerate(told.sides.items()):
        widths = np.asarray(counts)[order]
        axes.barh(
            range(len(order)), widths, left=left, color=_colour(place), hatch=hatches[side],
            edgecolor="white", linewidth=0.6, label=f"{side} ({sum(counts):,})",
        )  # fmt: skip
        left += widths
    for row, place in enumerate(order):
        axes.annotate(
            f"{totals[place]:,}", (totals[place], row), (4, 0), textcoords="offset points",
            va="center", fontsize=9,
        )  # fmt: skip
    axes.set_yticks(range(len(order)), [told.genres[place] for place in order])
    axes.set_ylim(-0.7, len(order) - 0.3)
    axes.set_xlabel("clips")
    axes.set_title(f"{told.subject.name}: {int(totals.sum()):,} clips by genre and side")
    # Below the axes: bars of equal length leave no room within.
    figure.legend(loc="outside lower center", ncols=len(told.sides), frameon=False)
    return figure


PICTURES: Mapping[str, Callable[[Material], Figure]] = {
    "confusion": confusion,
    "tsne": tsne,
    "spectrograms": spectrograms,
    "confused": confused,
    "genres": distribution,
}
"""What is drawn of a model; `curves` is drawn of runs."""


def drawn(draw: Callable[[Any], Figure], told: Any, stem: Path) -> list[Path]:
    """Write the picture beside `stem` as PNG and SVG; the files."""
    with matplotlib.rc_context(_STYLE):
        figure = draw(told)
        files = [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "svg")]
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file in files:
            # A date would make pictures of the same run differ.
            metadata = {"Date": None} if file.suffix == ".svg" else None
            figure.savefig(file, dpi=_DPI, metadata=metadata)
    return files


def _confusion_of(told: Material, said: Labels) -> tuple[int, int]:
    if told.confusion:
        return told.genres.index(told.confusion[0]), told.genres.index(told.confusion[1])
    counts = np.zeros((len(told.genres),) * 2, int)
    np.add.at(counts, (told.found.truth, said), 1)
    np.fill_diagonal(counts, -1)  # a genre is not confused with itself, even if none is
    of, taken_for = divmod(int(counts.argmax()), len(told.genres))
    return of, taken_for


def _third_genre(told: Material, taken: set[int]) -> int:
    """Electronic, as the study had it, else the most frequent of the others."""
    counts = np.bincount(told.found.truth, minlength=len(told.genres))
    counts[list(taken)] = -1
    study = [place for place, genre in enumerate(told.genres) if genre == "Electronic"]
    return next((place for place in study if counts[place] > 0), int(counts.argmax()))


def _spectrogram(axes: Axes, told: Material, clip: int, title: str) -> Any:
    subject = told.subject
    windows = extract_windows(told.found.clips[clip].path, subject.spec)
    mel = windows[len(windows) // 2]
    seconds = subject.model.manifest.window.length_s
    axes.set_title(title, fontsize=9)
    return axes.imshow(
        mel.T, origin="lower", aspect="auto", cmap="magma", interpolation="nearest",
        extent=(0, seconds, 0, mel.shape[1]), vmin=0, vmax=max(1.0, float(mel.max())),
    )  # fmt: skip


def _label(figure: Figure, grid: NDArray[Any], image: Any, told: Material) -> None:
    front_end = told.subject.model.manifest.front_end
    bands, names = _hertz(front_end)
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


def _hertz(front_end: FrontEnd) -> tuple[list[float], list[str]]:
    """Where round frequencies lie on the axis of mel bands, and their names."""
    wanted = [hz for hz in (250, 1000, 4000, 8000) if hz < front_end.rate_hz / 2]
    bands = [hz_to_band(hz, front_end) for hz in wanted]
    return bands, [f"{hz / 1000:g}k" if hz >= 1000 else str(hz) for hz in wanted]


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _marker(place: int) -> str:
    return MARKERS[place % len(MARKERS)]
