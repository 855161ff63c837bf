"""The prediction for a track, window by window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.prediction import Embeddings, Prediction, Scores
from genretag.domain.window import Excerpt


@dataclass(frozen=True, eq=False)
class Timeline:
    """The windows of a track in the order of time.

    Attributes:
        genres: the model's, as columns of `scores`.
        excerpts: where each window lies.
        silent: where windows lie that are silent, and so have no scores.
        scores: [n_windows, n_genres], calibrated.
        embeddings: [n_windows, width]; the width is 0 if the model has none.
        mels: [n_windows, n_frames, n_mels], the input of the model.
        prediction: for the whole track.
    """

    genres: tuple[str, ...]
    excerpts: tuple[Excerpt, ...]
    silent: tuple[Excerpt, ...]
    scores: Scores
    embeddings: Embeddings
    mels: NDArray[np.float32]
    prediction: Prediction
