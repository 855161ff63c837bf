"""Prints a line per file that changes or fails, and a summary."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from genretag.domain.outcome import OUTCOMES, Outcome, Planned, Tagged, Unchanged
from genretag.report.paths import relative_path, shorten
from genretag.report.text import format_percent, visible, wrap_hanging
from genretag.report.wording import NO_GENRE, STYLES, WRITING, Wording, format_counts, is_addition

_INDENT = 11
_NARROW_INDENT = 2
_GENRES_WIDTH = 22
_SCORE_WIDTH = 6
_LEAST_PATH = 24
"""In fewer columns a path gets a line of its own."""

_DIM = "bright_black"


def reporter(stream: TextIO) -> Callable[[Outcome], None]:
    """Write lines for people, without colour unless `stream` is a terminal."""
    return Lines(Console(file=stream)).show


class Lines:
    """Writes a line on `console` for each outcome; files that stay as they are make none.

    Args:
        console: where lines go.
        folder: what paths are shown relative to.
        words: those of the command.
        width: columns of the terminal; None if there is none, and nothing is shortened then.
    """

    def __init__(
        self,
        console: Console,
        folder: Path | None = None,
        words: Wording = WRITING,
        width: int | None = None,
    ) -> None:
        self._console = console
        self._folder = folder
        self._words = words
        self._width = width
        self._dots = "..." if console.options.ascii_only else "…"
        fits = width is None or width >= _INDENT + _GENRES_WIDTH + _SCORE_WIDTH + _LEAST_PATH
        self._indent = _INDENT if fits else _NARROW_INDENT

    def show(self, outcome: Outcome) -> None:
        """Write the line of one outcome."""
        if not isinstance(outcome, Unchanged):
            self._console.print(self.line(outcome), soft_wrap=True)

    def line(self, outcome: Outcome) -> Text:
        """Format status, genres, best score and path; for a failure what to do about it."""
        style = STYLES[outcome.status]
        word = self._words.word(outcome.status)
        label = Text.assemble((f"{style.sign} {word:<8} ", style.colour))
        if outcome.error is not None:
            return self._failure(outcome, label)
        text = self._add_path(label + _describe(outcome), relative_path(outcome.path, self._folder))
        for note in outcome.notes:
            text.append_text(self._indented(Text(visible(note), _DIM)))
        return text

    def _failure(self, outcome: Outcome, label: Text) -> Text:
        assert outcome.error is not None
        path = relative_path(outcome.path, self._folder)
        if self._width is not None:
            # The first row has the label and a colon, the next rows the indent.
            beside = len(label) if self._indent == len(label) else len(label) + self._indent
            path = shorten(path, self._width - beside - 1, self._dots)
        message = Text(visible(outcome.error.message).replace(visible(str(outcome.path)), path))
        hint = Text(f"{visible(outcome.error.hint)} ({outcome.error.code})", _DIM)
        if self._indent == len(label):
            text = label + wrap_hanging(message, self._width, self._indent)
        else:
            text = wrap_hanging(label + message, self._width, self._indent)
        return text.append_text(self._indented(hint))

    def _add_path(self, text: Text, path: str) -> Text:
        """Append the path to `text`, or put it below where there is little room."""
        if self._width is None:
            return text + Text(path)
        room = self._width - text.cell_len
        if room >= min(_LEAST_PATH, Text(path).cell_len):
            return text + Text(shorten(path, room, self._dots))
        text.rstrip()
        text = wrap_hanging(text, self._width, self._indent)
        return text + self._indented(Text(shorten(path, self._width - self._indent, self._dots)))

    def _indented(self, text: Text) -> Text:
        return Text("\n" + " " * self._indent) + wrap_hanging(text, self._width, self._indent)


def _describe(outcome: Outcome) -> Text:
    """Describe the change of genres and its score, or the reason for none; padded."""
    guesses = outcome.prediction.genres[:1] if outcome.prediction else ()
    if isinstance(outcome, Tagged | Planned):
        text = _change(outcome.before, outcome.after)
    elif guesses:
        text = Text("".join(f"{visible(guess.name)}?" for guess in guesses))
    else:
        text = Text.assemble((outcome.reason or "", _DIM))
    if guesses:
        text = _pad(text, _GENRES_WIDTH, 0) + Text(f" {format_percent(guesses[0].score)}")
    return _pad(text, _GENRES_WIDTH + 1 + _SCORE_WIDTH, 2)


def _change(before: tuple[str, ...], after: tuple[str, ...]) -> Text:
    """Format the genres of a file before and after; new ones in bold."""
    if is_addition(before, after):
        return Text(f"{_names(before)} + ") + Text(_names(after[len(before) :]), "bold")
    known = f"{_names(before)} -> " if before and before != after else ""
    return Text(known) + Text(_names(after), "bold")


def _names(genres: tuple[str, ...]) -> str:
    return visible("; ".join(genres)) or NO_GENRE


def _pad(text: Text, width: int, least: int) -> Text:
    """Append blanks up to `width` columns, and at least `least` of them."""
    return text + Text(" " * max(width - text.cell_len, least))


class Summary:
    """Counts outcomes by status, the genres that were given, and why others got none."""

    def __init__(self, words: Wording = WRITING) -> None:
        self.counts: Counter[str] = Counter()
        self._words = words
        self._notes: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.counts[outcome.status] += 1
        notes = self._notes[outcome.status]
        if outcome.reason:
            notes[outcome.reason] += 1
        elif outcome.before and not outcome.after:
            notes[NO_GENRE] += 1
        else:
            new = [name for name in outcome.after if name not in outcome.before]
            notes.update(new or outcome.after)

    @property
    def files(self) -> int:
        """All that were counted."""
        return self.counts.total()

    def table(self, seconds: float) -> Table:
        """Return a table: files of each status, with the commonest new genres or reasons."""
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(justify="left", no_wrap=True)
        table.add_column(justify="right", style="bold", no_wrap=True)
        table.add_column()
        for kind in OUTCOMES:
            if count := self.counts[kind.status]:
                style = STYLES[kind.status]
                label = Text(f"{style.sign} {self._words.word(kind.status)}", style.colour)
                table.add_row(label, str(count), Text(self._note(kind.status), _DIM))
        pace = f"in {seconds:.1f} s, {self.files / seconds:.1f} files/s" if seconds > 0 else ""
        table.add_row("  files", str(self.files), Text(pace, _DIM))
        return table

    def _note(self, status: str) -> str:
        notes = self._notes[status]
        only = next(iter(notes), "") if len(notes) == 1 else ""
        # A reason that all of them have needs no count.
        is_reason = only and status not in (Tagged.status, Planned.status)
        return visible(only) if is_reason else format_counts(notes)
