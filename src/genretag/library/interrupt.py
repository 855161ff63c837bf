"""Ctrl-C, and how to keep it out of code that it would break."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType

# Windows has no SIGHUP.
_ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

_held = 0
_pending = False


def listen() -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt, wherever nothing holds them back.

    Whoever ends a run by SIGTERM, or closes its terminal, wants what Ctrl-C gives: what is done
    is kept. A signal that the caller had ignored stays ignored, as shells do for commands in the
    background and `nohup` does.
    """
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _came)


@contextmanager
def held() -> Iterator[None]:
    """Let an interrupt wait for the end of the context, which must not take long.

    A lock written in Python, as `queue` and `concurrent.futures` have them, stays taken for
    good if KeyboardInterrupt comes between its being taken and its being guarded. Only for
    the main thread: no other meets an interrupt.
    """
    global _held, _pending
    _held += 1
    try:
        yield
    finally:
        _held -= 1
        if _pending and not _held:
            _pending = False
            raise KeyboardInterrupt


@contextmanager
def unheard_by_children() -> Iterator[None]:
    """Let processes that start in the context never meet Ctrl-C; it waits here meanwhile.

    A terminal sends it to them all, and one that is only just starting has not yet said that it
    does not want it. Windows has no such thing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It comes with the first process, and lets signals through again when it has started.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _came(number: int, frame: FrameType | None) -> None:
    global _pending
    _pending = bool(_held)
    if not _held:
        raise KeyboardInterrupt
