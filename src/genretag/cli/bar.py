"""The progress bar of a run over many files."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from genretag.cli.terminal import is_piped
from genretag.domain.outcome import Outcome
from genretag.report import human
from genretag.report.paths import shorten
from genretag.report.text import visible
from genretag.report.wording import STYLES, WRITING, Wording

_WITHOUT_PATH = 60
"""Columns for all but the name of the file at hand."""


class Bar:
    """A bar on `console`, if that is a terminal, and what it counts.

    There is none where another program reads standard output: what that shows on the same
    terminal would be torn. `found` says how many files there are, as far as is known; of what
    became of them, the bar shows `statuses`.
    """

    def __init__(
        self,
        console: Console,
        found: Callable[[], int],
        hidden: bool = False,
        statuses: Iterable[str] = tuple(STYLES),
        words: Wording = WRITING,
    ) -> None:
        self.summary = human.Summary(words)
        self._found = found
        self._signs = {status: STYLES[status].sign for status in statuses}
        self._started = time.monotonic()
        self._room = console.width - _WITHOUT_PATH
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=20 if self._room > 0 else 8),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[path]}", table_column=Column(no_wrap=True), markup=False),
            console=console,
            transient=True,
            disable=hidden or not console.file.isatty() or is_piped(sys.stdout),
        )

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._started

    @property
    def found(self) -> int:
        """Return how many files there are, as far as is known, and those that are done at least."""
        return max(self._found(), self.summary.files)

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("", total=None, path="", counts="")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def watched(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The same outcomes, each counted and shown."""
        for outcome in outcomes:
            self.summary.add(outcome)
            counts = self.summary.counts
            done = self.summary.files
            self._progress.update(
                self._task,
                completed=done,
                total=self.found,
                path=shorten(visible(outcome.path.name), self._room) if self._room > 0 else "",
                counts=" ".join(
                    f"{sign}{counts[status]}"
                    for status, sign in self._signs.items()
                    if counts[status]
                ),
            )
            yield outcome
