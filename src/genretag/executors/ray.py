"""The machines of a Ray cluster, with storage that all of them see."""

import logging
import os
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from genretag.domain.analysis import Analysis
from genretag.errors import Code, ExtraMissingError, GenretagError, RunError, reason
from genretag.executors.base import Work, run_in_order, timed_out, worker_died
from genretag.library.interrupt import wait

# Tasks for each core of the cluster; the others wait here, so that memory stays flat.
_TASKS_PER_CORE = 4
_MAX_RETRIES = 3


class RayExecutor:
    """Tasks on a Ray cluster; an `Executor`.

    What is lost with a process or a machine is done again elsewhere, up to three times. Paths,
    also those in the work itself, must lead to the same files on every machine.

    Args:
        address: of the cluster; `auto` finds the one that this machine is part of, None starts
            Ray on this machine alone.
        timeout_s: seconds after which a file is given up, once those before it are done.
    """

    def __init__(self, address: str | None, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s

    def run(self, tasks: Iterable[Path | Analysis], work: Work) -> Generator[Analysis, None, None]:
        """Yield an analysis for each task, in their order, as `Executor.run` says.

        Raises:
            ExtraMissingError: Ray is not installed.
            RunError: `cluster-unreachable`.
        """
        try:
            import ray
        except ImportError as error:
            raise ExtraMissingError("--engine ray", "ray") from error
        try:
            ray.init(address=self._address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise RunError(
                Code.CLUSTER_UNREACHABLE,
                f"The Ray cluster at {self._address} cannot be reached: {reason(error)}",
                "Start it with `ray start --head`, or name another with --ray-address.",
            ) from error
        try:
            remote = ray.remote(num_cpus=1, max_retries=_MAX_RETRIES)(_run)
            shared = ray.put((Path.cwd(), work))
            resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
            ahead = _TASKS_PER_CORE * max(1, int(resources.get("CPU", 1)))
            yield from run_in_order(
                tasks, lambda path: remote.remote(path, shared).future(), self._result, ahead
            )
        finally:
            ray.shutdown()

    def _result(self, path: Path, future: "Future[Analysis]") -> Analysis:
        import ray

        try:
            wait(future, self._timeout_s)
            return future.result()
        except TimeoutError:
            ray.cancel(future.object_ref, force=True)  # type: ignore[attr-defined]
            return timed_out(path, self._timeout_s)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, GenretagError):  # the model, for all files alike
                raise error.cause from error
            return worker_died(path, error)
        except ray.exceptions.RayError as error:
            return worker_died(path, error)


def _run(path: Path, shared: tuple[Path, Work]) -> Analysis:
    folder, work = shared
    # Where the command runs, a path means there what it means here, and is shown as it was given.
    with suppress(OSError):  # on another machine, absolute paths need no such folder
        os.chdir(folder)
    return work(path)
