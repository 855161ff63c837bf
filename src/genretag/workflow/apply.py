"""Carries out what was decided: each write is journalled, staged, verified and swapped in."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from genretag import tags
from genretag.audio import payload
from genretag.domain.change import Stamp, TagChange
from genretag.domain.outcome import Failed, Outcome, Planned, Tagged
from genretag.errors import Code, FileError, GenretagError, unwritable
from genretag.library import files
from genretag.library.journal import Entry, Journal


@dataclass(frozen=True)
class Writer:
    """Writes the changes of one run. `keep_mtime` leaves the files' times as they are."""

    journal: Journal
    run: int
    keep_mtime: bool = False

    def apply(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Write each Planned outcome, which becomes Tagged or Failed; pass the others on.

        Raises:
            RunError: the disk is full or the journal cannot be written; all that was yielded
                before is done, and the file at hand is as it was.
        """
        for outcome in outcomes:
            yield self._written(outcome) if isinstance(outcome, Planned) else outcome

    def _written(self, planned: Planned) -> Outcome:
        model = planned.prediction.model if planned.prediction else None
        try:
            links = self._replace(planned.change, model)
        except FileError as error:
            return planned.turned_into(Failed, after=planned.before, error=error)
        broken = (f"it had {links} names; the others keep the old file",) if links > 1 else ()
        return planned.turned_into(Tagged, notes=planned.notes + broken)

    def _replace(self, change: TagChange, model: str | None) -> int:
        """Swap a changed and verified copy into a file's place; its hard links until then."""
        # The target of a link is what is rewritten; the link stays a link.
        path = change.path.resolve()
        status = _checked(change, path)
        entry = Entry(
            path=path,
            staged=path.parent / f"{files.STAGED_PREFIX}{os.urandom(6).hex()}{path.suffix}",
            device=status.st_dev,
            inode=status.st_ino,
            container=change.container,
            before=change.before,
            after=change.after,
            layout=change.layout,
            raw_before=tags.raw(path, change.layout).to_json(),
            model=model,
        )
        number = self.journal.begin(self.run, entry)
        swapped = False
        try:
            files.copy(path, entry.staged)
            _edit(change, entry.staged, path)
            raw_after = tags.raw(entry.staged).to_json()
            if files.stamp(path) != Stamp(status.st_size, status.st_mtime_ns):
                raise _changed(change.path)
            files.swap(entry.staged, path, status.st_mtime_ns if self.keep_mtime else None)
            swapped = True
        except OSError as error:
            raise unwritable(change.path, error) from error
        finally:
            if not swapped:
                with suppress(OSError):
                    entry.staged.unlink(missing_ok=True)
                self.journal.settle(number, "abandoned")
        self.journal.settle(number, "committed", raw_after)
        return status.st_nlink


def recover(journal: Journal) -> None:
    """Settle what killed runs left behind: remove their copies, and see how far they came."""
    with journal.interrupted() as entries:
        for entry in entries:
            # A file that cannot be reached now is settled by a later run.
            with suppress(OSError, GenretagError):
                # Only what the journal names is removed.
                entry.staged.unlink(missing_ok=True)
                raw = tags.raw(entry.path)
                before = tags.RawGenres.from_json(entry.raw_before)
                written = not raw.says_the_same(before)
                journal.settle(entry.id, "committed" if written else "abandoned", raw.to_json())


def _checked(change: TagChange, path: Path) -> os.stat_result:
    """The state of a file that may be written and still is what was planned for."""
    try:
        status = path.stat()
        if not os.access(path, os.W_OK):
            raise PermissionError(f"{path} is read-only")
    except OSError as error:
        raise unwritable(change.path, error) from error
    if change.stamp not in (None, Stamp(status.st_size, status.st_mtime_ns)):
        raise _changed(change.path)
    if tags.read(path).genres != change.before:
        raise _changed(change.path)
    return status


def _edit(change: TagChange, staged: Path, original: Path) -> None:
    """Change the genres of the copy `staged`; FileError unless nothing else changed."""
    if change.raw is None:
        tags.write(staged, change.after, change.layout)
        genres = tags.read(staged).genres == change.after
    else:
        tags.restore(staged, wanted := tags.RawGenres.from_json(change.raw))
        genres = tags.raw(staged).says_the_same(wanted)
    checks = {
        "genres": genres,
        "other tags": _same_others(change, staged, original),
        "sound": _sound(staged) == _sound(original),
    }
    wrong = [name for name, passed in checks.items() if not passed]
    if wrong:
        raise FileError(
            Code.VERIFY_FAILED,
            f"{change.path}: after writing, its {' and '.join(wrong)} would not be as they must",
            "The file is as it was. This is a mistake in genretag: please report it.",
        )


def _sound(path: Path) -> str | None:
    return payload.digest(path, tags.sound(path))


def _same_others(change: TagChange, staged: Path, original: Path) -> bool:
    """Whether all that is not a genre is equal, but for what a change of version demands."""
    new, old = tags.others(staged), tags.others(original)
    if change.raw is None:
        return new == tags.others(original, change.after, change.layout)
    # Going back, a version of ID3 changes in the other direction.
    return (
        new == old
        or tags.others(staged, change.before, change.layout) == old
        or tags.others(original, change.after, change.layout) == new
    )


def _changed(path: Path) -> FileError:
    return FileError(
        Code.CHANGED,
        f"{path}: somebody changed it since it was looked at; it was left alone",
        "Scan it again.",
    )
