"""Stage 10: write what was decided: each write is journalled, staged, verified and swapped in."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from genretag import tags
from genretag.audio import audio_digest
from genretag.domain.change import Stamp, TagChange
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.outcome import Failed, Outcome, Planned, Tagged, Unchanged
from genretag.domain.places import GENRE, Place, Values
from genretag.errors import Code, FileError, GenretagError, write_error
from genretag.library import files, interrupt, paths
from genretag.library.journal import Entry, Journal, OpenRun
from genretag.pipeline.write_errors import changed_error, name_original, verification_error


@dataclass(frozen=True)
class Writer:
    """Writes the changes of one run. `keep_mtime` leaves the files' times as they are.

    With `decided_while_writing`, a file that got a genre from somebody else since it was decided
    has one, and that is no failure.
    """

    journal: Journal
    run: OpenRun
    keep_mtime: bool = False
    decided_while_writing: bool = False

    def apply(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Write each Planned outcome, which becomes Tagged, Unchanged or Failed; pass on others.

        Raises:
            RunError: the disk is full or the journal cannot be written; all that was yielded
                before is done, and the file at hand is as it was.
            KeyboardInterrupt: between two files, or before a file is replaced by its copy, if an
                interrupt was deferred.
        """
        for outcome in outcomes:
            interrupt.check()
            yield self._write(outcome) if isinstance(outcome, Planned) else outcome

    def _write(self, planned: Planned) -> Outcome:
        prediction = None if planned.by_person else planned.prediction
        model = prediction.model if prediction else None
        change = planned.change
        try:
            if change.new == change.old:
                self._confirm(change)
                return planned.convert(Unchanged, reason=_why_done(change))
            notes = self._replace(change, model)
        except FileError as error:
            done = self._already_done(planned) if error.code is Code.CHANGED else None
            return done or planned.convert(Failed, after=planned.before, error=error)
        return planned.convert(Tagged, notes=planned.notes + notes)

    def _confirm(self, change: TagChange) -> None:
        """Record that a person decided for the genres that a file has; the file is not touched."""
        path = Path(os.path.realpath(change.path))
        status = _check(change, path)
        raw = _read_original(change, path).raw
        number = self.journal.begin(self.run, _make_entry(change, path, status, raw, None))
        self.journal.settle(number, "committed", raw)

    def _already_done(self, planned: Planned) -> Outcome | None:
        """Return Unchanged for a file that others changed, if nothing is left to do; or None."""
        change = planned.change
        self.journal.await_others(Path(os.path.realpath(change.path)))
        try:
            with tags.open(change.path) as file:
                now = file.values(change.new)
        except FileError:
            return None
        genres = now[GENRE]
        if now == change.new:
            reason = _why_done(change)
        elif self.decided_while_writing and genres and genres != change.before:
            reason = "got a genre meanwhile"
        else:
            return None
        return planned.convert(Unchanged, before=genres, after=genres, fields=(), reason=reason)

    def _replace(self, change: TagChange, model: str | None) -> tuple[str, ...]:
        """Swap a changed and verified copy into a file's place; what that could not keep."""
        # The target of a link is what is rewritten; the link stays a link.
        path = Path(os.path.realpath(change.path))
        status = _check(change, path)
        original = _read_original(change, path)
        entry = _make_entry(change, path, status, original.raw, model)
        number = self.journal.begin(self.run, entry)
        made: os.stat_result | None = None
        raw_after: str | None = None
        try:
            # A large file on a slow disk may take minutes, and so far only its copy can be torn.
            with interrupt.immediate():
                lost = files.copy(path, entry.staged)
                made = entry.staged.stat()
                _edit(change, entry.staged)
                raw_after = _verify(change, entry.staged, original)
            if _is_changed(path, status):
                raise changed_error(change.path)
            lost += files.swap(entry.staged, path, status.st_mtime_ns if self.keep_mtime else None)
            return _hard_link_note(status) + lost
        except OSError as error:
            raise write_error(change.path, error) from error
        except GenretagError as error:
            if _is_changed(path, status):
                raise changed_error(change.path) from error
            raise name_original(change.path, entry.staged, error) from error
        finally:
            self._settle(number, entry, made, raw_after)

    def _settle(
        self, number: int, entry: Entry, made: os.stat_result | None, raw_after: str | None
    ) -> None:
        """Record how a write ended. The disk is asked: an interrupt may follow on a swap at once.

        An entry whose copy cannot be removed now stays pending, for `recover` to see to both.
        """
        try:
            entry.staged.unlink()
        except FileNotFoundError:
            if made is None:
                self.journal.settle(number, "abandoned")
            elif _is_swapped(entry.path, made, raw_after):
                self.journal.settle(number, "committed", raw_after)
        except OSError:
            pass
        else:
            self.journal.settle(number, "abandoned")


@contextmanager
def open_writer(
    command: str,
    folder: Path | None,
    options: str = "",
    undoes: int | None = None,
    keep_mtime: bool = False,
    decided_while_writing: bool = False,
) -> Iterator[Writer]:
    """Open a run of its own in the journal, after what killed runs left is settled."""
    with closing(Journal(paths.data_dir())) as journal:
        recover(journal)
        with interrupt.deferred(), journal.run(command, undoes, folder, options) as run:
            yield Writer(journal, run, keep_mtime, decided_while_writing)


def _is_swapped(path: Path, made: os.stat_result, raw: str | None) -> bool:
    """Return whether the copy that is gone from its place is `path` now."""
    with suppress(OSError, FileError):
        # Some mounts number a file anew when it is renamed: then its genres tell.
        if files.is_same_file(made, path):
            return True
        with tags.open(path) as file:
            return raw is not None and _read_raw(file, _places_in(raw)) == raw
    return False


def _read_raw(
    file: tags.TaggedFile, places: Iterable[Place] = (GENRE,), layout: Layout = PLAIN
) -> str:
    return file.raw_genres(layout, places).to_json()


def recover(journal: Journal) -> None:
    """Settle what killed runs left behind: remove their copies, and see how far they came."""
    with journal.interrupted() as entries:
        for entry in entries:
            # A file that cannot be reached now is settled by a later run.
            with suppress(OSError, GenretagError):
                # Only what the journal names is removed.
                entry.staged.unlink(missing_ok=True)
                with tags.open(entry.path) as file:
                    now = file.values(entry.places)
                    after = {place: entry.new[place] for place in entry.places}
                    raw = _read_raw(file, _places_in(entry.raw_before)) if now == after else None
                if now == {place: entry.old[place] for place in entry.places}:
                    journal.settle(entry.id, "abandoned")
                elif now == after:
                    journal.settle(entry.id, "committed", raw)
                else:
                    # Somebody gave it another genre since; without knowing what was written,
                    # `undo` names it and leaves it alone.
                    journal.settle(entry.id, "committed")


def _make_entry(
    change: TagChange, path: Path, status: os.stat_result, raw: str, model: str | None
) -> Entry:
    """Return what the journal is told of a change to the file at `path`, and a name for a copy."""
    return Entry(
        path=path,
        staged=path.parent / f"{files.STAGED_PREFIX}{os.urandom(6).hex()}{path.suffix}",
        device=status.st_dev,
        inode=status.st_ino,
        container=change.container,
        before=change.before,
        after=change.after,
        layout=change.layout,
        raw_before=raw,
        model=model,
        fields=change.fields,
    )


def _why_done(change: TagChange) -> str:
    """Return why nothing is left to do for a file."""
    return "has its old genres already" if change.raw else "already as planned"


def _check(change: TagChange, path: Path) -> os.stat_result:
    """Return the state of a file; FileError unless it may be written and is as planned."""
    try:
        status = path.stat()
        if not os.access(path, os.W_OK):
            # Some mounts do not know what their server allows; opening it asks the server.
            path.open("r+b").close()
    except OSError as error:
        raise write_error(change.path, error) from error
    if change.stamp not in (None, Stamp(status.st_size, status.st_mtime_ns)):
        raise changed_error(change.path)
    return status


@dataclass(frozen=True)
class _Original:
    """The state of a file that a write must keep, and what the written places held before."""

    path: Path
    raw: str
    places: tuple[Place, ...]
    other_fields: tags.OtherFields
    audio_span: tuple[int, int] | None


def _read_original(change: TagChange, path: Path) -> _Original:
    """Return the file at `path` as it is; FileError if it has other genres than planned for."""
    with tags.open(path) as file:
        if file.values(change.old) != change.old:
            raise changed_error(change.path)
        if change.raw is None:
            fields = file.other_fields_after_write(_written(change), change.layout)
        else:
            fields = file.other_fields_after_restore(*_raw_genres(change))
        places = _places(change)
        raw = _read_raw(file, places, change.layout)
        return _Original(path, raw, places, fields, file.audio_span)


def _places(change: TagChange) -> tuple[Place, ...]:
    """Return the places that are written."""
    return _places_in(change.raw) if change.raw else change.places


def _places_in(raw: str) -> tuple[Place, ...]:
    return tags.RawGenres.from_json(raw).places


def _written(change: TagChange) -> Values:
    """Return what is written, by its places; what stays as it is is not written anew."""
    return {place: change.new[place] for place in change.places}


def _raw_genres(change: TagChange) -> tuple[tags.RawGenres, tags.RawGenres | None]:
    """Return the genres to be put back, and those that replaced them."""
    raw = tags.RawGenres.from_json(change.raw or "")
    return raw, tags.RawGenres.from_json(change.written) if change.written else None


def _edit(change: TagChange, staged: Path) -> None:
    """Change the genres of the copy `staged`."""
    with tags.open(staged, writing=True) as copy:
        if change.raw is None:
            copy.write(_written(change), change.layout)
        else:
            copy.restore(*_raw_genres(change))


def _verify(change: TagChange, staged: Path, original: _Original) -> str:
    """Return the raw genres of the changed copy; FileError unless nothing else changed."""
    with tags.open(staged) as copy:
        checks = {
            "genres": lambda: copy.values(change.new) == change.new,
            "other tags": lambda: copy.other_fields(original.places) == original.other_fields,
            "sound": lambda: audio_digest.same_audio(
                staged,
                original.path,
                {staged: copy.audio_span, original.path: original.audio_span}.get,
            ),
        }
        wrong = [name for name, check in checks.items() if not _passes(check)]
        if wrong:
            raise verification_error(change, wrong, original.path)
        return _read_raw(copy, original.places)


def _passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except FileError as error:
        if error.code is Code.TAGS_UNREADABLE:
            return False
        raise


def _hard_link_note(status: os.stat_result) -> tuple[str, ...]:
    """Return what became of a file's other names, in a sentence."""
    if status.st_nlink > 1:
        return (f"it had {status.st_nlink} names; the others keep the old file",)
    return ()


def _is_changed(path: Path, before: os.stat_result) -> bool:
    """Return whether somebody has written to a file since, or taken it away."""
    try:
        return files.read_stamp(path) != Stamp(before.st_size, before.st_mtime_ns)
    except FileNotFoundError:
        return True
