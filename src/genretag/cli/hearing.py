"""Shows how files are heard for a command that writes nothing into them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Self

from rich.console import Console
from rich.markup import escape

from genretag.cli.bar import Bar
from genretag.domain.outcome import Failed, Outcome
from genretag.report import human
from genretag.report.text import visible


class Hearing:
    """A bar, failures and a count, all on standard error: what a command finds is its own to show.

    `found` says how many files there are, as far as is known.
    """

    def __init__(self, found: Callable[[], int]) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar = Bar(self._console, found, statuses=(Failed.status,))
        self._stack = ExitStack()

    @property
    def exit_code(self) -> int:
        """0, or 1 if a file failed."""
        return 1 if self._bar.summary.counts[Failed.status] else 0

    def __enter__(self) -> Self:
        self._stack.enter_context(self._bar)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stack.close()
        counts = self._bar.summary.counts
        if kind is None or issubclass(kind, KeyboardInterrupt):
            files, failed = sum(counts.values()), counts[Failed.status]
            if files:
                self._console.print(f"{files} files in {self._bar.seconds:.1f} s, {failed} failed")
            elif kind is None:
                self._console.print("No audio files were found there.")

    def warn(self, message: str) -> None:
        """Say something that does not concern a single file."""
        self._console.print(f"[yellow]Warning:[/] {escape(visible(message))}")

    def watched(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The same outcomes; each moves the bar, and those that failed are shown."""
        for outcome in self._bar.watched(outcomes):
            if isinstance(outcome, Failed):
                self._console.print(human.line(outcome), soft_wrap=True)
            yield outcome
