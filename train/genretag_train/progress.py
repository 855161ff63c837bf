"""Callbacks by which long work tells what it does, words for it, and work on many items."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from genretag.library import resources

Notify = Callable[[str], None]
"""Is given a line of text for the user."""

Progress = Callable[[int, int], None]
"""Is given how many of how many items or bytes are done; of 0 if that is unknown."""

_QUEUED_PER_THREAD = 4  # enough to keep them busy behind a slow item

Item = TypeVar("Item")
Result = TypeVar("Result")


def describe_counts(counts: Mapping[str, int]) -> str:
    """Return the names with their counts in brackets, in the order given.

    >>> describe_counts({"silent": 2, "short": 1})
    'silent (2), short (1)'
    """
    return ", ".join(f"{name} ({count})" for name, count in counts.items())


def map_threaded(
    work: Callable[[Item], Result], items: Sequence[Item], progress: Progress
) -> Iterable[tuple[Item, Result]]:
    """Yield each item with the result of `work`, in the order of the items.

    >>> list(map_threaded(str, [1, 2], lambda done, total: None))
    [(1, '1'), (2, '2')]
    """
    # Threads suffice: decoding, transforms and nets let go of the interpreter.
    threads = resources.count_cores()
    with ThreadPoolExecutor(threads) as pool:
        # Few are queued, or each of a hundred thousand items would have a future at once.
        queue = deque(pool.submit(work, item) for item in items[: _QUEUED_PER_THREAD * threads])
        for done, item in enumerate(items, start=1):
            result = queue.popleft().result()
            if done + len(queue) < len(items):
                queue.append(pool.submit(work, items[done + len(queue)]))
            progress(done, len(items))
            yield item, result
