"""Finds out what each file's genres should be, in worker processes that may die."""

import signal
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context
from pathlib import Path

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from genretag import tags
from genretag.audio import decode
from genretag.domain.outcome import Failed, Outcome, Planned, Skipped
from genretag.domain.tagging import TagPolicy, decide, settled
from genretag.domain.track import Track
from genretag.errors import Code, FileError, unreadable
from genretag.inference.session import Model, load
from genretag.library import files
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


def scan_file(path: Path, model: Model, settings: ScanSettings) -> Outcome:
    """Planned, Unchanged, Unsure, Skipped or Failed: what should become of one file."""
    try:
        track = _track(path)
        done = settled(track, settings.policy)
        if done is not None:
            return done
        prediction = hear(path, model, settings.coverage, settings.aggregation)
        return _with_notes(decide(track, prediction, settings.policy))
    except FileError as error:
        if error.code is Code.NOT_AUDIO and path.suffix.casefold() not in AUDIO_SUFFIXES:
            return Skipped(path=path, reason="not audio")
        return Failed(path=path, error=error)


def scan(
    files: Iterable[Path | Outcome], settings: ScanSettings, jobs: int, timeout_s: float
) -> Generator[Outcome, None, None]:
    """One outcome for each of `files`, in their order; nothing is written.

    Args:
        files: paths to analyse, and outcomes that are passed on, as `library.walk` yields them.
        settings: for the workers.
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
    pending: deque[Outcome | tuple[Path, ProcessFuture[Outcome]]] = deque()
    try:
        for file in files:
            if isinstance(file, Outcome):
                pending.append(file)
            else:
                pending.append((file, pool.schedule(_scan_in_worker, (file,), timeout=timeout_s)))
            if len(pending) >= _AHEAD * jobs:
                yield _result(pending.popleft(), timeout_s)
        while pending:
            yield _result(pending.popleft(), timeout_s)
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


def _result(task: Outcome | tuple[Path, ProcessFuture[Outcome]], timeout_s: float) -> Outcome:
    if isinstance(task, Outcome):
        return task
    path, future = task
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


def _failed(path: Path, code: Code, what: str, hint: str) -> Failed:
    return Failed(path=path, error=FileError(code, f"{path}: {what}", hint))


_worker: tuple[Model, ScanSettings]


def _start_worker(settings: ScanSettings) -> None:
    global _worker  # a pool of processes has no other place for a loaded model
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker = load(settings.model, settings.device), settings


def _scan_in_worker(path: Path) -> Outcome:
    try:
        return scan_file(path, *_worker)
    except Exception as error:  # noqa: BLE001 - one file never stops a run, whatever it does
        return _failed(
            path,
            Code.INTERNAL,
            f"{type(error).__name__}: {error}",
            "This is a mistake in genretag: please report it.",
        )
