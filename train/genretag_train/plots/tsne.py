"""A map of the clips as a model sees them."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from genretag.domain.metrics import Labels
from genretag_train.plots.data import PlotData
from genretag_train.plots.style import choose_look, set_title

_PERPLEXITY, _ITERATIONS, _MOST_POINTS = 30, 1000, 5000
_FEWEST_OF_GENRE = 50
_MANY = 1000  # points, which are drawn smaller


def draw_tsne(data: PlotData) -> Figure:
    """Draw the embeddings of the clips in two dimensions, each genre in a look of its own.

    A model without embeddings is drawn by its scores.
    """
    scored = data.scored
    layer, vectors = "penultimate layer", scored.embeddings.astype(np.float64)
    if not vectors.shape[1]:
        layer, vectors = "scores", scored.probabilities
    kept = select_points(scored.truth)
    perplexity = min(_PERPLEXITY, (len(kept) - 1) / 3)
    points, truth = _project(vectors[kept], perplexity), scored.truth[kept]
    figure = Figure(figsize=(10, 7))
    axes = figure.subplots()
    area = 45 if len(kept) < _MANY else 22
    for label, genre in enumerate(data.genres):
        own, look = points[truth == label], choose_look(label)
        total = np.count_nonzero(scored.truth == label)
        of = f" of {total:,}" if len(own) < total else ""
        if len(own):
            axes.scatter(
                own[:, 0], own[:, 1], s=2 * area if look.marker == "*" else area,
                marker=look.marker, facecolors=look.face, alpha=0.8,
                edgecolors=look.colour if look.is_hollow else "white",
                linewidths=1 if look.is_hollow else 0.4, label=f"{genre} ({len(own):,}{of})",
                zorder=2 - len(own) / len(kept),  # the rare above the frequent
            )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    clips = f"{len(kept):,} clips by true genre"
    if len(kept) < len(scored.truth):
        clips = (
            f"{len(kept):,} of {len(scored.truth):,} clips by true genre, drawn by chance: "
            f"of each genre {_count_fewest(scored.truth)} at least, or all"
        )
    set_title(
        figure,
        data.model.name,
        clips,
        f"t-SNE of the {layer}, perplexity {perplexity:.2g}, {_ITERATIONS:,} iterations",
    )
    figure.legend(
        handles=list(axes.collections), loc="outside right center", frameon=False,
        title="genre (clips)", alignment="left", labelspacing=0.7,
        markerscale=1 if len(kept) < _MANY else 1.4,
    )  # fmt: skip
    return figure


def select_points(truth: Labels) -> NDArray[np.intp]:
    """Return the indices of the clips to draw, ascending: all, or those of a seeded draw.

    Of each genre some are drawn, lest rare ones vanish, and then of all alike.
    """
    if len(truth) <= _MOST_POINTS:
        return np.arange(len(truth))
    order, fewest = np.random.default_rng(0).permutation(len(truth)), _count_fewest(truth)
    ahead = np.concatenate([order[truth[order] == label][:fewest] for label in np.unique(truth)])
    others = order[~np.isin(order, ahead)]
    return np.sort(np.concatenate([ahead, others])[:_MOST_POINTS])


def _count_fewest(truth: Labels) -> int:
    return min(_FEWEST_OF_GENRE, _MOST_POINTS // len(np.unique(truth)))


def _project(embeddings: NDArray[np.float64], perplexity: float) -> NDArray[np.float64]:
    """Project [n_clips, width] to [n_clips, 2] by t-SNE (van der Maaten and Hinton, 2008)."""
    from sklearn.manifold import TSNE

    if not np.ptp(embeddings, axis=0).any():
        return np.zeros((len(embeddings), 2))  # PCA, with which it starts, cannot scale nothing
    tsne = TSNE(perplexity=perplexity, max_iter=_ITERATIONS, init="pca", random_state=0)
    points: NDArray[np.float64] = tsne.fit_transform(embeddings)
    return points
