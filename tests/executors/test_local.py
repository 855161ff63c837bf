"""Processes of this machine: they end with what began them, and nothing else does."""

import os
import signal
import time
from multiprocessing import get_context
from pathlib import Path
from threading import Timer

import pytest

from genretag.domain.analysis import Analysis
from genretag.errors import Code
from genretag.executors.local import LocalExecutor
from genretag.library import interrupt


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def executor() -> LocalExecutor:
    return LocalExecutor(2, 60.0, "genretag.domain.analysis")


def own_pid(path: Path) -> Analysis:
    return Analysis(path, duration_s=os.getpid())


def process_of(executor: LocalExecutor, number: int) -> int:
    [analysis] = executor.run([Path(str(number))], own_pid)
    return int(analysis.duration_s)


def test_closing_an_executor_ends_its_own_processes_alone() -> None:
    spawn = get_context("spawn")
    done = spawn.Event()
    callers = spawn.Process(target=done.wait)
    callers.start()
    with executor() as other:
        with executor() as first:
            own = {process_of(first, n) for n in range(20)}
        assert own and not any(map(alive, own))
        assert callers.is_alive()
        assert process_of(other, 0) not in own
    assert callers.is_alive()
    done.set()
    callers.join()
    assert callers.exitcode == 0


def fall_asleep_or_die(path: Path) -> Analysis:
    if path.name == "dies":
        os._exit(3)
    if path.name == "sleeps":
        time.sleep(60)
    return Analysis(path, duration_s=1.0)


def test_results_keep_their_order_and_what_fails_fails_alone() -> None:
    known = Analysis(Path("known"))
    tasks = [Path("a"), Path("dies"), known, Path("sleeps"), Path("b")]
    with LocalExecutor(2, 4.0, __name__) as pool:  # without imports, which take long under load
        results = list(pool.run(tasks, fall_asleep_or_die))
    assert [result.path.name for result in results] == ["a", "dies", "known", "sleeps", "b"]
    assert results[2] is known and results[0].duration_s == results[4].duration_s == 1.0
    codes = [result.outcome and result.outcome.error.code for result in results]
    assert codes == [None, Code.WORKER_DIED, None, Code.TIMED_OUT, None]


def test_an_interrupt_ends_a_run_between_files_and_keeps_what_is_done() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)  # whatever the tests started with
    interrupt.install()
    tasks = [Path(str(n)) for n in range(3)] + [Path("sleeps")]
    done = []
    with executor() as pool, pytest.raises(KeyboardInterrupt), interrupt.deferred():
        for analysis in pool.run(tasks, fall_asleep_or_die):
            done.append(analysis.path.name)
            if len(done) == 3:
                Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    signal.signal(signal.SIGINT, before)
    assert done == ["0", "1", "2"]
