"""Analyses one file in a worker: stages 3 to 6, read, extract, score and aggregate."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import av.error

from genretag import tags
from genretag.audio.fingerprint import fingerprint
from genretag.domain.analysis import Analysis
from genretag.domain.change import Stamp
from genretag.domain.manifest import ModelManifest
from genretag.errors import Code, FileError, RunError, read_error
from genretag.inference.session import DeviceError, Model, load, load_lazily
from genretag.library import files
from genretag.library.cache import Cache, state
from genretag.library.resources import WORKER_BYTES
from genretag.pipeline.extract import extract
from genretag.pipeline.read import read, select
from genretag.pipeline.recall import PredictionCache
from genretag.pipeline.score import predict
from genretag.pipeline.settings import AnalysisSettings


@dataclass(frozen=True)
class Analyser:
    """Analyses files in a worker process, which loads the model for its first one."""

    settings: AnalysisSettings

    def __call__(self, path: Path) -> Analysis:
        """Return all that `settings` ask of a file; RunError if the model cannot be loaded."""
        model, predictions = _loaded(self.settings)
        return analyse_safely(path, model, self.settings, predictions)


@lru_cache(maxsize=1)
def _loaded(settings: AnalysisSettings) -> tuple[Model, PredictionCache]:
    if settings.shared:
        text, digest = settings.shared
        model = load_lazily(settings.model, ModelManifest.from_json(text), digest)
    else:
        model = load(settings.model, settings.worker_device)
    cache = Cache(settings.cache) if settings.cache else None
    return model, PredictionCache.for_model(cache, model, settings.coverage)


def analyse(
    path: Path, model: Model, settings: AnalysisSettings, predictions: PredictionCache
) -> Analysis:
    """Return the track at `path` and, if it is selected, its prediction or its windows.

    Raises:
        FileError: the file cannot be read or decoded.
        DeviceError: the model's device failed.
    """
    before, stamp = _read_state(path)
    with tags.open(path) as file:
        track = replace(read(file, settings.selection.places), stamp=stamp)
        track, outcome = select(track, settings.selection)
        analysis = Analysis(path, track, outcome=outcome, state=before)
        if outcome:
            return analysis
        analysis = replace(analysis, fingerprint=_fingerprint(file))
    if known := predictions.prediction(analysis.fingerprint):
        return replace(analysis, prediction=known)
    if settings.scores_in_parent:
        windows, duration_s = extract(path, model.manifest, settings.coverage)
        return replace(analysis, windows=windows, duration_s=duration_s)
    return replace(analysis, prediction=predict(path, model, settings.coverage))


def analyse_safely(
    path: Path, model: Model, settings: AnalysisSettings, predictions: PredictionCache
) -> Analysis:
    """Return what `analyse` does; whatever goes wrong is the failure of this file alone."""
    return contain_errors(path, lambda: analyse(path, model, settings, predictions))


def contain_errors(path: Path, work: Callable[[], Analysis]) -> Analysis:
    """Return what `work` on a file does; an error is the failure of this file alone.

    Raises:
        RunError: no other file would do better.
    """
    try:
        return work()
    except RunError:
        raise
    except FileError as error:
        return Analysis.failed(path, error)
    except (MemoryError, av.error.MemoryError):
        return Analysis.failed_as(
            path,
            Code.OUT_OF_MEMORY,
            f"it needs more than the {WORKER_BYTES >> 20} MB that a file may take",
            "The file is probably damaged or made to do harm.",
        )
    except DeviceError as error:
        return Analysis.failed_as(
            path,
            Code.OUT_OF_MEMORY,
            f"scoring it failed: {error}",
            "The machine may lack memory: try fewer --jobs. Or the model is wrong: try another.",
        )
    except Exception as error:  # noqa: BLE001 - one file never stops a run, whatever it does
        return Analysis.failed_as(
            path,
            Code.INTERNAL,
            f"{type(error).__name__}: {error}",
            "This is a mistake in genretag: please report it.",
        )


def _read_state(path: Path) -> tuple[str, Stamp]:
    try:
        return state(path), files.read_stamp(path)
    except OSError as error:
        raise read_error(path, error) from error


def _fingerprint(file: tags.TaggedFile) -> bytes | None:
    """Return the fingerprint of the audio; None if it cannot be computed."""
    try:
        return fingerprint(file.path, file.audio_span)
    except (OSError, FileError):
        return None
