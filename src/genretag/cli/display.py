"""Shows a run over many files: a progress bar, lines, warnings, a summary, what to do next."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from genretag.cli.options import OutputOptions
from genretag.cli.output import open_output, translate_errors
from genretag.cli.terminal import ask, get_width, is_piped
from genretag.domain.analysis import Analysis
from genretag.domain.outcome import Failed, Outcome, Planned, Tagged
from genretag.errors import RunError
from genretag.report import REPORTERS, Report, human
from genretag.report.paths import shorten
from genretag.report.text import visible
from genretag.report.unit_lines import UnitLines
from genretag.report.wording import STYLES, WRITING, Wording, format_files

_WITHOUT_PATH = 60
"""Columns of the bar for all but the name of the current file."""


class Display:
    """Shows one run of a command; used as a context, it ends with a summary.

    With `output` each outcome becomes a line there or on standard output. A command without has
    a result of its own: of the files it shows those that failed, and counts. Everything else
    goes to standard error, but for the bar where lines for people share the terminal with it.

    Args:
        total: returns how many files there are, as far as is known.
        folder: what paths are shown relative to.
        words: those of the command.
        output: where outcomes go, and in which format.
        command: what a person types to do this again.
    """

    def __init__(
        self,
        total: Callable[[], int],
        folder: Path | None = None,
        words: Wording = WRITING,
        output: OutputOptions | None = None,
        command: str = "",
    ) -> None:
        self.run_number: int | None = None
        """The number that the run has in the history once it has written something."""
        self._folder = folder
        self._words = words
        self._output = output
        self._command = command
        self._next_steps: list[tuple[str, str]] = []
        self._stack = ExitStack()
        self._stdout = Console(file=sys.stdout, highlight=False)
        self._stderr = Console(stderr=True, highlight=False)
        on_stdout = output is not None and output.file is None and sys.stdout.isatty()
        is_human = output is None or output.format == "human"
        self._screen = self._stdout if on_stdout and is_human else self._stderr
        # A bar would tear data on the same terminal, and what another program shows there.
        self._has_bar = (
            self._screen.file.isatty()
            and not is_piped(sys.stdout)
            and not (on_stdout and not is_human)
        )
        self._begin(total)

    @property
    def exit_code(self) -> int:
        """0, or 1 if a file failed."""
        return 1 if self.count(Failed) else 0

    def count(self, kind: type[Outcome]) -> int:
        """Return how many files came out so."""
        return self._summary.counts[kind.status]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._report = self._make_reporter(stack)
            stack.enter_context(self._progress)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        try:
            self._stack.close()
            if kind is None or interrupted or (self._output and issubclass(kind, RunError)):
                self._end(kind)
        except OSError:
            # Who closed the terminal has interrupted the run as well.
            if not interrupted:
                raise
        except RunError:
            # The same, where lines that were held should have been shown there.
            if not interrupted or (self._output and self._output.file):
                raise

    def warn(self, message: str) -> None:
        """Show what does not concern a single file."""
        self._screen.print(f"[yellow]Warning:[/] {escape(visible(message))}")

    def suggest(self, message: str, command: str) -> None:
        """Show at the end of the run what a person may want to do next, and by which command."""
        self._next_steps.append((message, command))

    def track(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Yield each outcome once it is counted and shown."""
        for outcome in self._count(outcomes):
            self._report(self._select(outcome))
            yield outcome

    def watch(self, analyses: Iterable[Analysis]) -> Iterator[Analysis]:
        """Yield the same analyses; the bar moves with them where they are decided later."""
        for analysed, analysis in enumerate(analyses, start=1):
            if analysed > self._summary.files + 1:
                self._move_bar(analysed, analysis.path)
            yield analysis

    def show_analyses(self, analyses: Iterable[Analysis]) -> Iterator[Analysis]:
        """Yield each analysis once its outcome is counted and shown."""
        for analysis in analyses:
            outcome = analysis.as_outcome()
            # A file that a scan leaves alone has failed here if it could not be analysed.
            self.show([outcome.convert(Failed) if outcome.error else outcome])
            yield analysis

    def show(self, outcomes: Iterable[Outcome]) -> None:
        """Count and show all outcomes."""
        for _ in self.track(outcomes):
            pass

    def confirm(self, outcomes: Iterable[Outcome]) -> list[Outcome] | None:
        """Show all outcomes and ask whether to write those that are planned.

        Returns all of them, to be tracked once more, or None if the answer is no.
        """
        shown = []
        with closing(self._make_lines(self._screen)) as lines:
            for outcome in self._count(outcomes):
                lines.show(self._select(outcome))
                shown.append(outcome)
        self._progress.stop()
        if self.count(Planned):
            self._stderr.print()
            if not ask(self._words.question(shown)):
                self._stderr.print("Nothing was changed.")
                return None
        if self._screen is self._stdout:
            # Of what stands there already, only new failures are news.
            self._report = translate_errors(None)(self._make_failure_reporter(shown))
        self._begin(lambda: len(shown))
        self._stack.enter_context(self._progress)
        return shown

    def _select(self, outcome: Outcome) -> Outcome:
        """Return `outcome` as it is to be shown."""
        return outcome

    def _begin(self, total: Callable[[], int]) -> None:
        """Start to count from nothing."""
        self._total = total
        self._done = 0
        self._summary = human.Summary(self._words)
        self._started = time.monotonic()
        self._room = self._screen.width - _WITHOUT_PATH
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=20 if self._room > 0 else 8),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[path]}", table_column=Column(no_wrap=True), markup=False),
            console=self._screen,
            transient=True,
            disable=not self._has_bar,
        )
        self._task = self._progress.add_task("", total=None, path="", counts="")

    def _count(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Yield each outcome once it is counted and the bar moved."""
        for outcome in outcomes:
            self._summary.add(outcome)
            self._move_bar(self._summary.files, outcome.path)
            yield outcome

    def _move_bar(self, done: int, path: Path) -> None:
        """Show that so many files are done, and the name of the last of them."""
        counts = self._summary.counts
        statuses = STYLES if self._output else (Failed.status,)
        self._done = max(self._done, done)
        self._progress.update(
            self._task,
            completed=self._done,
            total=self._known_files(),
            path=shorten(visible(path.name), self._room) if self._room > 0 else "",
            counts=" ".join(f"{STYLES[s].sign}{counts[s]}" for s in statuses if counts[s]),
        )

    def _known_files(self) -> int:
        """Return how many files there are, as far as is known, and those done at least."""
        return max(self._total(), self._summary.files)

    def _make_lines(self, console: Console, kind: type[human.Lines] | None = None) -> human.Lines:
        """Return what writes lines for people: of that `kind`, or as the options say."""
        if kind is None:
            kind = human.Lines if self._output and self._output.verbose else UnitLines
        return kind(console, self._folder, self._words, get_width(console))

    def _make_failure_reporter(self, known: Iterable[Outcome] = ()) -> Report:
        """Return what shows outcomes of files that failed, but for `known` ones."""
        lines = self._make_lines(self._screen, human.Lines)
        seen = set(map(id, known))

        def report(outcome: Outcome) -> None:
            if isinstance(outcome, Failed) and id(outcome) not in seen:
                lines.show(outcome)

        return report

    def _make_reporter(self, stack: ExitStack) -> Report:
        """Return what shows an outcome; `stack` shows what it holds and closes its file."""
        output = self._output
        if output is None:
            return self._make_failure_reporter()
        stream = (
            sys.stdout if output.file is None else stack.enter_context(open_output(output.file))
        )
        translated = translate_errors(output.file)
        if output.format != "human":
            return translated(self._make_data_reporter(output.format, stream))
        # Lines on the screen must know of the bar.
        lines = self._make_lines(self._stdout if output.file is None else Console(file=stream))
        stack.callback(translated(lines.close))
        return translated(lines.show)

    def _make_data_reporter(self, name: str, stream: TextIO) -> Report:
        """Return what writes outcomes to `stream` for scripts."""
        return REPORTERS[name](stream)

    def _end(self, error: type[BaseException] | None) -> None:
        """Show how far the run came, and what to do next; `error` ended it, if one did."""
        done, failed = self._summary.files, self.count(Failed)
        interrupted = error is not None and issubclass(error, KeyboardInterrupt)
        if error is None and not done:
            self._stderr.print(self._words.nothing)
            return
        seconds = time.monotonic() - self._started
        stopped = f"Interrupted after {done} of {format_files(self._known_files())}"
        if self._output is None:
            took = f"{format_files(done)} in {seconds:.1f} s, {failed} failed"
            kept = f"{stopped}; {self._words.kept}."
            self._stderr.print(kept if interrupted else took)
            return
        self._stderr.print()
        if done:
            self._stderr.print(self._summary.table(seconds))
        if interrupted:
            kept = "what is done is kept" if self.run_number else "nothing was changed"
            self.suggest(f"{stopped}; {kept}. The same command goes on from there:", self._command)
        if self.run_number and self.count(Tagged):
            self.suggest("Take this back with:", f"genretag undo {self.run_number}")
        for message, command in self._next_steps:
            self._stderr.print()
            self._stderr.print(escape(visible(message)))
            # Whole, so that it can be copied.
            self._stderr.print(f"  [bold]{escape(visible(command))}[/]", soft_wrap=True)
