"""Shows a run: outcomes as they come, a progress bar, a question, a summary."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import typer
from rich.console import Console
from rich.markup import escape

from genretag.cli.bar import Bar
from genretag.cli.output import opened, translated
from genretag.domain.outcome import Failed, Outcome, Planned
from genretag.errors import RunError
from genretag.library import places
from genretag.library.journal import Journal
from genretag.report import REPORTERS, Report, human, jsonl
from genretag.report.text import visible
from genretag.workflow.apply import Writer, recover


class Run:
    """One run of a command over many files; used as a context, it ends with the summary.

    Lines for people share the terminal with the bar. Data goes to `output` or standard
    output, the bar and the summary to standard error unless both are one terminal. `found`
    says how many files there are, as far as is known, and `nothing` what it means if none are.
    """

    def __init__(
        self,
        format_: str,
        output: Path | None,
        found: Callable[[], int],
        nothing: str = "No audio files were found there.",
    ) -> None:
        self._format = format_
        self._output = output
        self._nothing = nothing
        self._stack = ExitStack()
        self._stdout = Console(file=sys.stdout)
        self._stderr = Console(stderr=True)
        both = self._stdout.is_terminal and output is None
        # Data on the same terminal would be torn by the bar.
        torn = both and format_ != "human"
        self._bar = Bar(self._stdout if both else self._stderr, found, torn)
        self._summary = self._bar.summary

    @property
    def exit_code(self) -> int:
        """0, or 1 if a file failed."""
        return 1 if self._summary.counts[Failed.status] else 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._report = self._reporter(stack)
            stack.enter_context(self._bar)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stack.close()
        if kind is None and not sum(self._summary.counts.values()):
            self._stderr.print(self._nothing)
        elif kind is None or issubclass(kind, KeyboardInterrupt | RunError):
            self._stderr.print()
            self._stderr.print(self._summary.table(self._bar.seconds))

    def warn(self, message: str) -> None:
        """Say something that does not concern a single file."""
        # Data may share the bar's console.
        console = self._bar.console if self._format == "human" else self._stderr
        console.print(f"[yellow]Warning:[/] {escape(visible(message))}")

    def show(self, outcomes: Iterable[Outcome]) -> None:
        """Report each outcome, count it and move the bar."""
        for outcome in self._bar.watched(outcomes):
            self._emit(outcome)

    def plan(self, outcomes: Iterable[Outcome], path: Path) -> None:
        """Report each outcome, and write those that are planned to a plan for `apply`."""
        with opened(path) as stream:
            write = jsonl.reporter(stream)
            for outcome in self._bar.watched(outcomes):
                self._emit(outcome)
                if isinstance(outcome, Planned):
                    # The plan may be carried out from another folder.
                    with translated(path):
                        write(replace(outcome, path=outcome.path.absolute()))

    def carry_out(
        self,
        outcomes: Iterable[Outcome],
        ask: bool,
        writer: Callable[[], AbstractContextManager[Writer]],
    ) -> None:
        """Write what is planned; with `ask`, on a terminal, show all of it and ask before."""
        if ask and sys.stdin.isatty() and self._stderr.is_terminal:
            planned = self._confirmed(outcomes)
            if planned is None:
                self._stderr.print("Nothing was changed.")
                return
            self._summary = human.Summary()
            with writer() as found:
                for outcome in found.apply(planned):
                    self._summary.add(outcome)
                    # A person has just read the same lines; only what went wrong is news.
                    if self._format != "human" or isinstance(outcome, Failed):
                        self._emit(outcome)
        else:
            with writer() as found:
                self.show(found.apply(outcomes))

    def _confirmed(self, outcomes: Iterable[Outcome]) -> list[Outcome] | None:
        """All outcomes, after a person has seen them and not said no."""
        show = human.on_console(self._bar.console)
        planned = []
        for outcome in self._bar.watched(outcomes):
            show(outcome)
            planned.append(outcome)
        self._bar.stop()
        count = sum(isinstance(outcome, Planned) for outcome in planned)
        if count and not typer.confirm(f"Write genres into {count} files?", err=True):
            return None
        return planned

    def _reporter(self, stack: ExitStack) -> Report:
        if self._output is not None:
            return REPORTERS[self._format](stack.enter_context(opened(self._output)))
        if self._format == "human":
            return human.on_console(self._stdout)
        return REPORTERS[self._format](sys.stdout)

    def _emit(self, outcome: Outcome) -> None:
        with translated(self._output):
            self._report(outcome)


@contextmanager
def writing(command: str, keep_mtime: bool = False, undoes: int | None = None) -> Iterator[Writer]:
    """A writer with a run of its own in the journal, after what killed runs left is settled."""
    journal = Journal(places.data_dir())
    try:
        recover(journal)
        with journal.run(command, undoes) as run:
            yield Writer(journal, run, keep_mtime)
    finally:
        journal.close()
