"""A map of the clips as a model sees them."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from genretag_train.plots.data import PlotData
from genretag_train.plots.style import choose_colour, choose_marker

_PERPLEXITY, _ITERATIONS, _MAX_POINTS = 30, 1000, 5000


def draw_tsne(data: PlotData) -> Figure:
    """Draw the embeddings of the clips in two dimensions, each genre in colour and marker.

    A model without embeddings is drawn by its scores.
    """
    scored = data.scored
    embeddings = scored.embeddings if scored.embeddings.shape[1] else scored.probabilities
    kept = np.arange(len(scored.truth))
    if len(kept) > _MAX_POINTS:
        kept = np.sort(np.random.default_rng(0).choice(kept, _MAX_POINTS, replace=False))
    perplexity = min(_PERPLEXITY, (len(kept) - 1) / 3)
    points, truth = _project(embeddings[kept].astype(np.float64), perplexity), scored.truth[kept]
    figure = Figure(figsize=(10, 7))
    axes = figure.subplots()
    for label, genre in enumerate(data.genres):
        own = points[truth == label]
        if len(own):
            axes.scatter(
                own[:, 0], own[:, 1], s=90 if choose_marker(label) == "*" else 42,
                marker=choose_marker(label), color=choose_colour(label), alpha=0.8,
                linewidths=0.4, edgecolors="white", label=f"{genre} ({len(own)})",
            )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_title(
        f"{data.model.name}: {len(kept)} clips by true genre; t-SNE of the penultimate layer, "
        f"perplexity {perplexity:.0f}, {_ITERATIONS:,} iterations"
    )
    axes.legend(
        loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, title="genre (clips)",
        labelspacing=0.7,
    )  # fmt: skip
    return figure


def _project(embeddings: NDArray[np.float64], perplexity: float) -> NDArray[np.float64]:
    """Project [n_clips, width] to [n_clips, 2] by t-SNE (van der Maaten and Hinton, 2008)."""
    from sklearn.manifold import TSNE

    tsne = TSNE(perplexity=perplexity, max_iter=_ITERATIONS, init="pca", random_state=0)
    points: NDArray[np.float64] = tsne.fit_transform(embeddings)
    return points
