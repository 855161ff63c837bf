"""From a file to what a model hears in it."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.audio.decode import listen
from genretag.audio.mel import features
from genretag.domain.prediction import AGGREGATIONS, Prediction, ranked
from genretag.domain.window import COVERAGES, Excerpt
from genretag.inference.session import BATCH, Model


def hear(path: Path, model: Model, coverage: str, aggregation: str = "mean") -> Prediction:
    """Listen to excerpts of `path` and score them; windows of silence have no say.

    Args:
        path: an audio file.
        model: whose manifest says how to listen.
        coverage: a key of `domain.window.COVERAGES`.
        aggregation: a key of `domain.prediction.AGGREGATIONS`.

    Raises:
        FileError: the file cannot be read or decoded.
    """
    manifest = model.manifest
    rate_hz = manifest.front_end.rate_hz
    n_samples = round(manifest.window.length_s * rate_hz)
    duration_s = 0.0

    def plan(length_s: float) -> list[Excerpt]:
        # Asked a second time when the file turns out shorter than its header says.
        nonlocal duration_s
        duration_s = length_s
        return COVERAGES[coverage](length_s, manifest.window)

    windows = (
        features(waveform.fitted(n_samples), manifest.front_end)
        for waveform in listen(path, rate_hz, plan)
        if not waveform.is_silent
    )
    parts = [model.score(np.stack(batch)) for batch in _batches(windows)]
    if not parts:
        return Prediction((), 0, duration_s, model.identity)
    scores = np.concatenate(parts)
    genres = ranked(manifest.genres.names, AGGREGATIONS[aggregation](scores))
    return Prediction(genres, len(scores), duration_s, model.identity)


def _batches(windows: Iterable[NDArray[np.float32]]) -> Iterator[list[NDArray[np.float32]]]:
    """Up to BATCH windows at a time, so that a long track is never in memory whole."""
    iterator = iter(windows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
