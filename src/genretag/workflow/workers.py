"""Processes that listen to files, may die over one, and are watched."""

import signal
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from contextlib import closing
from multiprocessing import active_children, get_context
from pathlib import Path

import av.error
from pebble import ProcessExpired, ProcessPool

from genretag.domain.outcome import Outcome
from genretag.errors import Code, FileError
from genretag.inference.session import Model, load
from genretag.library.cache import Cache
from genretag.library.machine import WORKER_BYTES, limit_memory
from genretag.workflow.analysis import Answer, Memory, ScanSettings, Unscored, analysed, refused

Found = Answer | Unscored
Task = Answer | tuple[Path, "Future[Found]"]
"""A file whose outcome is known, or one that a worker hears."""

# Enough tasks to keep every worker busy while the slowest file holds back the ones after it.
_AHEAD = 8


class Workers:
    """Processes that answer for files side by side, for as long as the context lasts.

    They start before the first file is there.

    Args:
        settings: for all of them.
        jobs: how many.
        timeout_s: seconds after which a file is given up.
    """

    def __init__(self, settings: ScanSettings, jobs: int, timeout_s: float) -> None:
        self._ahead = _AHEAD * jobs
        self._timeout_s = timeout_s
        self._pool = ProcessPool(
            max_workers=jobs,
            initializer=_start,
            initargs=(settings,),
            # A forked child would inherit locks that ONNX Runtime's threads hold.
            context=get_context("spawn"),
        )

    def answers(self, tasks: Iterable[Path | Outcome]) -> Generator[Found, None, None]:
        """An answer for each file, in their order; outcomes are passed on."""
        pending: deque[Task] = deque()
        for task in tasks:
            pending.append(Answer(task) if isinstance(task, Outcome) else self._begun(task))
            # What is done is passed on at once: an interrupted run keeps it.
            while pending and (len(pending) >= self._ahead or _is_done(pending[0])):
                yield self._answer(pending.popleft())
        while pending:
            yield self._answer(pending.popleft())

    def close(self) -> None:
        """End all processes at once.

        They go before the pool does: `join` removes their locks before it ends them, and one
        that is only just starting would look for those in vain and say so with a traceback.
        """
        self._pool.stop()
        for worker in active_children():
            worker.terminate()
        self._pool.join()

    def _begun(self, path: Path) -> tuple[Path, "Future[Found]"]:
        return path, self._pool.schedule(_analysed, (path,), timeout=self._timeout_s)

    def _answer(self, task: Task) -> Found:
        if isinstance(task, Answer):
            return task
        path, future = task
        try:
            return future.result()
        except TimeoutError:
            return timed_out(path, self._timeout_s)
        except ProcessExpired as error:
            return died(path, error)


def local(
    tasks: Iterable[Path | Outcome], settings: ScanSettings, jobs: int, timeout_s: float
) -> Generator[Found, None, None]:
    """Answers by worker processes on this machine."""
    with closing(Workers(settings, jobs, timeout_s)) as workers:
        yield from workers.answers(tasks)


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
    except Exception as error:  # noqa: BLE001 - one file never stops a run, whatever it does
        return _failed(
            path,
            Code.INTERNAL,
            f"{type(error).__name__}: {error}",
            "This is a mistake in genretag: please report it.",
        )


def _is_done(task: Task) -> bool:
    return isinstance(task, Answer) or task[1].done()


def _failed(path: Path, code: Code, what: str, hint: str) -> Answer:
    return refused(path, FileError(code, f"{path}: {what}", hint))


_worker: tuple[Model, ScanSettings, Memory]


def _start(settings: ScanSettings) -> None:
    global _worker  # a pool of processes has no other place for a loaded model
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory()
    model = load(settings.model, "cpu" if settings.batch else settings.device)
    cache = Cache(settings.cache) if settings.cache else None
    _worker = model, settings, Memory(cache, settings, model.digest)


def _analysed(path: Path) -> Found:
    return safely(path, *_worker)
