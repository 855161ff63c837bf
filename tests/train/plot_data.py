"""Scores of clips made by code, in any number and of any genres, as pictures are drawn from."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from genretag.domain.genre import GenreVocabulary
from genretag_train.data.dataset import Clip
from genretag_train.evaluation.evaluate import ClipScores
from genretag_train.evaluation.models import EvaluatedModel
from genretag_train.plots.data import PlotData

FMA = (
    "Blues", "Classical", "Country", "Easy Listening", "Electronic", "Experimental", "Folk",
    "Hip-Hop", "Instrumental", "International", "Jazz", "Old-Time", "Pop", "Rock",
    "Soul-RnB", "Spoken",
)  # fmt: skip


def invented(
    genres: tuple[str, ...], n: int, name: str = "invented", shares: Sequence[float] | None = None
) -> PlotData:
    """`n` clips in shares by genre, equal ones if not given; judged at random but rather well."""
    rng = np.random.default_rng(0)
    truth = rng.choice(len(genres), size=n, p=shares)
    probabilities = rng.random((n, len(genres))) / 2 + np.eye(len(genres))[truth] * rng.random(
        (n, 1)
    )
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    model = SimpleNamespace(manifest=SimpleNamespace(genres=GenreVocabulary(genres)))
    evaluated = EvaluatedModel(name, Path("model.onnx"), model, None, {})
    clips = tuple(Clip(Path(str(i)), str(i), genres[t], str(i)) for i, t in enumerate(truth))
    centres = rng.normal(size=(len(genres), 8))
    embeddings = (centres[truth] + rng.normal(size=(n, 8)) / 3).astype(np.float32)
    scored = ClipScores(clips, truth, tuple(probabilities[:, None]), (), embeddings)
    counts = np.bincount(truth, minlength=len(genres)).tolist()
    return PlotData(evaluated, scored, {"train": counts, "valid": counts, "test": counts}, None)
