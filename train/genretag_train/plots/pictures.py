"""The table of pictures of a model; to add one: a function and a row."""

from collections.abc import Callable, Mapping

from matplotlib.figure import Figure

from genretag_train.plots.confusion import draw_confusion
from genretag_train.plots.data import PlotData
from genretag_train.plots.genres import draw_genres
from genretag_train.plots.spectrograms import draw_confused, draw_spectrograms
from genretag_train.plots.tsne import draw_tsne

CONFUSED = "confused"
"""The picture for which a confusion and clips can be chosen."""

PICTURES: Mapping[str, Callable[[PlotData], Figure]] = {
    "confusion": draw_confusion,
    "tsne": draw_tsne,
    "spectrograms": draw_spectrograms,
    CONFUSED: draw_confused,
    "genres": draw_genres,
}
"""Pictures of one model; `curves` is a picture of several runs."""
