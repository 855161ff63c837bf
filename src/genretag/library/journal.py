"""A write-ahead journal in SQLite: what was written, when, and what was there before."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from genretag.errors import Code, FileError, RunError, reason
from genretag.library import journal_tables as tables
from genretag.library.journal_records import Entry, OpenRun, Origin, RunRecord, State
from genretag.library.wal import use_wal

__all__ = ["FILE", "Entry", "Journal", "OpenRun", "Origin", "RunRecord", "State"]

FILE = "journal.sqlite3"
_WAIT_S = 30.0
_POLL_S = 0.02


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
                use_wal(self._db, _WAIT_S)
                # Each entry is on the disk before its file is touched.
                self._db.execute("PRAGMA synchronous = FULL")
                tables.prepare_tables(self._db)
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
        """Start a run that is alive while the context lasts; a killed one is dead at once.

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
            self._release(run)

    def begin(self, run: OpenRun, entry: Entry) -> int:
        """Record a write that is about to happen; return the number of the entry.

        Raises:
            FileError: `changed`, another run has begun to write the same file.
        """
        with _translated(self._folder), tables.transaction(self._db):
            if run.number is not None:
                return self._insert(run.number, entry)
            try:
                number = self._start(run)
                entry_id = self._insert(number, entry)
            except BaseException:
                # Its number is given to the next run, and the lock goes by the number.
                self._release(run)
                raise
            run.number = number
            return entry_id

    def _start(self, run: OpenRun) -> int:
        """Give `run` a number, under which others see it alive from now on."""
        number = tables.insert_run(self._db, run)
        run.lock = self._lock(number)
        run.lock.acquire()
        return number

    def _insert(self, run: int, entry: Entry) -> int:
        entry_id = tables.insert_entry(self._db, run, entry)
        if entry_id is None:
            raise FileError(
                Code.CHANGED,
                f"{entry.path}: another run is writing it; it was left alone",
                "Scan it again when that run has ended.",
            )
        return entry_id

    def await_others(self, path: Path) -> None:
        """Wait until no other living run is writing `path`, for half a minute at most."""
        end = time.monotonic() + _WAIT_S
        while time.monotonic() < end and any(map(self._is_alive, self._writing_runs(path))):
            time.sleep(_POLL_S)

    def _writing_runs(self, path: Path) -> list[int]:
        with _translated(self._folder):
            return tables.select_writing_runs(self._db, path)

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
        """Return the entries of a run in one state, in their order."""
        with _translated(self._folder):
            return tables.select_entries(self._db, run, state)

    def origins(self) -> dict[Path, Origin]:
        """Return where the genres of each file come from that runs wrote into, by real paths."""
        with _translated(self._folder):
            return tables.select_origins(self._db)

    def origin(self, path: Path) -> Origin:
        """Return where the genres of the file at `path` come from, by its real path."""
        with _translated(self._folder):
            return tables.select_origin(self._db, path)

    def history(self) -> list[RunRecord]:
        """Return all runs that have entries, the oldest first."""
        with _translated(self._folder):
            return tables.select_history(self._db)

    @contextmanager
    def interrupted(self) -> Iterator[list[Entry]]:
        """Yield pending entries of runs that are no longer alive, to be settled in the context."""
        with _translated(self._folder):
            runs = self._db.execute("SELECT DISTINCT run FROM change WHERE state = 'pending'")
            numbers = [number for (number,) in runs]
        locked = []
        try:
            for number in numbers:
                lock = self._lock(number)
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue  # it is alive
                locked.append((number, lock))
            yield [entry for number, _ in locked for entry in self.changes(number, "pending")]
        finally:
            for _, lock in locked:
                _release_lock(lock)

    def _release(self, run: OpenRun) -> None:
        if run.lock is not None:
            _release_lock(run.lock)
            run.lock = None

    def _lock(self, run: int) -> FileLock:
        return FileLock(self._folder / f"run-{run}.lock")


def _release_lock(lock: FileLock) -> None:
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)


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
