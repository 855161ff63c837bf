"""The progress bar of a run over many files."""

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

from genretag.domain.outcome import Outcome
from genretag.report import human
from genretag.report.text import visible


class Bar:
    """A bar on `console`, if that is a terminal, and what it counts.

    `found` says how many files there are, as far as is known; of what became of them, the
    bar shows `statuses`.
    """

    def __init__(
        self,
        console: Console,
        found: Callable[[], int],
        hidden: bool = False,
        statuses: Iterable[str] = tuple(human.STYLES),
    ) -> None:
        self.console = console
        self.summary = human.Summary()
        self._found = found
        self._signs = {status: human.STYLES[status].sign for status in statuses}
        self._started = time.monotonic()
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[path]}", table_column=Column(no_wrap=True), markup=False),
            console=console,
            transient=True,
            disable=hidden or not console.is_terminal,
        )

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._started

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("", total=None, path="", rate="", counts="")
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
            done = sum(counts.values())
            self._progress.update(
                self._task,
                completed=done,
                total=self._found(),
                path=visible(outcome.path.name),
                rate=f"{done / self.seconds:.1f}/s",
                counts=" ".join(
                    f"{sign}{counts[status]}"
                    for status, sign in self._signs.items()
                    if counts[status]
                ),
            )
            yield outcome
