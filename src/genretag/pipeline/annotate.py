"""Stage 9: note what a person should know of a change before it is written."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.change import TagChange
from genretag.domain.layout import PLAIN
from genretag.domain.outcome import Failed, Outcome, Planned
from genretag.errors import FileError


def annotate(analyses: Iterable[Analysis]) -> Iterator[Outcome]:
    """Yield the outcome of each file; Failed if its tags cannot be read any more."""
    return map(annotate_one, analyses)


def annotate_one(analysis: Analysis) -> Outcome:
    """Return the outcome of one file, as `annotate` yields it."""
    outcome = analysis.as_outcome()
    if not (isinstance(outcome, Planned) and _has_notes(analysis, outcome)):
        return outcome
    try:
        return replace(outcome, notes=(*outcome.notes, *notes_of(outcome.change)))
    except FileError as error:
        return outcome.convert(Failed, after=outcome.before, error=error)


def _has_notes(analysis: Analysis, planned: Planned) -> bool:
    """Return whether the file must be opened to know its notes."""
    second = analysis.track is None or analysis.track.has_second_tags
    return second or planned.change.layout != PLAIN


def notes_of(change: TagChange) -> tuple[str, ...]:
    """Return what `change` does beside the genre, in sentences; FileError for broken tags."""
    with tags.open(change.path) as file:
        written = {place: change.new[place] for place in change.places}
        stale = file.stale_tags(written, change.layout)
        costs = file.write_costs(written, change.layout)
    return (
        *costs,
        *(f"its {second.tag} tag goes on saying {'; '.join(second.genres)}" for second in stale),
    )
