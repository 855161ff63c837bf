"""Pictures can be read: nothing lies on anything else, and what differs looks different."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from picture_layout import find_faults, render
from plot_data import FMA, invented
from test_palette import SIGHT, lab, linear

from genretag.inference import session
from genretag_train.plots.confusion import draw_confusion
from genretag_train.plots.curves import draw_curves
from genretag_train.plots.data import PlotData
from genretag_train.plots.genres import draw_genres
from genretag_train.plots.spectrograms import draw_confused, draw_spectrograms
from genretag_train.plots.style import COLOURS, choose_look
from genretag_train.plots.tsne import draw_tsne, select_points

LONG = "cnn2d_gru-augmented-lr0.001-dropout0.3-class-weights-fma_large"
LONG_GENRES = (*FMA[:11], "Old-Time & Historic", *FMA[12:])
SHARES = (*[0.001] * 13, 0.985, 0.001, 0.001)


def curves(n_epochs: int, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    rng, epochs = np.random.default_rng(seed), np.arange(float(n_epochs))
    losses = 2.4 * np.exp(-epochs / 8) + rng.random(n_epochs) / 9
    scores = (1 - np.exp(-epochs / 7)) / 2 + rng.random(n_epochs) / 9
    columns = {"epoch": epochs, "val_loss": losses, "train_loss": losses / 2}
    columns |= dict.fromkeys(("val_accuracy", "val_f1_weighted", "val_f1_macro"), scores)
    return columns | {"learning_rate": 1e-3 * 0.5 ** (epochs // 8)}


@pytest.mark.parametrize(
    ("n_runs", "name"),
    [
        (1, "run"), (2, LONG), (4, "_mine"), (9, "Ca$h $tuff"), (9, "x" * 250), (18, "run"),
        (18, LONG),
    ],
)  # fmt: skip
def test_the_legend_of_curves_lies_beside_them(n_runs: int, name: str) -> None:
    runs = {f"{name}-{n}": curves(40 - 2 * n, n) for n in range(n_runs)}
    figure = render(lambda: draw_curves(runs))
    assert not list(find_faults(figure))
    (legend,) = figure.legends
    named = [text.get_text().replace("\n", "") for text in legend.get_texts()]
    assert named == list(runs)


@pytest.mark.parametrize("n_epochs", [(1, 1), (1, 40), (3, 400)])
def test_curves_of_any_lengths_are_laid_out(n_epochs: tuple[int, int]) -> None:
    runs = {str(n): curves(n, n) for n in n_epochs} | {"nan": curves(9)}
    runs["nan"]["val_loss"][3:6] = np.nan
    runs["nan"]["val_f1_macro"][:] = np.nan
    assert not list(find_faults(render(lambda: draw_curves(runs))))


@pytest.mark.parametrize(("scale", "kind"), [(2, "linear"), (100, "log")])
def test_losses_of_very_different_size_are_drawn_by_their_logarithm(scale: int, kind: str) -> None:
    steady = {name: np.ones_like(values) for name, values in curves(20).items()}
    huge = steady | {"val_loss": steady["val_loss"] * scale}
    figure = render(lambda: draw_curves({"steady": steady, "huge": huge}))
    assert figure.axes[0].get_yscale() == kind


@pytest.mark.parametrize("n", [2, 3, 12, 16])
@pytest.mark.parametrize("draw", [draw_confusion, draw_genres, draw_tsne])
def test_pictures_of_few_and_many_genres_are_laid_out(
    draw: Callable[[PlotData], Figure], n: int
) -> None:
    data = invented(LONG_GENRES[-n:], 200, LONG)
    assert not list(find_faults(render(lambda: draw(data))))


@pytest.mark.parametrize("n", [2, 3, 5, 12, 16])
@pytest.mark.parametrize("draw", [draw_spectrograms, draw_confused])
def test_spectrograms_of_few_and_many_genres_are_laid_out(
    draw: Callable[[PlotData], Figure], n: int, toy_run: tuple[Path, Path], toy_library: Path
) -> None:
    data = invented(LONG_GENRES[-n:], 4 * n, LONG)
    manifest = session.load(toy_run[0] / "model.onnx").manifest
    manifest = replace(manifest, genres=data.model.manifest.genres)
    sounds = sorted(toy_library.glob("*/*"))
    clips = tuple(
        replace(clip, path=sounds[place % len(sounds)], name=f"{LONG}/{place}.mp3")
        for place, clip in enumerate(data.scored.clips)
    )
    data = replace(
        data,
        model=replace(data.model, session=SimpleNamespace(manifest=manifest)),
        scored=replace(data.scored, clips=clips),
    )
    figure = render(lambda: draw(data))
    assert not list(find_faults(figure))
    # In each column the lowest panel says where the seconds are.
    panels = [axes for axes in figure.axes if axes.images]
    labelled = [axes for axes in panels if axes.xaxis.get_tick_params()["labelbottom"]]
    columns = {axes.get_subplotspec().colspan.start for axes in panels}
    assert sorted(axes.get_subplotspec().colspan.start for axes in labelled) == sorted(columns)


def test_a_row_of_the_matrix_without_clips_is_empty_and_one_all_wrong_is_plain() -> None:
    data = invented(FMA[:4], 60)
    scores = [np.eye(4)[[2 if truth < 2 else truth]] for truth in data.scored.truth]
    kept = np.flatnonzero(data.scored.truth != 3).tolist()
    data = replace(data, scored=replace(data.scored, scores=tuple(scores)).take(kept))
    axes = render(lambda: draw_confusion(data)).axes[0]
    weights = {text.get_text().partition("\n")[0]: text.get_fontweight() for text in axes.texts}
    cells = [(text.get_position(), text.get_fontweight()) for text in axes.texts]
    assert set(weights) == {"100%"}
    assert cells == [((2, 0), "normal"), ((2, 1), "normal"), ((2, 2), "bold")]
    assert axes.get_yticklabels()[3].get_text() == f"{FMA[3]} (0)"


def test_a_share_in_the_matrix_is_never_rounded_to_none_or_all() -> None:
    data = invented(FMA[:2], 600)
    truth = np.zeros(600, np.int64)
    scores = tuple(np.eye(2)[[0 if n else 1]] for n in range(600))
    data = replace(data, scored=replace(data.scored, truth=truth, scores=scores))
    shown = {text.get_text() for text in render(lambda: draw_confusion(data)).axes[0].texts}
    assert shown == {">99%\n599", "<1%\n1"}


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_few_clips_are_laid_out_by_t_sne(n: int) -> None:
    figure = render(lambda: draw_tsne(invented(FMA, n)))
    points = np.concatenate([one.get_offsets() for one in figure.axes[0].collections])
    assert len(points) == n and np.isfinite(points).all()


def test_equal_embeddings_lie_on_one_point() -> None:
    data = invented(FMA, 30)
    same = np.ones_like(data.scored.embeddings)
    figure = render(lambda: draw_tsne(replace(data, scored=replace(data.scored, embeddings=same))))
    points = np.concatenate([one.get_offsets() for one in figure.axes[0].collections])
    assert len(points) == 30 and not np.ptp(points, axis=0).any()


def test_a_draw_of_many_clips_leaves_some_of_every_genre() -> None:
    truth = np.random.default_rng(1).choice(len(FMA), size=49_598, p=SHARES)
    kept = select_points(truth)
    assert len(kept) == len(set(kept.tolist())) == 5000 and (np.diff(kept) > 0).all()
    counts, totals = np.bincount(truth[kept]), np.bincount(truth)
    assert totals.min() < 50 and (counts >= np.minimum(totals, 50)).all()
    assert (select_points(truth) == kept).all()


def test_t_sne_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genretag_train.plots.tsne._MOST_POINTS", 100)
    data = invented(FMA[:4], 1500, shares=(0.004, 0.006, 0.4, 0.59))
    figure = render(lambda: draw_tsne(data))
    assert "100 of 1,500 clips by true genre, drawn by chance" in figure.get_suptitle()
    assert "of each genre 25 at least, or all" in figure.get_suptitle()
    assert "perplexity 30, 1,000 iterations" in figure.get_suptitle()
    counts = np.bincount(data.scored.truth)
    assert counts[0] < 25
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown[0] == f"{FMA[0]} ({counts[0]})"
    assert all(text.endswith(f"of {n})") for text, n in zip(shown[2:], counts[2:], strict=True))
    assert len(shown) == 4 and not list(find_faults(figure))


def test_t_sne_counts_the_clips_of_each_genre() -> None:
    data = invented(FMA, 300)
    figure = render(lambda: draw_tsne(data))
    counts = np.bincount(data.scored.truth, minlength=len(FMA))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        f"{genre} ({count})" for genre, count in zip(FMA, counts, strict=True)
    ]
    assert figure.get_suptitle().splitlines()[1] == "300 clips by true genre"


def test_sixteen_genres_differ_without_colour_and_many_runs_with_it() -> None:
    looks = [choose_look(n) for n in range(64)]
    assert len({(look.marker, look.is_hollow) for look in looks[: len(FMA)]}) == len(FMA)
    assert len({(look.marker, look.is_hollow, look.colour) for look in looks}) == len(looks)
    assert choose_look(64) == looks[0]


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_colours_look_alike_to_anybody(sight: str) -> None:
    seen = [lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in COLOURS]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 15
