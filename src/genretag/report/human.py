"""A line per file that something happened to, and a summary."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from genretag.domain.outcome import OUTCOMES, Outcome, Unchanged
from genretag.report.text import percent, visible

SHOWN_GENRES = 5
_GENRES_WIDTH = 22


class Style(NamedTuple):
    """How a status looks; the sign says it without colour too."""

    sign: str
    colour: str


STYLES: Mapping[str, Style] = {
    "tagged": Style("+", "green"),
    "planned": Style(">", "cyan"),
    "unchanged": Style("=", "bright_black"),
    "unsure": Style("?", "yellow"),
    "skipped": Style("-", "bright_black"),
    "failed": Style("!", "red"),
}


def reporter(stream: TextIO) -> Callable[[Outcome], None]:
    """Lines for a person, without colour unless `stream` is a terminal."""
    return on_console(Console(file=stream))


def on_console(console: Console) -> Callable[[Outcome], None]:
    """As `reporter`; files that stay as they are make no line."""

    def report(outcome: Outcome) -> None:
        if not isinstance(outcome, Unchanged):
            console.print(line(outcome), soft_wrap=True)

    return report


def line(outcome: Outcome) -> Text:
    """Status, genres, best score and path; for a failure what to do about it."""
    style = STYLES[outcome.status]
    text = Text()
    text.append(f"{style.sign} {outcome.status:<8} ", style.colour)
    if outcome.error is not None:
        text.append(f"{visible(outcome.error.message)}\n")
        text.append(f"{'':11}{visible(outcome.error.hint)} ({outcome.error.code})", "bright_black")
        return text
    text.append(f"{_heard(outcome):<{_GENRES_WIDTH}} ", "bold")
    best = outcome.prediction.genres[:1] if outcome.prediction else ()
    text.append(f"{percent(best[0].score)}  " if best else f"{'':6}")
    text.append(visible(str(outcome.path)))
    # A guess with a question mark says already why it was not written.
    if outcome.reason is not None and not best:
        text.append(f"  {outcome.reason}", "bright_black")
    for note in outcome.notes:
        text.append(f"\n{'':11}{visible(note)}", "bright_black")
    return text


def _heard(outcome: Outcome) -> str:
    """The genres after the run, or the guess that was not good enough with a question mark."""
    if outcome.after != outcome.before:
        return visible("; ".join(outcome.after)) or "(no genre)"
    guesses = outcome.prediction.genres[:1] if outcome.prediction else ()
    return "".join(f"{visible(guess.name)}?" for guess in guesses)


class Summary:
    """Counts outcomes by status, and the genres that were given."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.genres: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.counts[outcome.status] += 1
        self.genres.update(name for name in outcome.after if name not in outcome.before)

    def table(self, seconds: float) -> Table:
        """How many files of each status, and the commonest new genres."""
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(justify="left")
        table.add_column(justify="right", style="bold")
        table.add_column()
        for kind in OUTCOMES:
            count = self.counts[kind.status]
            if count:
                style = STYLES[kind.status]
                note = self._given() if kind.status in ("tagged", "planned") else ""
                label = Text(f"{style.sign} {kind.status}", style.colour)
                table.add_row(label, str(count), note)
        total = sum(self.counts.values())
        pace = f"in {seconds:.1f} s, {total / seconds:.1f} files/s" if seconds > 0 else ""
        table.add_row("  files", str(total), Text(pace, "bright_black"))
        return table

    def _given(self) -> Text:
        common = self.genres.most_common(SHOWN_GENRES)
        rest = len(self.genres) - len(common)
        names = [f"{visible(name)} {count}" for name, count in common]
        return Text(", ".join(names) + (f", {rest} more" if rest > 0 else ""), "bright_black")
