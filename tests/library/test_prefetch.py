"""An iterable that a thread fetches, so that its length is known early."""

import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event

import pytest

from genretag.library.prefetch import Prefetch

PATIENCE_S = 10.0


def test_running_ahead_keeps_the_order_and_knows_the_length() -> None:
    ahead = Prefetch(range(1000))
    assert [*ahead] == [*range(1000)]
    assert (ahead.found, ahead.complete) == (1000, True)
    assert [*ahead] == []


def test_an_error_comes_where_its_item_would_have_come() -> None:
    def items():
        yield 1
        raise OSError("gone")

    ahead = Prefetch(items())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="gone"):
        next(ahead)
    assert [*ahead] == []


def test_what_comes_is_counted_before_anybody_gets_it() -> None:
    ahead = Prefetch(range(5000))
    for number, _ in enumerate(ahead, 1):
        assert ahead.found >= number


def test_the_length_is_known_before_anything_is_asked_for() -> None:
    ahead = Prefetch(range(1000))
    until = time.monotonic() + PATIENCE_S
    while not ahead.complete and time.monotonic() < until:
        time.sleep(0.001)
    assert (ahead.found, ahead.complete) == (1000, True)


def test_it_is_not_complete_while_more_may_come() -> None:
    gate = Event()

    def items() -> Iterator[int]:
        yield 1
        gate.wait(PATIENCE_S)
        yield 2

    ahead = Prefetch(items())
    assert next(ahead) == 1
    assert not ahead.complete
    gate.set()
    assert [*ahead] == [2]
    assert ahead.complete


@pytest.mark.parametrize("item", [None, (), StopIteration(), OSError("an item, not an event")])
def test_any_thing_may_be_an_item(item: object) -> None:
    assert [*Prefetch([item, item])] == [item, item]


def test_nothing_at_all_ends_at_once() -> None:
    ahead: Prefetch[int] = Prefetch([])
    assert [*ahead] == []
    assert (ahead.found, ahead.complete) == (0, True)


def test_an_iterable_without_end_does_not_keep_the_program_alive() -> None:
    program = (
        "from itertools import count; import time\n"
        "from genretag.library.prefetch import Prefetch\n"
        "def slow():\n"
        "    for n in count():\n"
        "        yield n; time.sleep(0.001)\n"
        "print(next(Prefetch(slow())))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (run.returncode, run.stdout.split()) == (0, [b"0"])


def test_an_iterable_that_waits_does_not_keep_the_program_alive() -> None:
    program = (
        "import threading\n"
        "from genretag.library.prefetch import Prefetch\n"
        "def stuck():\n"
        "    yield 'first'; threading.Event().wait(); yield 'never'\n"
        "print(next(Prefetch(stuck())))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (run.returncode, run.stdout.split()) == (0, [b"first"])
