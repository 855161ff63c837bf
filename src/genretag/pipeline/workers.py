"""Processes that listen to files, may die over one, and are watched."""

import signal
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import av.error
from pebble import ProcessExpired

from genretag.domain.outcome import Outcome
from genretag.errors import Code, FileError, RunError
from genretag.inference.session import DeviceError, Model, load
from genretag.library.cache import Cache
from genretag.library.interrupt import held
from genretag.library.resources import WORKER_BYTES, limit_memory
from genretag.pipeline.analysis import Answer, Memory, ScanSettings, Unscored, analysed, refused
from genretag.pipeline.pool import Pool

Found = Answer | Unscored
Task = Answer | tuple[Path, "Future[Found]"]
"""A file whose outcome is known, or one that a worker hears."""

# Enough tasks to keep every worker busy while the slowest file holds back the ones after it.
_AHEAD = 8

# How long Ctrl-C may have to wait for nothing.
_WAKE_S = 0.1


class Workers:
    """Answers for files by the processes of a pool.

    Args:
        pool: stays open.
        settings: for all of them.
        timeout_s: seconds after which a file is given up.
    """

    def __init__(self, pool: Pool, settings: ScanSettings, timeout_s: float) -> None:
        self._pool = pool
        self._settings = settings
        self._timeout_s = timeout_s

    def answers(self, tasks: Iterable[Path | Outcome]) -> Generator[Found, None, None]:
        """An answer for each file, in their order; outcomes are passed on."""
        pending: deque[Task] = deque()
        for task in tasks:
            pending.append(Answer(task) if isinstance(task, Outcome) else self._begun(task))
            # What is done is passed on at once: an interrupted run keeps it.
            while pending and (len(pending) >= _AHEAD * self._pool.jobs or _is_done(pending[0])):
                yield self._answer(pending.popleft())
        while pending:
            yield self._answer(pending.popleft())

    def _begun(self, path: Path) -> tuple[Path, "Future[Found]"]:
        job = (path, self._settings)
        try:
            with held():
                return path, self._pool.processes.schedule(_analysed, job, timeout=self._timeout_s)
        except RuntimeError as error:  # the pool has given up
            raise _lost(error) from error

    def _answer(self, task: Task) -> Found:
        if isinstance(task, Answer):
            return task
        path, future = task
        while not _is_done(task):
            with held():
                wait([future], _WAKE_S)
        try:
            with held():
                return future.result()
        except TimeoutError:
            return timed_out(path, self._timeout_s)
        except ProcessExpired as error:
            return died(path, error)
        except BrokenProcessPool as error:
            raise _lost(error) from error


def _lost(error: Exception) -> RunError:
    return RunError(
        Code.WORKER_DIED,
        f"The processes that listen to files died while they had nothing to do: {error}",
        "The machine may lack memory: try fewer --jobs. The same command goes on from here.",
    )


def local(
    tasks: Iterable[Path | Outcome], settings: ScanSettings, pool: Pool, timeout_s: float
) -> Generator[Found, None, None]:
    """Answers by worker processes on this machine."""
    yield from Workers(pool, settings, timeout_s).answers(tasks)


def timed_out(path: Path, timeout_s: float) -> Answer:
    """The answer for a file that took too long."""
    return _failed(
        path,
        Code.TIMED_OUT,
        f"no result after {timeout_s:g} s",
        "Give it more time with --timeout, or play the file to see whether it is damaged.",
    )


def died(path: Path, error: Exception) -> Answer:
    """The answer for a file that its process did not survive."""
    return _failed(
        path,
        Code.WORKER_DIED,
        f"the process that listened to it died ({error})",
        "The file is probably damaged in a way that crashes the decoder.",
    )


def safely(path: Path, model: Model, settings: ScanSettings, memory: Memory) -> Found:
    """What `analysed` finds; whatever goes wrong concerns this file alone."""
    try:
        return analysed(path, model, settings, memory)
    except (MemoryError, av.error.MemoryError):
        return _failed(
            path,
            Code.OUT_OF_MEMORY,
            f"it needs more than the {WORKER_BYTES >> 20} MB that a file may take",
            "The file is probably damaged or made to do harm.",
        )
    except DeviceError as error:
        return _failed(
            path,
            Code.OUT_OF_MEMORY,
            f"scoring it failed: {error}",
            "The machine may lack memory: try fewer --jobs.",
        )
    except Exception as error:  # noqa: BLE001 - one file never stops a run, whatever it does
        return _failed(
            path,
            Code.INTERNAL,
            f"{type(error).__name__}: {error}",
            "This is a mistake in genretag: please report it.",
        )


def _is_done(task: Task) -> bool:
    with held():
        return isinstance(task, Answer) or task[1].done()


def _failed(path: Path, code: Code, what: str, hint: str) -> Answer:
    return refused(path, FileError(code, f"{path}: {what}", hint))


_worker: tuple[Model, ScanSettings, Memory] | None = None


def prepare() -> None:
    """What a worker process does before its first file."""
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory()


def _analysed(path: Path, settings: ScanSettings) -> Found:
    global _worker  # a pool of processes has no other place for a loaded model
    if _worker is None or _worker[1] != settings:
        model = load(settings.model, "cpu" if settings.batch else settings.device)
        cache = Cache(settings.cache) if settings.cache else None
        _worker = model, settings, Memory(cache, settings, model.digest)
    return safely(path, *_worker)
