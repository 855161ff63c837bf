"""What a model hears in a track, window by window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.prediction import Embeddings, Prediction, Scores
from genretag.domain.window import Excerpt


@dataclass(frozen=True, eq=False)
class Timeline:
    """What was heard of a track, in the order of time.

    Attributes:
        genres: the model's, as columns of `scores`.
        excerpts: where each window was heard.
        silent: where there was nothing to hear.
        scores: [n_windows, n_genres], calibrated.
        embeddings: [n_windows, width]; the width is 0 if the model tells none.
        mels: [n_windows, n_frames, n_mels], as the model gets them.
        prediction: what it all comes to.
    """

    genres: tuple[str, ...]
    excerpts: tuple[Excerpt, ...]
    silent: tuple[Excerpt, ...]
    scores: Scores
    embeddings: Embeddings
    mels: NDArray[np.float32]
    prediction: Prediction
