"""Starts worker processes early: what they need is imported there while it is imported here."""

from multiprocessing import active_children
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any

from pebble import ProcessPool

from genretag.library.interrupt import held, unheard_by_children


class Pool:
    """Processes that start at once and end with `close`; nothing heavy is imported for them here.

    Args:
        jobs: how many.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._own = _Context()
        self.processes = ProcessPool(max_workers=jobs, initializer=_prepare, context=self._own)
        with held(), unheard_by_children():
            self.processes.schedule(_nothing)

    def close(self) -> None:
        """End all processes at once.

        They go before the pool does: `join` removes their locks before it ends them, and one
        that is only just starting would look for those in vain and say so with a traceback.
        """
        with held():
            self.processes.stop()
            # The caller's other processes are its own.
            for worker in self._own.started.intersection(active_children()):
                worker.terminate()
            self.processes.join()


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


def _prepare() -> None:
    from genretag.pipeline import workers

    workers.prepare()


def _nothing() -> None:
    """The pool starts its processes for the first task."""
