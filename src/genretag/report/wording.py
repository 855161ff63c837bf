"""The words of commands: signs, verbs and questions."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from genretag.domain.outcome import Outcome, Planned
from genretag.report.text import visible

SHOWN_GENRES = 5
NO_GENRE = "(no genre)"
NOTHING = "(empty)"


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


@dataclass(frozen=True)
class Wording:
    """The words of one command.

    Attributes:
        question: what to ask before the planned outcomes among these are written.
        done: the status of a file that was written.
        nothing: the message if there are no outcomes at all.
        kept: what is left of an interrupted run that writes into no files.
    """

    question: Callable[[Iterable[Outcome]], str]
    done: str = "tagged"
    nothing: str = "No audio files were found there."
    kept: str = "what is done is cached for the next time"

    def word(self, status: str) -> str:
        """Return the word for a status."""
        return self.done if status == "tagged" else status


def ask_to_write(outcomes: Iterable[Outcome]) -> str:
    """Ask before genres are written."""
    changes = _Changes(outcomes)
    parts = [
        _part(changes.replaced, "Replace the genres of {}", "replace those of {}", changes.old),
        _part(changes.removed, "Remove the genres of {}", "remove those of {}", changes.gone),
        _part(changes.added, "Add genres to {}", "add to {}"),
        _part(changes.filled, "Fill in the genres of {}", "fill {}"),
        _part(changes.confirmed, "Confirm the genres of {}", "confirm those of {}"),
        _part(changes.fields, "Write other fields of {}", "write other fields of {}"),
    ]
    return f"{_sentence(parts)}?"


def ask_to_undo(run: int, folder: Path | None, outcomes: Iterable[Outcome]) -> str:
    """Ask before the genres of a run are put back in `folder`."""
    changes = _Changes(outcomes)
    back = changes.replaced + changes.added + changes.filled
    parts = [
        _part(back, "put back the genres of {}", "", changes.new),
        _part(changes.removed, "remove the genres of {}", "remove those of {}", changes.gone),
        _part(changes.confirmed, "forget that you confirmed the genres of {}", "forget that of {}"),
        _part(changes.fields, "put back other fields of {}", "put back other fields of {}"),
    ]
    where = f" in {visible(str(folder))}" if folder else ""
    return f"Undo run {run}{where}: {_sentence(parts)}?"


WRITING = Wording(ask_to_write)
READING = Wording(ask_to_write, kept="nothing was changed")


def undo_wording(run: int, folder: Path | None) -> Wording:
    """Return the words for undoing a run."""
    return Wording(partial(ask_to_undo, run, folder), "undone")


def note_uncalibrated(model: str) -> str:
    """Say that scores of a model are not calibrated; `model` is its name, file or identity."""
    return (
        f"Scores of {visible(model)} are not calibrated: they rank genres, and do not say how "
        "often one is right."
    )


CALIBRATE = (
    "Calibrate them on files that have a genre, with `genretag evaluate --save --model MODEL PATH`."
)
"""Advice for scores that are not."""


def format_counts(counts: Counter[str], most: int = SHOWN_GENRES, mark: str = "") -> str:
    """Format names with their counts, the commonest first, with a mark after each name.

    A name that alone would be left out is shown: "1 more" is hardly shorter.

    >>> format_counts(Counter({"Rock": 3, "Pop": 2, "Jazz": 1}), most=2)
    'Rock 3, Pop 2, Jazz 1'
    >>> format_counts(Counter({"Rock": 3, "Pop": 2, "Jazz": 1}), most=1)
    'Rock 3, 2 more'
    """
    common = counts.most_common(most if len(counts) > most + 1 else None)
    rest = len(counts) - len(common)
    shown = [f"{visible(name)}{mark} {count}" for name, count in common]
    return ", ".join(shown + ([f"{rest} more"] if rest else []))


def format_files(count: int) -> str:
    """Format a number of files.

    >>> format_files(1), format_files(2)
    ('1 file', '2 files')
    """
    return f"{count} file{'' if count == 1 else 's'}"


class _Changes:
    """Counts planned changes of each kind, and the genres that come and go."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self.replaced = self.removed = self.added = self.filled = self.confirmed = 0
        self.fields = 0
        self.old: Counter[str] = Counter()
        self.gone: Counter[str] = Counter()
        self.new: Counter[str] = Counter()
        for outcome in outcomes:
            if isinstance(outcome, Planned):
                if outcome.before != outcome.after or not outcome.fields:
                    self._add(outcome.before, outcome.after)
                else:
                    self.fields += 1

    def _add(self, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        self.new.update(_without(after, before))
        if before == after:
            self.confirmed += 1
        elif not before:
            self.filled += 1
        elif not after:
            self.removed += 1
            self.gone.update(_without(before, ()))
        elif is_addition(before, after):
            self.added += 1
        else:
            self.replaced += 1
            self.old.update(_without(before, after))


def _without(names: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
    """Return those of `names` that are not among `others`, each once, in their order."""
    return [name for name in dict.fromkeys(names) if name not in others]


def is_addition(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Tell whether all genres stay and others follow them."""
    return before != () and len(after) > len(before) and after[: len(before)] == before


def _part(
    count: int, first: str, later: str, names: Counter[str] | None = None
) -> tuple[str, str] | None:
    """Format a part of a question, as its beginning and as a continuation; None for no files."""
    if not count:
        return None
    which = f" ({format_counts(names)})" if names else ""
    return first.format(format_files(count)) + which, later.format(count) + which


def _sentence(parts: Iterable[tuple[str, str] | None]) -> str:
    present = [part for part in parts if part]
    words = [later if number else first for number, (first, later) in enumerate(present)]
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
