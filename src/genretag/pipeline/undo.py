"""Plans to put the genres of a run back, exactly as they were stored."""

from collections.abc import Iterator
from dataclasses import replace

from genretag import tags
from genretag.domain.change import TagChange
from genretag.domain.outcome import Failed, Outcome, Planned, Skipped, Unchanged
from genretag.domain.places import GENRE
from genretag.errors import Code, FileError, UsageError
from genretag.library.journal import Entry, Journal, RunRecord

CHANGED_SINCE = "its genre was changed since"


def find_run(journal: Journal, number: int | None) -> RunRecord | None:
    """Return the run to take back: `number`, or the last that was not taken back yet.

    Runs of `undo` are taken back only by number. None if there is nothing to undo.

    Raises:
        UsageError: `unknown-run`, there is no run `number` that wrote anything.
    """
    runs = [run for run in journal.history() if run.counts.get("committed")]
    if number is None:
        candidates = [run for run in runs if run.undoes is None and not run.undone]
        return candidates[-1] if candidates else None
    found = next((run for run in runs if run.id == number), None)
    if found is None:
        raise UsageError(
            Code.UNKNOWN_RUN,
            f"There is no run {number} that wrote anything",
            "`genretag history` lists the runs.",
        )
    return found


def plan(journal: Journal, run: int, force: bool = False) -> Iterator[Outcome]:
    """Yield what undoing a run means for each of its files, the last written first.

    Planned where the genre is still what the run wrote, or with `force` whatever it is; Unchanged
    where it is what it was before; Skipped where somebody gave another since; Failed where the
    file cannot be read. Genres are compared by name: how they are stored does not matter.
    """
    for entry in reversed(journal.changes(run)):
        try:
            yield _planned(entry, force)
        except FileError as error:
            yield Failed(path=entry.path, before=entry.after, after=entry.after, error=error)


def _planned(entry: Entry, force: bool) -> Outcome:
    with tags.open(entry.path) as file:
        genres, now = file.genres, file.values(entry.places)
    old, new = ({place: values[place] for place in now} for values in (entry.old, entry.new))
    # A decision that left the genres as they were is taken back all the same.
    if now == old != new:
        return _left(Unchanged, entry, genres, "has its old genres already")
    if now != new and not force:
        return _left(Skipped, entry, genres, CHANGED_SINCE)
    change = TagChange(
        path=entry.path,
        container=entry.container,
        before=genres,
        after=old.get(GENRE, genres),
        layout=entry.layout,
        raw=entry.raw_before,
        written=entry.raw_after,
        fields=tuple(
            replace(field, before=now[field.place], after=field.before) for field in entry.fields
        ),
    )
    notes = () if now == new else (CHANGED_SINCE,)
    return replace(Planned.of(change), notes=notes)


def _left(kind: type[Outcome], entry: Entry, genres: tuple[str, ...], reason: str) -> Outcome:
    return kind(path=entry.path, before=genres, after=genres, reason=reason)
