"""Looks at a track window by window: what is predicted when, and what speaks for it."""

from pathlib import Path

import numpy as np

from genretag.domain.occlusion import Effect, Occlusion
from genretag.domain.timeline import Timeline
from genretag.inference.session import Model
from genretag.pipeline.aggregate import aggregate, silent_prediction
from genretag.pipeline.extract import FeatureExtractor


def timeline(path: Path, model: Model, coverage: str) -> Timeline:
    """Predict the genres of a track as `predict` does, and keep those of each window.

    Args:
        path: an audio file.
        model: its manifest says which windows.
        coverage: a key of `domain.window.COVERAGES`.

    Raises:
        FileError: the file cannot be read or decoded.
    """
    extractor = FeatureExtractor(model.manifest, coverage)
    excerpts = [
        (waveform.excerpt, None if waveform.is_silent else extractor.window(waveform))
        for waveform in extractor.waveforms(path)
    ]
    # Part of a damaged file is decoded again.
    excerpts.sort(key=lambda pair: pair[0].start_s)
    genres = model.manifest.genres.names
    silent = tuple(excerpt for excerpt, window in excerpts if window is None)
    sounding = [(excerpt, window) for excerpt, window in excerpts if window is not None]
    if not sounding:
        empty = np.zeros((0, 0), np.float32)
        no_mels = np.zeros((0, 0, 0), np.float32)
        prediction = silent_prediction(extractor.duration_s, model)
        return Timeline(genres, (), silent, empty, empty, no_mels, prediction)
    mels = np.stack([window for _, window in sounding])
    scores, embeddings = model.predict_with_embeddings(mels)
    prediction = aggregate(scores, embeddings, extractor.duration_s, model)
    at = tuple(excerpt for excerpt, _ in sounding)
    scores = model.calibrate_scores(scores).astype(np.float32)
    return Timeline(genres, at, silent, scores, embeddings, mels, prediction)


def effects(
    path: Path, model: Model, coverage: str, genre: str, occlusion: Occlusion
) -> list[tuple[Effect, ...]]:
    """Measure what parts of each window of `timeline` are worth to `genre`, one of the model's.

    `occlusion` is one of `domain.occlusion.OCCLUSIONS`. FileError as `timeline`.
    """
    column = model.manifest.genres.names.index(genre)
    extractor = FeatureExtractor(model.manifest, coverage)
    windows = []
    for waveform in extractor.waveforms(path):
        if not waveform.is_silent:
            parts, without = zip(*occlusion(waveform), strict=True)
            mels = np.stack([extractor.window(sound) for sound in (waveform, *without)])
            scores = model.calibrate_scores(model.score(mels))[:, column]
            worth = (scores[0] - scores[1:]).tolist()
            windows.append((waveform.start_s, tuple(map(Effect, parts, worth))))
    return [parts for _, parts in sorted(windows, key=lambda window: window[0])]
