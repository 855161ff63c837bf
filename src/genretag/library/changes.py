"""Follows what changes under folders, as the system tells of it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import inf
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Self

from watchfiles import Change, watch

from genretag.errors import reason
from genretag.library import interrupt

MANY = 1000
"""So many changes at once are more than the system may be able to tell of."""

_STEP_MS = 200
_TOGETHER_MS = 1000
_ANSWER_MS = 1000
_AGAIN_S = 5.0
_PAUSE_S = 10.0
"""After a pause of this process, as of a container, changes may have been missed."""


class Changes:
    """The paths that change under folders; a thread collects them until somebody takes them.

    Attributes:
        lost: whether there may be more changes than were told of since this was last set to
            False: too many came at once, or while this process was stopped, or one had a name that
            is no text.
        failure: why the system tells of no changes; None as long as it does.

    Args:
        folders: absolute, none within another; if there are none, nothing changes.
        is_wanted: tells of each path whether it is collected.
    """

    def __init__(self, folders: Sequence[Path], is_wanted: Callable[[str], bool]) -> None:
        self.lost = False
        self.failure: str | None = None
        self._folders = folders
        self._is_wanted = is_wanted
        self._paths: set[str] = set()
        self._lock = Lock()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._stop = Event()
        self._ran_s = 0.0
        self._thread = Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        """Start; what changes from now on is told of, unless there is a `failure`."""
        if self._folders:
            self._thread.start()
            try:
                interrupt.take(self._wake)
            except BaseException:
                self._stop.set()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._folders:
            self._thread.join()

    def take(self, timeout_s: float) -> set[str]:
        """Return what has changed since the last call; wait for something if nothing has.

        Args:
            timeout_s: how long to wait at most; it may be infinite.

        Raises:
            KeyboardInterrupt: an interrupt came, or waited.
        """
        with suppress(TimeoutError):
            interrupt.take(self._wake, None if timeout_s == inf else timeout_s)
        with self._lock:
            paths, self._paths = self._paths, set()
        return paths

    def _follow(self) -> None:
        """Collect changes until told to stop, or the system cannot even begin to tell of them."""
        ignores_refusals = is_again = False
        while not self._stop.is_set() and not self.failure:
            has_begun = False
            try:
                for changes in self._watch(ignores_refusals):
                    if not has_begun:
                        has_begun, self._ran_s = True, time.monotonic()
                        self._add(set(), is_part=is_again)
                        self._wake.put(None)
                    self._collect({path for _, path in changes})
            except Exception as error:  # noqa: BLE001 - of a library in Rust, which raises its own
                if isinstance(error, PermissionError) and not ignores_refusals:
                    # Not from the start: it would then say nothing of a full table either.
                    ignores_refusals = True
                    continue
                if not has_begun:
                    self.failure = reason(error).partition(" about [")[0]
                    self._wake.put(None)
                # It may be a single name that is no text, which comes again and again.
                self._stop.wait(_AGAIN_S)
                is_again = True

    def _watch(self, ignores_refusals: bool) -> Iterator[set[tuple[Change, str]]]:
        return watch(
            *self._folders,
            watch_filter=None,
            debounce=_TOGETHER_MS,
            step=_STEP_MS,
            stop_event=self._stop,
            rust_timeout=_ANSWER_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,
            ignore_permission_denied=ignores_refusals,
        )

    def _collect(self, paths: set[str]) -> None:
        now_s = time.monotonic()
        is_part = len(paths) >= MANY or now_s - self._ran_s > _PAUSE_S
        self._ran_s = now_s
        self._add(set(filter(self._is_wanted, paths)), is_part)

    def _add(self, paths: set[str], is_part: bool) -> None:
        """Add what has changed; `is_part` if there may be more."""
        with self._lock:
            is_news = bool(paths or is_part) and not (self._paths or self.lost)
            self._paths |= paths
            self.lost = self.lost or is_part
        if is_news:
            self._wake.put(None)
