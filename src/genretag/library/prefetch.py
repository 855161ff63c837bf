"""Runs an iterator ahead in a thread, so that its length is known before its end is needed."""

from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from genretag.library import interrupt

T = TypeVar("T")


class Prefetch(Iterator[T], Generic[T]):
    """The items of an iterable, fetched by a thread as fast as it gives them.

    `found` counts what was fetched so far; `complete` says whether that is all.
    An exception in the iterable is raised where its item would have come.
    """

    def __init__(self, items: Iterable[T]) -> None:
        self.found = 0
        self.complete = False
        self._queue: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
        Thread(target=self._fetch, args=(items,), daemon=True).start()

    def _fetch(self, items: Iterable[T]) -> None:
        try:
            for item in items:
                # Counted first: nobody is to get an item that is not counted yet.
                self.found += 1
                self._queue.put((item,))
        except Exception as error:  # noqa: BLE001 - handed over, not swallowed
            self._queue.put(error)
        self.complete = True
        self._queue.put(None)

    def __next__(self) -> T:
        item = interrupt.take(self._queue)
        if item is None:
            self._queue.put(None)
            raise StopIteration
        if isinstance(item, BaseException):
            raise item
        fetched: T = item[0]
        return fetched
