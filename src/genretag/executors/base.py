"""Shared parts of executors: protocol, order of results, files that crash or time out."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from genretag.domain.analysis import Analysis
from genretag.errors import Code
from genretag.library import interrupt

Work = Callable[[Path], Analysis]
"""Analyses one file, in whichever process; it can be pickled, and raises for no single file."""


class Executor(Protocol):
    """Runs work on many files at the same time."""

    def run(self, tasks: Iterable[Path | Analysis], work: Work) -> Generator[Analysis, None, None]:
        """Yield an analysis for each task, in their order.

        Args:
            tasks: paths to analyse; analyses, which are passed on.
            work: what to do with a path.

        Raises:
            KeyboardInterrupt: between two files, if an interrupt was deferred.
            RunError: the executor cannot go on.
        """
        ...


def run_in_order(
    tasks: Iterable[Path | Analysis],
    submit: Callable[[Path], "Future[Analysis]"],
    result: Callable[[Path, "Future[Analysis]"], Analysis],
    ahead: int,
) -> Generator[Analysis, None, None]:
    """Yield an analysis for each task in order, while up to `ahead` of them are on their way.

    What is done is passed on at once: an interrupted run keeps it.
    """
    pending: deque[Analysis | tuple[Path, Future[Analysis]]] = deque()
    for task in tasks:
        interrupt.check()
        pending.append(task if isinstance(task, Analysis) else (task, submit(task)))
        while pending and (len(pending) >= ahead or _is_done(pending[0])):
            yield _finish(pending.popleft(), result)
    while pending:
        yield _finish(pending.popleft(), result)


def _is_done(task: Analysis | tuple[Path, "Future[Analysis]"]) -> bool:
    return isinstance(task, Analysis) or task[1].done()


def _finish(
    task: Analysis | tuple[Path, "Future[Analysis]"],
    result: Callable[[Path, "Future[Analysis]"], Analysis],
) -> Analysis:
    return task if isinstance(task, Analysis) else result(*task)


def timed_out(path: Path, timeout_s: float) -> Analysis:
    """Return the analysis of a file that took too long."""
    return Analysis.failed_as(
        path,
        Code.TIMED_OUT,
        f"no result after {timeout_s:g} s",
        "Give it more time with --timeout, or play the file to see whether it is damaged.",
    )


def worker_died(path: Path, error: Exception) -> Analysis:
    """Return the analysis of a file that its process did not survive."""
    return Analysis.failed_as(
        path,
        Code.WORKER_DIED,
        f"its worker process died ({error})",
        "The file is probably damaged in a way that crashes the decoder.",
    )
