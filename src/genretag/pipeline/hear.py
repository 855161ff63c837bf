"""From a file to what a model hears in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.audio.decode import listen
from genretag.audio.mel import features
from genretag.domain.manifest import ModelManifest
from genretag.domain.prediction import AGGREGATIONS, Embeddings, Prediction, Scores, ranked
from genretag.domain.window import COVERAGES, Excerpt, Waveform
from genretag.inference.session import BATCH, Model


class FeatureExtractor:
    """Listens to one file as a manifest says; `duration_s` is known once it has listened.

    Args:
        manifest: says what the model hears.
        coverage: a key of `domain.window.COVERAGES`.
    """

    def __init__(self, manifest: ModelManifest, coverage: str) -> None:
        self._manifest = manifest
        self._coverage = coverage
        self.duration_s = 0.0

    def windows(self, path: Path) -> Iterator[NDArray[np.float32]]:
        """Windows [n_frames, n_mels] of excerpts of `path`, without those of silence.

        Raises:
            FileError: the file cannot be read or decoded.
        """
        for waveform in self.sounds(path):
            if not waveform.is_silent:
                yield self.window(waveform)

    def sounds(self, path: Path) -> Iterator[Waveform]:
        """The excerpts of `path` themselves; FileError as `windows`."""
        return listen(path, self._manifest.front_end.rate_hz, self._plan)

    def window(self, waveform: Waveform) -> NDArray[np.float32]:
        """What the model gets of an excerpt, [n_frames, n_mels]."""
        front_end = self._manifest.front_end
        n_samples = round(self._manifest.window.length_s * front_end.rate_hz)
        return features(waveform.fitted(n_samples), front_end)

    def _plan(self, duration_s: float) -> list[Excerpt]:
        # Asked a second time when the file turns out shorter than its header says.
        self.duration_s = duration_s
        return COVERAGES[self._coverage](duration_s, self._manifest.window)


@dataclass(frozen=True, eq=False)
class Heard:
    """What is heard of a file, [n_windows, n_frames, n_mels], and how long it plays."""

    windows: NDArray[np.float32]
    duration_s: float


def heard(path: Path, manifest: ModelManifest, coverage: str) -> Heard:
    """All windows of `path`, for another process to score; FileError as `FeatureExtractor.windows`."""
    extractor = FeatureExtractor(manifest, coverage)
    windows = list(extractor.windows(path))
    return Heard(
        np.stack(windows) if windows else np.zeros((0, 0, 0), np.float32), extractor.duration_s
    )


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
    extractor = FeatureExtractor(model.manifest, coverage)
    parts = [
        model.predict_with_embeddings(np.stack(batch))
        for batch in _batches(extractor.windows(path))
    ]
    if not parts:
        return silent(extractor.duration_s, model)
    scores, embeddings = (np.concatenate(part) for part in zip(*parts, strict=True))
    return judged(scores, embeddings, extractor.duration_s, model, aggregation)


def judged(
    scores: Scores,
    embeddings: Embeddings,
    duration_s: float,
    model: Model,
    aggregation: str = "mean",
) -> Prediction:
    """What scores and embeddings of a file's windows, one or more, come to."""
    return Prediction(
        ranked(model.manifest.genres.names, AGGREGATIONS[aggregation](scores)),
        len(scores),
        duration_s,
        model.identity,
        embeddings.mean(axis=0).astype(np.float16),
    )


def silent(duration_s: float, model: Model) -> Prediction:
    """What a file comes to in which nothing but silence was heard."""
    return Prediction((), 0, duration_s, model.identity)


def _batches(windows: Iterable[NDArray[np.float32]]) -> Iterator[list[NDArray[np.float32]]]:
    """Up to BATCH windows at a time, so that a long track is never in memory whole."""
    iterator = iter(windows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
