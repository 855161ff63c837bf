"""Shows a run: outcomes as they come, a progress bar, a question, a summary, what to do next."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.markup import escape

from genretag.cli.bar import Bar
from genretag.cli.output import opened, translated
from genretag.cli.terminal import agreed, can_ask, width
from genretag.domain.outcome import Failed, Outcome, Planned, Tagged
from genretag.errors import RunError
from genretag.library import paths
from genretag.library.interrupt import deferred
from genretag.library.journal import Journal
from genretag.pipeline.write import Writer, recover
from genretag.report import REPORTERS, Report, human
from genretag.report.plan import PlanWriter
from genretag.report.text import visible
from genretag.report.wording import Wording, format_files


class Run:
    """One run of a command over many files; used as a context, it ends with the summary.

    Data goes to `output` or standard output, and everything else to standard error, but for the
    bar where lines for people share the terminal with it.

    Args:
        format_: of the data.
        output: the file for it, if not standard output.
        found: says how many files there are, as far as is known.
        words: those of the command.
        folder: what paths are shown relative to.
        command: what a person types to do this again.
    """

    def __init__(
        self,
        format_: str,
        output: Path | None,
        found: Callable[[], int],
        words: Wording,
        folder: Path | None,
        command: str,
    ) -> None:
        self._format = format_
        self._output = output
        self._found = found
        self._words = words
        self._folder = folder
        self._command = command
        self._next: list[tuple[str, str]] = []
        self._written: int | None = None
        self._stack = ExitStack()
        self._stdout = Console(file=sys.stdout, highlight=False)
        self._stderr = Console(stderr=True, highlight=False)
        on_stdout = output is None and sys.stdout.isatty()
        # Data on the same terminal would be torn by the bar.
        self._torn = on_stdout and format_ != "human"
        self._screen = self._stdout if on_stdout and not self._torn else self._stderr
        self._bar = self._new_bar(found)

    @property
    def exit_code(self) -> int:
        """0, or 1 if a file failed."""
        return 1 if self.count(Failed) else 0

    def count(self, kind: type[Outcome]) -> int:
        """Return how many files came out so."""
        return self._bar.summary.counts[kind.status]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._report = self._reporter(stack)
            stack.enter_context(self._bar)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        try:
            self._stack.close()
            if kind is None and not self._bar.summary.files:
                self._stderr.print(self._words.nothing)
            elif kind is None or interrupted or issubclass(kind, RunError):
                self._end(interrupted)
        except OSError:
            # Who closed the terminal has interrupted the run as well.
            if not interrupted:
                raise

    def warn(self, message: str) -> None:
        """Say something that does not concern a single file."""
        self._screen.print(f"[yellow]Warning:[/] {escape(visible(message))}")

    def then(self, message: str, command: str) -> None:
        """Say at the end of the run what a person may want to do next, and by which command."""
        self._next.append((message, command))

    def show(self, outcomes: Iterable[Outcome]) -> None:
        """Report each outcome, count it and move the bar."""
        for outcome in self._bar.watched(outcomes):
            self._emit(outcome)

    def plan(self, outcomes: Iterable[Outcome], path: Path) -> None:
        """Report each outcome, and write those that are planned to a plan for `apply`."""
        with opened(path) as stream:
            with translated(path):
                plan = PlanWriter(stream)
            complete = False
            try:
                for outcome in self._bar.watched(outcomes):
                    self._emit(outcome)
                    with translated(path):
                        plan.add(outcome)
                complete = True
            finally:
                # Without its last line a plan counts as interrupted as well.
                with suppress(OSError) if not complete else translated(path):
                    plan.end(complete)

    def carry_out(
        self,
        outcomes: Iterable[Outcome],
        ask: bool,
        writer: Callable[[], AbstractContextManager[Writer]],
    ) -> None:
        """Write what is planned; with `ask`, on a terminal, show all of it and ask before."""
        asked = ask and can_ask()
        if asked:
            planned = self._confirmed(outcomes)
            if planned is None:
                self._stderr.print("Nothing was changed.")
                return
            self._bar = self._stack.enter_context(self._new_bar(lambda: len(planned)))
            outcomes = planned
        # A person has just read the same lines on the same screen; only new failures are news.
        known = asked and self._screen is self._stdout
        told = set(map(id, outcomes)) if known else set()
        with writer() as found:
            try:
                for outcome in self._bar.watched(found.apply(outcomes)):
                    news = isinstance(outcome, Failed) and id(outcome) not in told
                    if news or not known:
                        self._emit(outcome)
            finally:
                self._written = found.run.number

    def _confirmed(self, outcomes: Iterable[Outcome]) -> list[Outcome] | None:
        """All outcomes, after a person has seen them and not said no."""
        lines = self._lines(self._screen)
        planned = []
        for outcome in self._bar.watched(outcomes):
            lines.show(outcome)
            planned.append(outcome)
        self._bar.stop()
        if not self.count(Planned):
            return planned
        self._stderr.print()
        return planned if agreed(self._words.question(planned)) else None

    def _new_bar(self, found: Callable[[], int]) -> Bar:
        return Bar(self._screen, found, self._torn, words=self._words)

    def _lines(self, console: Console) -> human.Lines:
        return human.Lines(console, self._folder, self._words, width(console))

    def _reporter(self, stack: ExitStack) -> Report:
        stream = sys.stdout if self._output is None else stack.enter_context(opened(self._output))
        if self._format == "human":
            # Lines on the screen must know of the bar.
            console = Console(file=stream) if stream is not sys.stdout else self._stdout
            return self._lines(console).show
        return REPORTERS[self._format](stream)

    def _emit(self, outcome: Outcome) -> None:
        with translated(self._output):
            self._report(outcome)

    def _end(self, interrupted: bool) -> None:
        summary = self._bar.summary
        self._stderr.print()
        if summary.files:
            self._stderr.print(summary.table(self._bar.seconds))
        if interrupted:
            done = f"Interrupted after {summary.files} of {format_files(self._bar.found)}"
            kept = "what is done is kept" if self._written else "nothing was changed"
            self.then(f"{done}; {kept}. The same command goes on from there:", self._command)
        if self._written and self.count(Tagged):
            self.then("Take this back with:", f"genretag undo {self._written}")
        for message, command in self._next:
            self._stderr.print()
            self._stderr.print(escape(visible(message)))
            # Whole, so that it can be copied.
            self._stderr.print(f"  [bold]{escape(visible(command))}[/]", soft_wrap=True)


@contextmanager
def writing(
    command: str,
    folder: Path | None,
    options: str,
    undoes: int | None = None,
    keep_mtime: bool = False,
    at_once: bool = False,
) -> Iterator[Writer]:
    """A writer with a run of its own in the journal, after what killed runs left is settled."""
    journal = Journal(paths.data_dir())
    try:
        recover(journal)
        with deferred(), journal.run(command, undoes, folder, options) as run:
            yield Writer(journal, run, keep_mtime, at_once)
    finally:
        journal.close()
