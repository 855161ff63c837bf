"""Ctrl-C, SIGTERM and SIGHUP: at once, or between two files of a run."""

import math
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

# Windows has no SIGHUP.
_ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

# Windows runs no handler while the main thread waits, so there it must not wait for long.
_LONGEST_WAIT_S = 0.1 if os.name == "nt" else math.inf

_deferred = 0
_requested = False
_last: int | None = None
_waiting: SimpleQueue[Any] | None = None


def install() -> None:
    """Handle Ctrl-C, SIGTERM and SIGHUP alike: each ends the command by KeyboardInterrupt.

    Whoever ends a run by SIGTERM, or closes its terminal, wants what Ctrl-C gives: what is done
    is kept. A signal that the caller had ignored stays ignored, as shells do for commands in the
    background and `nohup` does.
    """
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


def was_asked_to_end() -> bool:
    """Tell whether the last interrupt was SIGTERM: no person broke off, a supervisor ended us."""
    return _last == signal.SIGTERM


@contextmanager
def deferred() -> Iterator[None]:
    """Let an interrupt wait for the next `check`, or for the end of the context.

    KeyboardInterrupt at any moment would tear what must not be torn: an import, a write, a lock
    of `queue` or `concurrent.futures` between its being taken and its being guarded. Loops over
    files call `check` between them, and wait by `take` and `wait`. For the main thread alone: no
    other meets an interrupt.
    """
    global _deferred, _requested
    _deferred += 1
    try:
        yield
    except KeyboardInterrupt:
        _requested = False  # it has arrived: whoever catches it must not meet it again
        raise
    finally:
        _deferred -= 1
    if not _deferred:
        check()


@contextmanager
def immediate() -> Iterator[None]:
    """Let an interrupt come at once again, as where a person is asked or a large file copied."""
    global _deferred
    before = _deferred
    try:
        _deferred = 0
        check()
        yield
    finally:
        _deferred = before


def check() -> None:
    """Raise KeyboardInterrupt if an interrupt waits."""
    global _requested
    if _requested:
        _requested = False
        raise KeyboardInterrupt


def is_requested() -> bool:
    """Tell whether an interrupt waits."""
    return _requested


def take(queue: SimpleQueue[Any], timeout_s: float | None = None) -> Any:
    """Return the next item of `queue`; an interrupt ends the waiting.

    Raises:
        KeyboardInterrupt: an interrupt came, or waited.
        TimeoutError: nothing came within `timeout_s` seconds.
    """
    global _waiting
    _waiting = queue  # before `check`, or an interrupt between the two would wake nobody
    try:
        check()
        item = _get(queue, math.inf if timeout_s is None else time.monotonic() + timeout_s)
        check()
    finally:
        _waiting = None
    return item


def _get(queue: SimpleQueue[Any], deadline_s: float) -> Any:
    while (left_s := deadline_s - time.monotonic()) > 0:
        wait_s = min(left_s, _LONGEST_WAIT_S)
        try:
            return queue.get(timeout=None if wait_s == math.inf else wait_s)
        except Empty:
            check()
    raise TimeoutError


def wait(future: Future[Any], timeout_s: float | None = None) -> None:
    """Wait until `future` is done; raise as `take`."""
    done: SimpleQueue[Any] = SimpleQueue()
    future.add_done_callback(done.put)
    take(done, timeout_s)


@contextmanager
def block_signals_in_children() -> Iterator[None]:
    """Let processes that start in the context never meet Ctrl-C nor SIGHUP; they wait here.

    A terminal sends them to all its processes, and one that is only just starting has not yet
    said that it does not want them. What this process makes of them, it tells the others.
    Windows has no such thing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        # It comes with the first process, and lets SIGINT through again when it has started.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _handle(number: int, frame: FrameType | None) -> None:
    global _requested, _last
    _last = number
    # Also where it raises: Python ignores what is raised in the callback of a weak reference, as
    # imports have them, and then the next `check` ends the run.
    _requested = True
    if not _deferred:
        raise KeyboardInterrupt
    if _waiting is not None:
        _waiting.put(None)  # written in C: a handler may call it while `get` waits
