"""Prints a line per file that changes or fails, and a summary."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from genretag.domain.genre import Names
from genretag.domain.naming import LONGEST_NAME
from genretag.domain.outcome import OUTCOMES, Outcome, Planned, Tagged, Unchanged
from genretag.domain.prediction import ScoredGenre
from genretag.report.paths import relative_path, shorten
from genretag.report.text import format_percent, visible, wrap_hanging
from genretag.report.wording import (
    NO_GENRE,
    NOTHING,
    STYLES,
    WRITING,
    Wording,
    format_counts,
    is_addition,
)

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
        margin: columns at the left that stay free.
    """

    def __init__(
        self,
        console: Console,
        folder: Path | None = None,
        words: Wording = WRITING,
        width: int | None = None,
        margin: int = 0,
    ) -> None:
        self._console = console
        self._folder = folder
        self._words = words
        self._width = None if width is None else width - margin
        self._margin = margin
        self._dots = "..." if console.options.ascii_only else "…"
        fits = width is None or width >= _INDENT + _GENRES_WIDTH + _SCORE_WIDTH + _LEAST_PATH
        self._indent = _INDENT if fits else _NARROW_INDENT

    def show(self, outcome: Outcome) -> None:
        """Write the line of one outcome."""
        if not isinstance(outcome, Unchanged):
            self._print(self.line(outcome))

    def close(self) -> None:
        """Write what is held back: nothing, as each line is written at once."""

    def line(self, outcome: Outcome) -> Text:
        """Format status, genres, best score and path; for a failure what to do about it."""
        if outcome.error is not None:
            return self._failure(outcome, self._label(outcome))
        path = relative_path(outcome.path, self._folder)
        text = self._describe(outcome, outcome.best)
        text = self._add_path(text, path, format_source(outcome))
        return self._add_notes(text, outcome.notes)

    def _print(self, text: Text) -> None:
        if self._margin:
            rows = (Text(" " * self._margin) + row for row in text.split("\n"))
            text = Text("\n").join(rows)
        self._console.print(text, soft_wrap=True)

    def _label(self, outcome: Outcome) -> Text:
        style = STYLES[outcome.status]
        word = self._words.word(outcome.status)
        return Text.assemble((f"{style.sign} {word:<8} ", style.colour))

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

    def _describe(self, outcome: Outcome, best: ScoredGenre | None) -> Text:
        """Describe status, change of genres and best score, or the reason for none; padded."""
        if isinstance(outcome, Tagged | Planned):
            text = _changes(outcome)
        elif best:
            text = Text(f"{visible(best.name)}?")
        else:
            text = Text.assemble((outcome.reason or "", _DIM))
        # Scores stand below each other, also beside a margin.
        width = _GENRES_WIDTH - self._margin
        if best:
            text = _pad(text, width, 0) + Text(f" {format_percent(best.score)}")
        return self._label(outcome) + _pad(text, width + 1 + _SCORE_WIDTH, 2)

    def _add_path(self, text: Text, path: str, mark: Text, least: int = _LEAST_PATH) -> Text:
        """Append a path and a mark to `text`, or put them below where there is little room.

        A path gets at least so many columns, unless it is shorter.
        """
        if self._width is None:
            return text + Text(path) + mark
        least = min(least, cell_len(path))
        room = self._width - text.cell_len - mark.cell_len
        if room >= least:
            return text + Text(shorten(path, room, self._dots)) + mark
        text.rstrip()
        text = wrap_hanging(text, self._width, self._indent)
        room = self._width - self._indent
        if not mark or room - mark.cell_len >= least:
            below = Text(shorten(path, room - mark.cell_len, self._dots)) + mark
            return text + self._indented(below)
        path = shorten(path, room, self._dots)
        return text + self._indented(Text(path)) + self._indented(mark[2:])

    def _add_notes(self, text: Text, notes: Iterable[str]) -> Text:
        for note in notes:
            text.append_text(self._indented(Text(visible(note), _DIM)))
        return text

    def _indented(self, text: Text) -> Text:
        return Text("\n" + " " * self._indent) + wrap_hanging(text, self._width, self._indent)


def format_source(outcome: Outcome) -> Text:
    """Return a mark if genres that a person gave other files decided; else nothing."""
    return Text("  (library)" if outcome.source == "library" else "", _DIM)


def _changes(outcome: Outcome) -> Text:
    """Format what changes: the genres if they do, and other fields by their names."""
    parts = [
        Text(f"{field.place} ") + _change(_shorten(field.before), _shorten(field.after), NOTHING)
        for field in outcome.fields
    ]
    if not parts or outcome.before != outcome.after:
        parts.insert(0, _change(outcome.before, outcome.after))
    return Text(", ").join(parts)


def _change(before: tuple[str, ...], after: tuple[str, ...], none: str = NO_GENRE) -> Text:
    """Format the genres at a place before and after; new ones in bold, `none` for none at all."""
    if is_addition(before, after):
        return Text(f"{_names(before)} + ") + Text(_names(after[len(before) :]), "bold")
    known = f"{_names(before)} -> " if before and before != after else ""
    return Text(known) + Text(_names(after) or none, "bold")


def _shorten(names: Names) -> Names:
    """Cut values of fields where people write texts."""
    most = LONGEST_NAME
    return tuple(name if len(name) <= most else f"{name[: most - 3]}..." for name in names)


def _names(genres: tuple[str, ...]) -> str:
    return visible("; ".join(genres))


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
        if outcome.error:
            return
        if outcome.reason:
            notes[outcome.reason] += 1
            return
        for field in outcome.fields:
            notes.update(set(_shorten(field.after)).difference(field.before) or [NOTHING])
        if outcome.fields and outcome.before == outcome.after:
            return
        if outcome.before and not outcome.after:
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
        if status in (Tagged.status, Planned.status):
            return format_counts(notes)
        # A reason that all of them have needs no count, and others may end with a number.
        return visible(*notes) if len(notes) == 1 else format_counts(notes, mark=":")
