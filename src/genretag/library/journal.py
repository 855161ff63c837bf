"""What was written, when, and what was there before: a write-ahead journal in SQLite."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from genretag.domain.change import layout_as_object, layout_from_object
from genretag.domain.layout import Layout
from genretag.errors import Code, FileError, RunError, reason
from genretag.library.journal_tables import prepare, transaction

FILE = "journal.sqlite3"
_WAIT_S = 30.0
_POLL_S = 0.02

State = Literal["pending", "committed", "abandoned"]


@dataclass(frozen=True)
class Entry:
    """One write. `raw_before` and `raw_after` are the genres as stored, as JSON texts.

    `raw_after` is known once the write is committed.
    """

    path: Path
    staged: Path
    device: int
    inode: int
    container: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    layout: Layout
    raw_before: str
    raw_after: str | None = None
    model: str | None = None
    state: State = "pending"
    id: int = 0


@dataclass(frozen=True)
class RunRecord:
    """One run in the history; `undone` says whether a later run has taken it back to its end.

    `folder` is where its files lie and `options` what was asked for, as far as known.
    """

    id: int
    started: datetime
    command: str
    undoes: int | None
    counts: dict[State, int]
    undone: bool
    folder: Path | None = None
    options: str = ""


@dataclass
class OpenRun:
    """A run that goes on. It gets its number with its first entry: one without leaves no gap."""

    command: str
    undoes: int | None = None
    folder: Path | None = None
    options: str = ""
    number: int | None = None
    lock: FileLock | None = None


class Journal:
    """The journal in one folder. Several runs may write to it at the same time.

    Every method raises RunError `journal-failed` if the journal cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                self._db = sqlite3.connect(folder / FILE, timeout=_WAIT_S, isolation_level=None)
                stack.callback(self._db.close)
                self._db.execute("PRAGMA journal_mode = WAL")
                # Each entry is on the disk before the file that it is about is touched.
                self._db.execute("PRAGMA synchronous = FULL")
                prepare(self._db)
                stack.pop_all()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    @contextmanager
    def run(
        self,
        command: str,
        undoes: int | None = None,
        folder: Path | None = None,
        options: str = "",
    ) -> Iterator[OpenRun]:
        """A new run, alive while the context lasts; a killed one counts as dead at once.

        Args:
            command: what a person called, with its arguments if these are not files.
            undoes: the number of the run that it takes back.
            folder: where its files lie.
            options: those that were given, as on a command line.
        """
        run = OpenRun(command, undoes, folder, options)
        try:
            yield run
            if run.number is not None:
                with _translated(self._folder):
                    self._db.execute("INSERT INTO finished (run) VALUES (?)", (run.number,))
        finally:
            self._released(run)

    def begin(self, run: OpenRun, entry: Entry) -> int:
        """Record a write that is about to happen; the number of the entry.

        Raises:
            FileError: `changed`, another run has begun to write the same file.
        """
        with _translated(self._folder), transaction(self._db):
            if run.number is not None:
                return self._begun(run.number, entry)
            try:
                number = self._numbered(run)
                begun = self._begun(number, entry)
            except BaseException:
                # Its number is given to the next run, and the lock goes by the number.
                self._released(run)
                raise
            run.number = number
            return begun

    def _numbered(self, run: OpenRun) -> int:
        """A number for `run`, which others see alive from now on."""
        folder = os.fsencode(run.folder) if run.folder else None
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = self._db.execute(
            "INSERT INTO run (started, command, undoes, folder, options) VALUES (?, ?, ?, ?, ?)",
            (now, run.command, run.undoes, folder, run.options),
        )
        number = row.lastrowid or 0
        run.lock = self._lock(number)
        run.lock.acquire()
        return number

    def _begun(self, run: int, entry: Entry) -> int:
        path = os.fsencode(entry.path)
        cursor = self._db.execute(
            "INSERT INTO change (run, path, staged, device, inode, container, genres_before,"
            " genres_after, layout, raw_before, model, state)"
            " SELECT ?,?,?,?,?,?,?,?,?,?,?,'pending' WHERE NOT EXISTS"
            " (SELECT 1 FROM change WHERE path = ? AND state = 'pending' AND run <> ?)",
            (
                run,
                path,
                os.fsencode(entry.staged),
                _signed(entry.device),
                _signed(entry.inode),
                entry.container,
                json.dumps(entry.before),
                json.dumps(entry.after),
                json.dumps(layout_as_object(entry.layout)),
                entry.raw_before,
                entry.model,
                path,
                run,
            ),
        )
        if not cursor.rowcount:
            raise FileError(
                Code.CHANGED,
                f"{entry.path}: another run is writing it; it was left alone",
                "Scan it again when that run has ended.",
            )
        return cursor.lastrowid or 0

    def await_others(self, path: Path) -> None:
        """Wait until no other living run is writing `path`, but not for ever."""
        end = time.monotonic() + _WAIT_S
        while time.monotonic() < end and any(map(self._is_alive, self._writing(path))):
            time.sleep(_POLL_S)

    def _writing(self, path: Path) -> list[int]:
        with _translated(self._folder):
            rows = self._db.execute(
                "SELECT run FROM change WHERE path = ? AND state = 'pending'", (os.fsencode(path),)
            ).fetchall()
        return [run for (run,) in rows]

    def _is_alive(self, run: int) -> bool:
        lock = self._lock(run)
        with _translated(self._folder):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return True
            lock.release()
        return False

    def settle(self, entry: int, state: State, raw_after: str | None = None) -> None:
        """Record how a write ended: committed with what is stored now, or abandoned."""
        with _translated(self._folder):
            self._db.execute(
                "UPDATE change SET state = ?, raw_after = ? WHERE id = ?",
                (state, raw_after, entry),
            )

    def changes(self, run: int, state: State = "committed") -> list[Entry]:
        """The entries of a run in one state, in their order."""
        with _translated(self._folder):
            rows = self._db.execute(
                "SELECT path, staged, device, inode, container, genres_before, genres_after,"
                " layout, raw_before, raw_after, model, state, id FROM change"
                " WHERE run = ? AND state = ? ORDER BY id",
                (run, state),
            ).fetchall()
        return [_entry(row) for row in rows]

    def written(self) -> dict[Path, tuple[str, ...]]:
        """The genres that the last run left in each file, but for those that were put back."""
        with _translated(self._folder):
            rows = self._db.execute(
                "SELECT change.path, change.genres_after, run.undoes FROM change"
                " JOIN run ON run.id = change.run WHERE change.state = 'committed'"
                " ORDER BY change.id"
            ).fetchall()
        found = {}
        for path, after, undoes in rows:
            found[path] = () if undoes is not None else tuple(json.loads(after))
        return {Path(os.fsdecode(path)): after for path, after in found.items() if after}

    def history(self) -> list[RunRecord]:
        """All runs that have entries, the oldest first."""
        with _translated(self._folder):
            runs = self._db.execute(
                "SELECT id, started, command, undoes, folder, options FROM run"
            ).fetchall()
            finished = {run for (run,) in self._db.execute("SELECT run FROM finished")}
            counted = self._db.execute(
                "SELECT run, state, COUNT(*) FROM change GROUP BY run, state"
            ).fetchall()
        counts: dict[int, dict[State, int]] = {}
        for run, state, count in counted:
            counts.setdefault(run, {})[state] = count
        undone: set[int] = set()
        # The newest first: an undo that was itself undone no longer counts.
        for run, _, _, undoes, *_ in reversed(runs):
            whole = run in finished and run not in undone
            if undoes is not None and whole and counts.get(run, {}).get("committed"):
                undone.add(undoes)
        return [
            RunRecord(
                run,
                datetime.fromisoformat(started),
                command,
                undoes,
                counts[run],
                run in undone,
                Path(os.fsdecode(folder)) if folder else None,
                options or "",
            )
            for run, started, command, undoes, folder, options in runs
            if run in counts
        ]

    @contextmanager
    def interrupted(self) -> Iterator[list[Entry]]:
        """Entries that runs left pending which are no longer alive, to be settled inside."""
        with _translated(self._folder):
            runs = self._db.execute("SELECT DISTINCT run FROM change WHERE state = 'pending'")
            numbers = [number for (number,) in runs]
        held = []
        try:
            for number in numbers:
                lock = self._lock(number)
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue  # it is alive
                held.append((number, lock))
            yield [entry for number, _ in held for entry in self.changes(number, "pending")]
        finally:
            for _, lock in held:
                lock.release()
                self._unlocked(lock)

    def _released(self, run: OpenRun) -> None:
        if run.lock is not None:
            run.lock.release()
            self._unlocked(run.lock)
            run.lock = None

    def _lock(self, run: int) -> FileLock:
        return FileLock(self._folder / f"run-{run}.lock")

    def _unlocked(self, lock: FileLock) -> None:
        Path(lock.lock_file).unlink(missing_ok=True)


def _entry(row: tuple[Any, ...]) -> Entry:
    path, staged, device, inode, container, before, after, layout, *rest = row
    return Entry(
        Path(os.fsdecode(path)),
        Path(os.fsdecode(staged)),
        device,
        inode,
        container,
        tuple(json.loads(before)),
        tuple(json.loads(after)),
        layout_from_object(json.loads(layout)),
        *rest,
    )


def _signed(number: int) -> int:
    """SQLite's integers are signed; file systems' numbers may use all 64 bits."""
    return number - (1 << 64) if number >= 1 << 63 else number


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, NotImplementedError) as error:  # the last: no locks there
        raise RunError(
            Code.JOURNAL_FAILED,
            f"{folder / FILE}: the journal cannot be used: {reason(error)}",
            "Without it nothing could be undone, so nothing is written. Check the folder and "
            "its disk, or name another with GENRETAG_DATA_DIR.",
        ) from error
