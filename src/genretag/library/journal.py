"""What was written, when, and what was there before: a write-ahead journal in SQLite."""

import json
import os
import sqlite3
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

FILE = "journal.sqlite3"
_WAIT_S = 30.0

State = Literal["pending", "committed", "abandoned"]

_TABLES = """
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started TEXT NOT NULL,
    command TEXT NOT NULL,
    undoes INTEGER REFERENCES run (id)
);
CREATE TABLE IF NOT EXISTS change (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run (id),
    path BLOB NOT NULL,
    staged BLOB NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    container TEXT NOT NULL,
    genres_before TEXT NOT NULL,
    genres_after TEXT NOT NULL,
    layout TEXT NOT NULL,
    raw_before TEXT NOT NULL,
    raw_after TEXT,
    model TEXT,
    state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS finished (run INTEGER PRIMARY KEY REFERENCES run (id));
CREATE INDEX IF NOT EXISTS change_of_run ON change (run, state);
CREATE INDEX IF NOT EXISTS pending ON change (path) WHERE state = 'pending';
"""


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
    """One run in the history; `undone` says whether a later run has taken it back to its end."""

    id: int
    started: datetime
    command: str
    undoes: int | None
    counts: dict[State, int]
    undone: bool


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
                self._db.executescript(_TABLES)
                stack.pop_all()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    @contextmanager
    def run(self, command: str, undoes: int | None = None) -> Iterator[int]:
        """A new run, alive while the context lasts; a killed one counts as dead at once."""
        with _translated(self._folder):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            row = self._db.execute(
                "INSERT INTO run (started, command, undoes) VALUES (?, ?, ?)",
                (now, command, undoes),
            )
            number = row.lastrowid or 0
            lock = self._lock(number)
            lock.acquire()
        try:
            yield number
            with _translated(self._folder):
                self._db.execute("INSERT INTO finished (run) VALUES (?)", (number,))
        finally:
            lock.release()
            self._unlocked(lock)

    def begin(self, run: int, entry: Entry) -> int:
        """Record a write that is about to happen; the number of the entry.

        Raises:
            FileError: `changed`, another run has begun to write the same file.
        """
        path = os.fsencode(entry.path)
        with _translated(self._folder):
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
            runs = self._db.execute("SELECT id, started, command, undoes FROM run").fetchall()
            finished = {run for (run,) in self._db.execute("SELECT run FROM finished")}
            counted = self._db.execute(
                "SELECT run, state, COUNT(*) FROM change GROUP BY run, state"
            ).fetchall()
        counts: dict[int, dict[State, int]] = {}
        for run, state, count in counted:
            counts.setdefault(run, {})[state] = count
        undone: set[int] = set()
        # The newest first: an undo that was itself undone no longer counts.
        for run, _, _, undoes in reversed(runs):
            whole = run in finished and run not in undone
            if undoes is not None and whole and counts.get(run, {}).get("committed"):
                undone.add(undoes)
        return [
            RunRecord(
                run, datetime.fromisoformat(started), command, undoes, counts[run], run in undone
            )
            for run, started, command, undoes in runs
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
