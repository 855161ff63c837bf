"""Listens to files on the machines of a Ray cluster, from storage that all of them see."""

import logging
import os
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from genretag.domain.outcome import Outcome
from genretag.errors import Code, ExtraMissingError, GenretagError, RunError, reason
from genretag.inference.session import Model, load
from genretag.pipeline.analysis import Answer, Memory, ScanSettings
from genretag.pipeline.workers import Found, died, safely, timed_out

# Tasks for each core of the cluster; the others wait here, so that memory stays flat.
_AHEAD = 4
_TRIES = 3


def spread(
    tasks: Iterable[Path | Outcome], settings: ScanSettings, address: str | None, timeout_s: float
) -> Generator[Found, None, None]:
    """Answers by a Ray cluster, in the order of `tasks`; outcomes are passed on.

    What is lost with a process or a machine is heard again elsewhere, up to three times.

    Args:
        tasks: files, by paths that lead to them on every machine.
        settings: for all of them; the model must be where they say on every machine.
        address: of the cluster; `auto` finds the one that this machine is part of, and without
            one Ray runs here alone.
        timeout_s: seconds after which a file is given up, once those before it are done.

    Raises:
        ExtraMissingError: Ray is not installed.
        RunError: `cluster-unreachable`.
    """
    try:
        import ray
    except ImportError as error:
        raise ExtraMissingError("--engine ray", "ray") from error
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RunError(
            Code.CLUSTER_UNREACHABLE,
            f"The Ray cluster at {address} cannot be reached: {reason(error)}",
            "Start it with `ray start --head`, or name another with --ray-address.",
        ) from error
    try:
        # Its memory is on this machine, so what workers find is remembered here.
        remote = ray.remote(num_cpus=1, max_retries=_TRIES)(_analysed)
        model = settings.model.absolute()  # others run elsewhere
        shared = ray.put((Path.cwd(), replace(settings, model=model, cache=None)))
        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        ahead = _AHEAD * max(1, int(resources.get("CPU", 1)))
        pending: deque[Answer | tuple[Path, Any]] = deque()
        for task in tasks:
            pending.append(
                Answer(task) if isinstance(task, Outcome) else (task, remote.remote(task, shared))
            )
            while len(pending) >= ahead:
                yield _answer(pending.popleft(), timeout_s)
        while pending:
            yield _answer(pending.popleft(), timeout_s)
    finally:
        ray.shutdown()


def _answer(task: "Answer | tuple[Path, Any]", timeout_s: float) -> Found:
    import ray

    if isinstance(task, Answer):
        return task
    path, reference = task
    try:
        found: Found = ray.get(reference, timeout=timeout_s)
    except ray.exceptions.GetTimeoutError:
        ray.cancel(reference, force=True)
        return timed_out(path, timeout_s)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, GenretagError):  # the model, for all files alike
            raise error.cause from error
        return died(path, error)
    except ray.exceptions.RayError as error:
        return died(path, error)
    return found


@cache
def _model(path: Path, device: str) -> Model:
    """Loaded once in each process."""
    return load(path, device)


def _analysed(path: Path, shared: tuple[Path, ScanSettings]) -> Found:
    folder, settings = shared
    # Where the command runs, a path means there what it means here, and is told as it was given.
    with suppress(OSError):  # on another machine, absolute paths need no such folder
        os.chdir(folder)
    model = _model(settings.model, "cpu" if settings.batch else settings.device)
    return safely(path, model, settings, Memory(None, settings, model.digest))
