"""Stage 6: aggregate the windows of a file to one prediction."""

import numpy as np

from genretag.domain.prediction import Embeddings, Prediction, Scores, mean_scores, rank_genres
from genretag.inference.session import Model


def aggregate(
    scores: Scores, embeddings: Embeddings, duration_s: float, model: Model
) -> Prediction:
    """Return the prediction for a file: the mean of its windows' scores and embeddings.

    A learned head scores the mean of the embeddings, as it was fitted to such means.

    Args:
        scores: [n_windows, n_genres], rows sum to 1.
        embeddings: [n_windows, width].
        duration_s: how long the file plays.
        model: that the scores are of.
    """
    if not len(scores):
        return silent_prediction(duration_s, model)
    prediction = Prediction(
        rank_genres(model.manifest.genres.names, mean_scores(scores, model.manifest.averaging)),
        len(scores),
        duration_s,
        model.identity,
        embeddings.mean(axis=0).astype(np.float16),
    )
    return model.rescore(prediction)


def silent_prediction(duration_s: float, model: Model) -> Prediction:
    """Return the prediction for a file of silence: no genres, no windows."""
    return model.rescore(Prediction((), 0, duration_s, model.identity))
