"""Starts worker processes early: what they need is imported there while it is imported here."""

from multiprocessing import active_children, get_context

from pebble import ProcessPool

from genretag.library.interrupt import held, unheard_by_children


class Pool:
    """Processes that start at once and end with `close`; nothing heavy is imported for them here.

    Args:
        jobs: how many.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.processes = ProcessPool(
            max_workers=jobs,
            initializer=_prepare,
            # A forked child would inherit locks that ONNX Runtime's threads hold.
            context=get_context("spawn"),
        )
        with held(), unheard_by_children():
            self.processes.schedule(_nothing)

    def close(self) -> None:
        """End all processes at once.

        They go before the pool does: `join` removes their locks before it ends them, and one
        that is only just starting would look for those in vain and say so with a traceback.
        """
        with held():
            self.processes.stop()
            for worker in active_children():
                worker.terminate()
            self.processes.join()


def _prepare() -> None:
    from genretag.workflow import workers

    workers.prepare()


def _nothing() -> None:
    """The pool starts its processes for the first task."""
