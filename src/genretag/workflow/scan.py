"""Finds out what each file's genres should be, in worker processes that may die."""

import hashlib
import signal
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context
from pathlib import Path

import av.error
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from genretag import __version__, tags
from genretag.audio import decode
from genretag.audio.identity import identity
from genretag.domain.outcome import Failed, Outcome, Planned, Skipped
from genretag.domain.prediction import Prediction
from genretag.domain.tagging import TagPolicy, decide, settled
from genretag.domain.track import Track
from genretag.errors import Code, FileError, unreadable
from genretag.inference.session import Model, load
from genretag.library import files
from genretag.library.cache import Cache, state
from genretag.library.machine import WORKER_BYTES, limit_memory
from genretag.library.walk import AUDIO_SUFFIXES
from genretag.workflow.hear import hear

# Enough tasks to keep every worker busy while the slowest file holds back the ones after it.
_AHEAD = 8


@dataclass(frozen=True)
class ScanSettings:
    """What every worker needs to know: small, and fit to be sent to another process."""

    model: Path
    policy: TagPolicy
    device: str = "auto"
    coverage: str = "balanced"
    aggregation: str = "mean"
    cache: Path | None = None

    def listener(self, digest: str) -> bytes:
        """Stands for all that a prediction depends on beside the sound; `digest` is the model's."""
        return _digest(__version__, digest, self.coverage, self.aggregation)

    def question(self, digest: str) -> bytes:
        """Stands for all that an outcome depends on beside the file."""
        return _digest(self.listener(digest).hex(), repr(self.policy))


@dataclass(frozen=True)
class Answer:
    """What became of a file, its `library.cache.state` before, and what was newly heard in it."""

    outcome: Outcome
    state: str | None = None
    sound: bytes | None = None


@dataclass(frozen=True)
class Memory:
    """What a cache knows for one model and its settings; without a cache, nothing."""

    cache: Cache | None
    settings: ScanSettings
    digest: str

    def prediction(self, sound: bytes | None) -> Prediction | None:
        """What was heard in a sound before."""
        if self.cache is None or sound is None:
            return None
        return self.cache.prediction(sound, self.settings.listener(self.digest))

    def outcome(self, path: Path) -> Outcome | None:
        """What became of a file that nobody has written to since."""
        if self.cache is None:
            return None
        return self.cache.outcome(path, self.settings.question(self.digest))

    def kept(self, answer: Answer) -> Outcome:
        """The outcome of an answer that is now remembered."""
        outcome = answer.outcome
        if self.cache and answer.sound and outcome.prediction:
            listener = self.settings.listener(self.digest)
            self.cache.keep_prediction(answer.sound, listener, outcome.prediction)
        if self.cache and answer.state:
            question = self.settings.question(self.digest)
            self.cache.keep_outcome(outcome, answer.state, question)
        return outcome


def scan_file(path: Path, model: Model, settings: ScanSettings, memory: Memory) -> Answer:
    """Planned, Unchanged, Unsure, Skipped or Failed: what should become of one file."""
    state = None
    try:
        state = _state(path)
        track = _track(path)
        done = settled(track, settings.policy)
        if done is not None:
            return Answer(done, state)
        sound = _identity(path) if memory.cache else None
        known = memory.prediction(sound)
        prediction = known or hear(path, model, settings.coverage, settings.aggregation)
        outcome = _with_notes(decide(track, prediction, settings.policy))
        return Answer(outcome, state, None if known else sound)
    except FileError as error:
        if error.code is Code.NOT_AUDIO and path.suffix.casefold() not in AUDIO_SUFFIXES:
            return Answer(Skipped(path=path, reason="not audio"), state)
        return Answer(Failed(path=path, error=error))


Task = Outcome | tuple[Path, ProcessFuture[Answer]]
"""A file whose outcome is known, or one that a worker hears."""


def scan(
    files: Iterable[Path | Outcome],
    settings: ScanSettings,
    memory: Memory,
    jobs: int,
    timeout_s: float,
) -> Generator[Outcome, None, None]:
    """One outcome for each of `files`, in their order; nothing is written.

    Args:
        files: paths to analyse, and outcomes that are passed on, as `library.walk` yields them.
        settings: for the workers.
        memory: knows files that nobody has touched, and learns what is heard.
        jobs: worker processes.
        timeout_s: seconds after which a file is given up.
    """
    pool = ProcessPool(
        max_workers=jobs,
        initializer=_start_worker,
        initargs=(settings,),
        # A forked child would inherit locks that ONNX Runtime's threads hold.
        context=get_context("spawn"),
    )
    pending: deque[Task] = deque()

    def first() -> Outcome:
        task = pending.popleft()
        if isinstance(task, Outcome):
            return task
        return memory.kept(_result(*task, timeout_s))

    def task(file: Path) -> Task:
        known = memory.outcome(file)
        return known or (file, pool.schedule(_scan_in_worker, (file,), timeout=timeout_s))

    try:
        for file in files:
            pending.append(file if isinstance(file, Outcome) else task(file))
            # What is done is passed on at once: an interrupted run keeps it.
            while pending and (len(pending) >= _AHEAD * jobs or _is_done(pending[0])):
                yield first()
        while pending:
            yield first()
    finally:
        _stop(pool)


def _stop(pool: ProcessPool) -> None:
    """End `pool` at once.

    Its processes go first: `join` removes their locks before it ends them, and one that is
    only just starting would look for those in vain and say so with a traceback.
    """
    pool.stop()
    for worker in active_children():
        worker.terminate()
    pool.join()


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


def _is_done(task: Task) -> bool:
    return isinstance(task, Outcome) or task[1].done()


def _result(path: Path, future: ProcessFuture[Answer], timeout_s: float) -> Answer:
    try:
        return future.result()
    except TimeoutError:
        return _failed(
            path,
            Code.TIMED_OUT,
            f"no result after {timeout_s:g} s",
            "Give it more time with --timeout, or play the file to see whether it is damaged.",
        )
    except ProcessExpired as error:
        return _failed(
            path,
            Code.WORKER_DIED,
            f"the process that listened to it died ({error})",
            "The file is probably damaged in a way that crashes the decoder.",
        )


def _failed(path: Path, code: Code, what: str, hint: str) -> Answer:
    return Answer(Failed(path=path, error=FileError(code, f"{path}: {what}", hint)))


_worker: tuple[Model, ScanSettings, Memory]


def _start_worker(settings: ScanSettings) -> None:
    global _worker  # a pool of processes has no other place for a loaded model
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory()
    model = load(settings.model, settings.device)
    cache = Cache(settings.cache) if settings.cache else None
    _worker = model, settings, Memory(cache, settings, model.digest)


def _scan_in_worker(path: Path) -> Answer:
    try:
        return scan_file(path, *_worker)
    except (MemoryError, av.error.MemoryError):
        return _failed(
            path,
            Code.OUT_OF_MEMORY,
            f"it needs more than the {WORKER_BYTES >> 20} MB that a file may take",
            "The file is probably damaged or made to do harm.",
        )
    except Exception as error:  # noqa: BLE001 - one file never stops a run, whatever it does
        return _failed(
            path,
            Code.INTERNAL,
            f"{type(error).__name__}: {error}",
            "This is a mistake in genretag: please report it.",
        )
