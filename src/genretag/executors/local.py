"""Worker processes on this machine: a crash or a time limit costs one file, not the run."""

import importlib
import signal
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pebble import ProcessExpired, ProcessPool

from genretag.library.interrupt import block_signals_in_children, deferred, wait

# They take long to import, and processes are to start before that.
if TYPE_CHECKING:
    from genretag.domain.analysis import Analysis
    from genretag.errors import RunError
    from genretag.executors.base import Work

# Enough tasks to keep every worker busy while the slowest file holds back the ones after it.
_TASKS_PER_WORKER = 8


class LocalExecutor:
    """Processes that start at once and end with `close`; an `Executor`.

    Args:
        jobs: how many.
        timeout_s: seconds after which a file is given up.
        preload: a module that each process imports before its first file.
    """

    def __init__(self, jobs: int, timeout_s: float, preload: str) -> None:
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._context = _Context()
        with deferred(), block_signals_in_children():
            self._pool = ProcessPool(jobs, 0, _prepare, (preload,), context=self._context)
            self._pool.schedule(_start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self, tasks: "Iterable[Path | Analysis]", work: "Work"
    ) -> "Generator[Analysis, None, None]":
        """Yield an analysis for each task, in their order, as `Executor.run` says."""
        from genretag.executors.base import run_in_order

        def submit(path: Path) -> "Future[Analysis]":
            try:
                return self._pool.schedule(work, (path,), timeout=self._timeout_s)
            except RuntimeError as error:  # the pool has given up
                raise _pool_error(error) from error

        return run_in_order(tasks, submit, self._result, _TASKS_PER_WORKER * self._jobs)

    def close(self) -> None:
        """End all processes at once.

        They go before the pool does: `join` removes their locks before it ends them, and one
        that is only just starting would look for those in vain and say so with a traceback.
        """
        with deferred():
            self._pool.stop()
            # The caller's other processes are its own.
            for worker in self._context.started.intersection(active_children()):
                worker.terminate()
            self._pool.join()

    def _result(self, path: Path, future: "Future[Analysis]") -> "Analysis":
        from genretag.executors.base import timed_out, worker_died

        wait(future)
        try:
            return future.result()
        except TimeoutError:
            return timed_out(path, self._timeout_s)
        except ProcessExpired as error:
            return worker_died(path, error)
        except BrokenProcessPool as error:
            raise _pool_error(error) from error


class _Context(SpawnContext):
    """Starts processes anew and remembers them.

    A forked child would inherit locks that ONNX Runtime's threads hold.
    """

    def __init__(self) -> None:
        super().__init__()
        self.started: set[BaseProcess] = set()

    def Process(self, *arguments: Any, **named: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        """Make a process of the pool, as `multiprocessing` calls it."""
        process = SpawnProcess(*arguments, **named)
        self.started.add(process)
        return process


def _prepare(preload: str) -> None:
    """Make a worker process ready for its first file."""
    from genretag.library.resources import limit_memory

    importlib.import_module(preload)
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory()


def _start() -> None:
    """Do nothing: the pool starts its processes for the first task."""


def _pool_error(error: Exception) -> "RunError":
    from genretag.errors import Code, RunError

    return RunError(
        Code.WORKER_DIED,
        f"Idle worker processes died: {error}",
        "The machine may lack memory: try fewer --jobs. The same command goes on from here.",
    )
