"""Shows how files are heard for a command that writes nothing into them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.markup import escape

from genretag.cli.bar import Bar
from genretag.cli.terminal import width
from genretag.domain.outcome import Failed, Outcome
from genretag.report import human
from genretag.report.paths import common_folder
from genretag.report.text import visible
from genretag.report.wording import format_files


class ProgressDisplay:
    """A bar, failures and a count, all on standard error: what a command finds is its own to show.

    `found` says how many files there are, as far as is known; paths are shown as they are
    under `paths`.
    """

    def __init__(self, found: Callable[[], int], paths: Iterable[Path] = ()) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._lines = human.Lines(self._console, common_folder(paths), width=width(self._console))
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
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        try:
            self._stack.close()
            if kind is None or interrupted:
                self._end(interrupted)
        except OSError:
            # Who closed the terminal has interrupted the run as well.
            if not interrupted:
                raise

    def _end(self, interrupted: bool) -> None:
        summary, failed = self._bar.summary, self._bar.summary.counts[Failed.status]
        if interrupted:
            done = f"Interrupted after {summary.files} of {format_files(self._bar.found)}"
            self._console.print(f"{done}; what was heard is remembered for the next time.")
        elif summary.files:
            took = f"{format_files(summary.files)} in {self._bar.seconds:.1f} s"
            self._console.print(f"{took}, {failed} failed")
        else:
            self._console.print("No audio files were found there.")

    def warn(self, message: str) -> None:
        """Say something that does not concern a single file."""
        self._console.print(f"[yellow]Warning:[/] {escape(visible(message))}")

    def watched(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The same outcomes; each moves the bar, and those that failed are shown."""
        for outcome in self._bar.watched(outcomes):
            if isinstance(outcome, Failed):
                self._lines.show(outcome)
            yield outcome
