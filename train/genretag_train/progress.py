"""Callbacks by which long work tells what it does, and work on many items that calls one."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from genretag.library import resources

Notify = Callable[[str], None]
"""Is given a line of text for the user."""

Progress = Callable[[int, int], None]
"""Is given how many of how many items or bytes are done; of 0 if that is unknown."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_threaded(
    work: Callable[[Item], Result], items: Sequence[Item], progress: Progress
) -> Iterable[tuple[Item, Result]]:
    """Yield each item with the result of `work`, in the order of the items.

    >>> list(map_threaded(str, [1, 2], lambda done, total: None))
    [(1, '1'), (2, '2')]
    """
    # Threads suffice: decoding, transforms and nets let go of the interpreter.
    with ThreadPoolExecutor(resources.count_cores()) as pool:
        for done, pair in enumerate(zip(items, pool.map(work, items), strict=True), start=1):
            progress(done, len(items))
            yield pair
