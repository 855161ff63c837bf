"""Stage 5: score windows, those of one file or of several at once."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.domain.analysis import Analysis
from genretag.domain.prediction import Embeddings, Prediction, Scores
from genretag.errors import Warn
from genretag.inference.session import BATCH, DeviceError, Model, reload_on_cpu
from genretag.pipeline.aggregate import aggregate, silent_prediction
from genretag.pipeline.extract import FeatureExtractor, Window
from genretag.pipeline.settings import AnalysisSettings


def predict(path: Path, model: Model, coverage: str = "balanced") -> Prediction:
    """Extract windows of `path`, score and aggregate them; silent ones do not count.

    Args:
        path: an audio file.
        model: its manifest says which windows.
        coverage: a key of `domain.window.COVERAGES`.

    Raises:
        FileError: the file cannot be read or decoded.
        DeviceError: the model's device failed.
    """
    extractor = FeatureExtractor(model.manifest, coverage)
    batches = _batches(extractor.windows(path))
    parts = [model.predict_with_embeddings(np.stack(batch)) for batch in batches]
    if not parts:
        return silent_prediction(extractor.duration_s, model)
    scores, embeddings = (np.concatenate(part) for part in zip(*parts, strict=True))
    return aggregate(scores, embeddings, extractor.duration_s, model)


def _batches(windows: Iterable[Window]) -> Iterator[list[Window]]:
    """Yield up to BATCH windows at a time, so that a long track is never in memory whole."""
    iterator = iter(windows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def rescore(analyses: Iterable[Analysis], model: Model) -> Iterator[Analysis]:
    """Yield the same analyses; raw predictions as a learned or calibrated `model` has them."""
    for analysis in analyses:
        raw = analysis.prediction
        prediction = raw and model.rescore(raw)
        if raw is None or prediction is raw:
            yield analysis
        else:
            base = model.base.rescore(raw) if model.head else None
            yield replace(analysis, prediction=prediction, base_prediction=base, raw_prediction=raw)


class BatchScorer:
    """Scores windows of several files at once; where the model's device fails, on the CPU.

    Args:
        model: as it was loaded.
        settings: say from which file, and how many windows make a batch; a GPU needs many.
        warn: gets one message if the device fails.
    """

    def __init__(self, model: Model, settings: AnalysisSettings, warn: Warn) -> None:
        self._model = model
        self._file = settings.model
        self._batch = settings.batch or BATCH
        self._warn = warn

    def score(self, analyses: Iterable[Analysis]) -> Iterator[Analysis]:
        """Yield all analyses in their order; those with windows wait until a batch is full."""
        waiting: list[Analysis] = []
        n_windows = 0
        for analysis in analyses:
            count = 0 if analysis.windows is None else len(analysis.windows)
            # A graph that takes a fixed number at once would be filled up for the few too many.
            if n_windows and n_windows + count > self._batch:
                yield from self._scored(waiting)
                waiting, n_windows = [], 0
            waiting.append(analysis)
            n_windows += count
            # Files that need no score may not wait for long behind one that does.
            if not n_windows or max(n_windows, len(waiting)) >= self._batch:
                yield from self._scored(waiting)
                waiting, n_windows = [], 0
        yield from self._scored(waiting)

    def _scored(self, waiting: list[Analysis]) -> Iterator[Analysis]:
        parts = [analysis.windows for analysis in waiting if analysis.windows is not None]
        parts = [part for part in parts if len(part)]
        if parts:
            scores, embeddings = self._predict(np.concatenate(parts))
        first = 0
        for analysis in waiting:
            if analysis.windows is None:
                yield analysis
                continue
            prediction = silent_prediction(analysis.duration_s, self._model)
            if n_windows := len(analysis.windows):
                own = slice(first, first + n_windows)
                first = own.stop
                prediction = aggregate(
                    scores[own], embeddings[own], analysis.duration_s, self._model
                )
            yield replace(analysis, windows=None, prediction=prediction)

    def _predict(self, windows: NDArray[np.float32]) -> tuple[Scores, Embeddings]:
        try:
            return self._model.predict_with_embeddings(windows, self._batch)
        except DeviceError as error:
            self._model = reload_on_cpu(self._model, self._file, error, self._warn)
            return self._predict(windows)
