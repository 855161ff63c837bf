"""Threads of this process, for a program that has loaded a model already."""

from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from genretag.domain.analysis import Analysis
from genretag.executors.base import Work, run_in_order


class ThreadExecutor:
    """Threads that start with a run and end with it; an `Executor`.

    What crashes the process or never ends is not contained, as `LocalExecutor` does.

    Args:
        jobs: how many.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def run(self, tasks: Iterable[Path | Analysis], work: Work) -> Generator[Analysis, None, None]:
        """Yield an analysis for each task, in their order, as `Executor.run` says."""
        pool = ThreadPoolExecutor(self._jobs, "genretag")
        try:
            yield from run_in_order(
                tasks, lambda path: pool.submit(work, path), _result, 2 * self._jobs
            )
        finally:
            pool.shutdown(cancel_futures=True)


def _result(path: Path, future: "Future[Analysis]") -> Analysis:
    return future.result()
