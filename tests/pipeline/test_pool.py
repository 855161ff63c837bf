"""A pool ends what it began, and nothing else."""

import os
from contextlib import closing
from multiprocessing import get_context

from genretag.pipeline.pool import Pool


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_closing_a_pool_ends_its_own_processes_alone() -> None:
    spawn = get_context("spawn")
    done = spawn.Event()
    callers = spawn.Process(target=done.wait)
    callers.start()
    with closing(Pool(2)) as other:
        with closing(Pool(2)) as pool:
            own = {pool.processes.schedule(os.getpid).result() for _ in range(20)}
        assert own and not any(map(alive, own))
        assert callers.is_alive()
        assert other.processes.schedule(os.getpid).result() not in own
    assert callers.is_alive()
    done.set()
    callers.join()
    assert callers.exitcode == 0
