"""Ctrl-C comes at once, or between two files."""

import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from threading import Timer

import pytest

from genretag.library import interrupt

ENDING = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    for number in before:
        signal.signal(number, signal.SIG_DFL)  # whatever the tests were started with
    interrupt.install()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    with suppress(KeyboardInterrupt):  # of a test that it has ended already
        interrupt.check()


@pytest.mark.parametrize("number", ENDING)
def test_an_interrupt_comes_at_once(number) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_one_that_is_deferred_comes_once_and_at_the_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupt.deferred():
        with interrupt.deferred():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("inside")
        done.append("between")
    assert done == ["inside", "between"]
    with interrupt.deferred():
        pass


def test_one_that_is_deferred_comes_where_it_is_checked() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupt.deferred():
        interrupt.check()
        signal.raise_signal(signal.SIGINT)
        done.append("the file at hand")
        interrupt.check()
        done.append("the next one")
    assert done == ["the file at hand"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_python_ignores_comes_at_the_next_check() -> None:
    class Thing:
        pass

    def callback(_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        for _n in range(1000):  # the handler runs in here
            pass

    thing = Thing()
    reference = weakref.ref(thing, callback)
    del thing
    assert reference() is None
    with pytest.raises(KeyboardInterrupt):
        interrupt.check()


def test_an_error_goes_before_an_interrupt_that_waits() -> None:
    with pytest.raises(ValueError, match="bad"), interrupt.deferred():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("bad")
    with pytest.raises(KeyboardInterrupt):
        interrupt.check()


def test_where_a_person_is_asked_it_comes_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), interrupt.deferred():
        with interrupt.immediate():
            signal.raise_signal(signal.SIGINT)
        pytest.fail("it went on")


def test_one_that_was_caught_does_not_come_again() -> None:
    with pytest.raises(KeyboardInterrupt), interrupt.deferred(), interrupt.immediate():
        signal.raise_signal(signal.SIGINT)
    interrupt.check()


def test_what_waits_for_a_queue_or_a_future_is_woken() -> None:
    for wait in (lambda: interrupt.take(SimpleQueue()), lambda: interrupt.wait(Future())):
        timer = Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt), interrupt.deferred():
            wait()


def test_what_is_there_is_taken_and_what_is_late_is_not_waited_for() -> None:
    queue: SimpleQueue[int] = SimpleQueue()
    queue.put(3)
    assert interrupt.take(queue) == 3
    with pytest.raises(TimeoutError):
        interrupt.take(queue, timeout_s=0.01)
    future: Future[int] = Future()
    future.set_result(1)
    interrupt.wait(future)


@pytest.mark.parametrize("number", [number for number in ENDING if number != signal.SIGTERM])
def test_a_child_that_starts_does_not_meet_it_and_the_parent_does_later(number) -> None:
    code = f"import os; os.kill(os.getpid(), {int(number)}); print('unharmed')"
    with pytest.raises(KeyboardInterrupt), interrupt.block_signals_in_children():
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        signal.raise_signal(number)
        assert child.stdout == "unharmed\n" and child.returncode == 0


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_was_ignored_stays_ignored(number) -> None:
    signal.signal(number, signal.SIG_IGN)
    interrupt.install()
    signal.raise_signal(number)
