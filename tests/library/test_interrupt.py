"""Ctrl-C comes at once, or at the end of what it would break."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from genretag.library import interrupt

ENDING = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    for number in before:
        signal.signal(number, signal.SIG_DFL)  # whatever the tests were started with
    interrupt.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_an_interrupt_comes_at_once(number) -> None:
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def test_one_that_is_held_comes_once_and_at_the_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupt.held():
        with interrupt.held():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            done.append("inside")
        done.append("between")
    assert done == ["inside", "between"]
    with interrupt.held():
        pass


def test_a_child_that_starts_does_not_meet_it_and_the_parent_does_later() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('unharmed')"
    with pytest.raises(KeyboardInterrupt), interrupt.unheard_by_children():
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        os.kill(os.getpid(), signal.SIGINT)
        assert child.stdout == "unharmed\n" and child.returncode == 0


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_was_ignored_stays_ignored(number) -> None:
    signal.signal(number, signal.SIG_IGN)
    interrupt.listen()
    os.kill(os.getpid(), number)
