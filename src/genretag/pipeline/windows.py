"""A track window by window: what is heard when, and what speaks for it."""

from pathlib import Path

import numpy as np

from genretag.domain.occlusion import Effect, Occlusion
from genretag.domain.timeline import Timeline
from genretag.inference.session import Model
from genretag.pipeline.hear import FeatureExtractor, judged, silent


def timeline(path: Path, model: Model, coverage: str) -> Timeline:
    """Listen to a track as `hear` does, and keep what is heard in each window.

    Args:
        path: an audio file.
        model: whose manifest says how to listen.
        coverage: a key of `domain.window.COVERAGES`.

    Raises:
        FileError: the file cannot be read or decoded.
    """
    extractor = FeatureExtractor(model.manifest, coverage)
    sounds = [
        (sound.excerpt, None if sound.is_silent else extractor.window(sound))
        for sound in extractor.sounds(path)
    ]
    sounds.sort(key=lambda sound: sound[0].start_s)  # part of a damaged file is heard again
    genres = model.manifest.genres.names
    quiet = tuple(excerpt for excerpt, window in sounds if window is None)
    heard = [(excerpt, window) for excerpt, window in sounds if window is not None]
    if not heard:
        none = np.zeros((0, 0), np.float32)
        nothing = silent(extractor.duration_s, model)
        return Timeline(genres, (), quiet, none, none, np.zeros((0, 0, 0), np.float32), nothing)
    mels = np.stack([window for _, window in heard])
    scores, embeddings = model.predict_with_embeddings(mels)
    prediction = judged(scores, embeddings, extractor.duration_s, model)
    excerpts = tuple(excerpt for excerpt, _ in heard)
    return Timeline(genres, excerpts, quiet, scores, embeddings, mels, prediction)


def effects(
    path: Path, model: Model, coverage: str, genre: str, occlusion: Occlusion
) -> list[tuple[Effect, ...]]:
    """What parts of each window of `timeline` are worth to `genre`, one of the model's.

    `occlusion` is one of `domain.occlusion.OCCLUSIONS`. FileError as `timeline`.
    """
    column = model.manifest.genres.names.index(genre)
    extractor = FeatureExtractor(model.manifest, coverage)
    found = []
    for sound in extractor.sounds(path):
        if not sound.is_silent:
            parts, without = zip(*occlusion(sound), strict=True)
            scores = model.score(np.stack([extractor.window(one) for one in (sound, *without)]))
            worth = (scores[0, column] - scores[1:, column]).tolist()
            found.append((sound.start_s, tuple(map(Effect, parts, worth))))
    return [parts for _, parts in sorted(found, key=lambda window: window[0])]
