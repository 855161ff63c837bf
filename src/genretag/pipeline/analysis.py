"""What should become of one file: its tags, what is heard in it, and what is remembered of it."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from genretag import __version__, tags
from genretag.audio import decode
from genretag.audio.fingerprint import identity
from genretag.domain.outcome import Failed, Outcome, Planned, Skipped
from genretag.domain.prediction import Prediction
from genretag.domain.tagging import TagPolicy, decide, settled
from genretag.domain.track import Track
from genretag.errors import Code, FileError, unreadable
from genretag.inference.session import Model
from genretag.library import files
from genretag.library.cache import Cache, state
from genretag.library.walk import AUDIO_SUFFIXES
from genretag.pipeline.hear import Heard, hear, heard

_FILM = ("MP4", "ASF")
"""Containers that hold music or films."""


@dataclass(frozen=True)
class ScanSettings:
    """What every worker needs to know: small, and fit to be sent to another process.

    With `batch`, workers only listen, and one process scores that many windows at once, of
    whichever files they are: what a GPU needs. Files of which all is heard stay with a worker.
    With `video`, files that hold moving pictures are heard too.
    """

    model: Path
    policy: TagPolicy
    device: str = "cpu"
    coverage: str = "balanced"
    aggregation: str = "mean"
    cache: Path | None = None
    batch: int | None = None
    video: bool = False


@dataclass(frozen=True)
class Answer:
    """What became of a file, its `library.cache.state` before, and which sound was newly heard."""

    outcome: Outcome
    state: str | None = None
    sound: bytes | None = None


@dataclass(frozen=True, eq=False)
class Unscored:
    """A file that was listened to and whose windows nobody has scored yet."""

    track: Track
    heard: Heard
    state: str | None
    sound: bytes | None


class Memory:
    """What a cache knows for one model and its settings; without a cache, nothing."""

    def __init__(self, cache: Cache | None, settings: ScanSettings, digest: str) -> None:
        self.cache = cache
        # All that a prediction depends on beside the sound, and an outcome beside the file.
        self._listener = _digest(__version__, digest, settings.coverage, settings.aggregation)
        # Sets have another order in each process.
        policy = json.dumps(asdict(settings.policy), sort_keys=True, default=sorted)
        self._question = _digest(self._listener.hex(), policy, f"video: {settings.video}")

    def prediction(self, sound: bytes | None) -> Prediction | None:
        """What was heard in a sound before."""
        if self.cache is None or sound is None:
            return None
        return self.cache.prediction(sound, self._listener)

    def outcome(self, path: Path) -> Outcome | None:
        """What became of a file that nobody has written to since."""
        return None if self.cache is None else self.cache.outcome(path, self._question)

    def kept(self, answer: Answer) -> Outcome:
        """The outcome of an answer that is now remembered."""
        outcome = answer.outcome
        if self.cache and answer.sound and outcome.prediction:
            self.cache.keep_prediction(answer.sound, self._listener, outcome.prediction)
        if self.cache and answer.state:
            self.cache.keep_outcome(outcome, answer.state, self._question)
        return outcome


def analysed(path: Path, model: Model, settings: ScanSettings, memory: Memory) -> Answer | Unscored:
    """Planned, Unchanged, Unsure, Skipped or Failed: what should become of one file.

    Where `settings` have a `batch`, windows that are still to be scored.
    """
    was = None
    try:
        was = _state(path)
        track = _track(path)
        done = settled(track, settings.policy)
        if done is not None:
            return Answer(done, was)
        if not settings.video and track.container in _FILM and decode.has_video(path):
            same = track.genres
            film = Skipped(path=path, before=same, after=same, reason="has a video stream")
            return Answer(film, was)
        sound = _identity(path)
        known = memory.prediction(sound)
        if known is not None:
            return decided(track, known, settings.policy, was, None)
        # All windows of a long file are too much to send to another process.
        if settings.batch and settings.coverage != "full":
            return Unscored(track, heard(path, model.manifest, settings.coverage), was, sound)
        prediction = hear(path, model, settings.coverage, settings.aggregation)
        return decided(track, prediction, settings.policy, was, sound)
    except FileError as error:
        return refused(path, error, was)


def decided(
    track: Track, prediction: Prediction, policy: TagPolicy, was: str | None, sound: bytes | None
) -> Answer:
    """The answer for a track that was heard; FileError if its tags cannot be read any more."""
    return Answer(_with_notes(decide(track, prediction, policy)), was, sound)


def refused(path: Path, error: FileError, was: str | None = None) -> Answer:
    """The answer for a file that cannot be handled; what does not look like audio is let be."""
    if error.code is Code.NOT_AUDIO and path.suffix.casefold() not in AUDIO_SUFFIXES:
        return Answer(Skipped(path=path, reason="not audio"), was)
    return Answer(Failed(path=path, error=error))


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()


def _state(path: Path) -> str:
    try:
        return state(path)
    except OSError as error:
        raise unreadable(path, error) from error


def _identity(path: Path) -> bytes | None:
    """Which sound it is; None if that cannot be told."""
    try:
        return identity(path, tags.sound(path))
    except (OSError, FileError):
        return None


def _track(path: Path) -> Track:
    """The tags of `path`; where there are none to read, FFmpeg says whether it is audio."""
    try:
        stamp = files.stamp(path)
        track = tags.read(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except FileError as error:
        if error.code is Code.TAGS_UNREADABLE:
            decode.duration_s(path)
        raise
    if track.container is None:
        decode.duration_s(path)
    return replace(track, stamp=stamp)


def _with_notes(outcome: Outcome) -> Outcome:
    """`outcome`, and for one that is planned what a person should know before it is written."""
    if not isinstance(outcome, Planned):
        return outcome
    change = outcome.change
    stale = tags.stale(change.path, change.after, change.layout)
    notes = (
        *tags.costs(change.path, change.after, change.layout),
        *(f"its {second.tag} tag goes on saying {'; '.join(second.genres)}" for second in stale),
    )
    return replace(outcome, notes=notes)
