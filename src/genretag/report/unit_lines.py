"""Prints one line for the files of an album or an artist that have the same result."""

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import cached_property
from pathlib import Path

from rich.text import Text

from genretag.domain.grouping import folder_key
from genretag.domain.outcome import Outcome, Planned, Tagged, Unchanged, Unsure
from genretag.domain.unit import Unit
from genretag.report.human import Lines, format_source
from genretag.report.paths import relative_path
from genretag.report.text import visible

_MARGIN = 2
"""Columns by which files that differ from their unit stand to the right."""

_LEAST_NAME = 16
"""In fewer columns the name of a unit gets a line of its own."""


class UnitLines(Lines):
    """Writes a line for each unit, and below it one for each file that differs.

    The outcomes of a unit are held until all of them have come; `close` writes those of units
    that were broken off.
    """

    @cached_property
    def _held(self) -> dict[int, list[Outcome]]:
        return {}

    @cached_property
    def _below(self) -> Lines:
        return Lines(self._console, self._folder, self._words, self._width, _MARGIN)

    def show(self, outcome: Outcome) -> None:
        """Write the line of a file that was decided alone, and those of a unit that is complete."""
        unit = outcome.unit
        if unit is None:
            super().show(outcome)
            return
        # By identity: two albums may have the same values, and they alternate if they share a
        # folder.
        held = self._held.setdefault(id(unit), [])
        held.append(outcome)
        if len(held) == unit.undecided:
            self._show_unit(self._held.pop(id(unit)))

    def close(self) -> None:
        """Write the lines of units that are not complete."""
        while self._held:
            self._show_unit(self._held.pop(next(iter(self._held))))

    def _show_unit(self, outcomes: Sequence[Outcome]) -> None:
        """Write a line for the outcomes that most files have, if there are such, and the others."""
        common, others = split(outcomes)
        if common:
            self._print(self._unit_line(common))
        show = self._below.show if common else super().show
        for outcome in others:
            show(outcome)

    def _unit_line(self, outcomes: Sequence[Outcome]) -> Text:
        first = outcomes[0]
        unit = first.unit
        assert unit is not None
        best = first.best
        if best and isinstance(first, Unsure):  # what each might be by itself says little
            best = next(iter(unit.genres), None)
        mark = Text(f"  {len(outcomes)} tracks") + format_source(first)
        text = self._describe(first, best)
        text = self._add_path(text, self._name(unit, first.path), mark, _LEAST_NAME)
        counts = Counter(note for outcome in outcomes for note in outcome.notes)
        return self._add_notes(
            text,
            (f"({n} track{'' if n == 1 else 's'}) {note}" for note, n in counts.items()),
        )

    def _name(self, unit: Unit, path: Path) -> str:
        """Return what a unit is called; a folder by its path, as many are called the same."""
        folder = folder_key(path)
        if unit.kind == "album" and unit.name == folder.name:
            return relative_path(folder, self._folder)
        return visible(unit.name)


def split(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Return the outcomes with the result that most files have, and those with another.

    The first are none if no result is that of two files and of more than half. Files that stay as
    they are make no line, and are left out.
    """
    shown = [outcome for outcome in outcomes if not isinstance(outcome, Unchanged)]
    results = [_result(outcome) for outcome in shown]
    commonest, count = (Counter(results).most_common(1) or [(None, 0)])[0]
    if count < 2 or 2 * count <= len(shown):
        return [], shown
    common: list[Outcome] = []
    others: list[Outcome] = []
    for outcome, result in zip(shown, results, strict=True):
        (common if result == commonest else others).append(outcome)
    return common, others


def _result(outcome: Outcome) -> Hashable:
    """Return what a line says of an outcome beside its file and its notes."""
    if outcome.error is not None:
        return id(outcome)  # what went wrong is the file's own
    result = outcome.status, outcome.reason, outcome.source
    if not isinstance(outcome, Tagged | Planned):
        return result
    return *result, outcome.before, outcome.after, outcome.fields, outcome.best
