"""Stage 2: recall what the cache knows of a file; at the end of the others, keep what is new."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from genretag import __version__, tags
from genretag.domain.analysis import Analysis
from genretag.domain.outcome import Failed, Outcome, Planned, Tagged
from genretag.domain.places import GENRE, Place
from genretag.domain.prediction import Prediction
from genretag.domain.selection import Selection
from genretag.domain.track import Track
from genretag.errors import Code, FileError
from genretag.inference.session import Model
from genretag.library import files
from genretag.library.cache import Cache, state
from genretag.pipeline.read import read_places


@dataclass(frozen=True)
class PredictionCache:
    """A cache, or none, as one predictor uses it.

    Attributes:
        cache: None where nothing is kept.
        predictor: a digest of all that a prediction depends on beside the sound.
    """

    cache: Cache | None
    predictor: bytes

    @classmethod
    def for_model(cls, cache: Cache | None, model: Model, coverage: str) -> "PredictionCache":
        """Return the raw predictions of a model, or of the base of a learned one."""
        parts = "\0".join((__version__, model.raw.digest, coverage))
        digest = hashlib.blake2b(parts.encode(), digest_size=16).digest()
        return cls(cache, digest)

    def recall(self, path: Path, selection: Selection) -> Analysis | None:
        """Return all that is known of a file nobody has touched; None if it must be analysed."""
        known = self.cache and self.cache.recall(path, self.predictor)
        if not known or not known.track:
            return None
        if selection.places != (GENRE,):
            track = _read_places(known.track, selection.places)
            if track is None:
                return None
            known = replace(known, track=track)
        assert known.track
        outcome = selection.exclude(known.track)
        if outcome:
            return replace(known, outcome=outcome)
        return known if known.prediction else None

    def prediction(self, fingerprint: bytes | None) -> Prediction | None:
        """Return what was predicted for a sound before."""
        if self.cache is None or fingerprint is None:
            return None
        return self.cache.prediction(fingerprint, self.predictor)

    def keep(self, analysis: Analysis) -> None:
        """Keep what is new in `analysis`."""
        if self.cache:
            self.cache.keep(analysis, self.predictor)


def _read_places(track: Track, places: Iterable[Place]) -> Track | None:
    """Return `track` with what it has at `places`, which no cache keeps; None if it is broken."""
    with suppress(OSError, FileError), tags.open(track.path) as file:
        return read_places(track, file, places)
    return None


def recall(
    files: Iterable[Path | Outcome], predictions: PredictionCache, selection: Selection
) -> Iterator[Path | Analysis]:
    """Yield an analysis for each file that is known or left out, and the path of each other."""
    for file in files:
        if isinstance(file, Outcome):
            yield Analysis(file.path, outcome=file)
        else:
            yield predictions.recall(file, selection) or file


def remember(analyses: Iterable[Analysis], predictions: PredictionCache) -> Iterator[Analysis]:
    """Yield the same analyses; keep what is new in them."""
    for analysis in analyses:
        predictions.keep(analysis)
        yield analysis


def renew(outcomes: Iterable[Outcome], cache: Cache) -> Iterator[Outcome]:
    """Yield the same outcomes; what is known of a sound stays known where tags were written."""
    for outcome in outcomes:
        if isinstance(outcome, Tagged):
            with suppress(OSError, FileError):  # somebody took it away; then it is read anew
                before = state(outcome.path)
                with tags.open(outcome.path) as file:
                    track = replace(file.track, stamp=files.read_stamp(outcome.path))
                cache.renew(Analysis(outcome.path, track, state=before))
        yield outcome


def mark_known(outcomes: Iterable[Outcome], cache: Cache) -> Iterator[Outcome]:
    """Yield the same outcomes; failures that an earlier run has met are marked, others kept."""
    for outcome in outcomes:
        if isinstance(outcome, Failed) and outcome.error and not is_momentary(outcome):
            known = cache.keep_failure(outcome.path, outcome.error.code)
            # One that comes again stays the same object, by which it is not shown twice.
            yield outcome if known == outcome.is_known else replace(outcome, is_known=known)
            continue
        if not isinstance(outcome, Planned):  # it may fail yet
            cache.forget_failure(outcome.path)
        yield outcome


def is_momentary(outcome: Outcome) -> bool:
    """Return whether a file failed because somebody changed it just now, or took it away."""
    code = outcome.error and outcome.error.code
    return code is Code.CHANGED or (code is Code.NOT_FOUND and not os.path.lexists(outcome.path))
