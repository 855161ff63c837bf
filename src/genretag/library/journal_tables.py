"""The tables of the journal: made, brought up to date, written and read."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from genretag.domain.change import layout_from_dict, layout_to_dict
from genretag.domain.places import fields_from_dict, fields_to_dict
from genretag.library.journal_records import Entry, OpenRun, Origin, RunRecord, State

_TABLES = """
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started TEXT NOT NULL,
    command TEXT NOT NULL,
    undoes INTEGER REFERENCES run (id),
    folder BLOB,
    options TEXT
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
    state TEXT NOT NULL,
    fields TEXT
);
CREATE TABLE IF NOT EXISTS finished (run INTEGER PRIMARY KEY REFERENCES run (id));
CREATE INDEX IF NOT EXISTS change_of_run ON change (run, state);
CREATE INDEX IF NOT EXISTS change_of_path ON change (path);
CREATE INDEX IF NOT EXISTS pending ON change (path) WHERE state = 'pending';
"""
_ADDED_SINCE = (("run", "folder", "BLOB"), ("run", "options", "TEXT"), ("change", "fields", "TEXT"))
"""Tables with columns that they lack in an older journal, and the types of these."""
_WRITES = (
    "change.run, change.genres_before, change.genres_after, change.model IS NULL, run.undoes"
    " FROM change JOIN run ON run.id = change.run WHERE change.state = 'committed'"
)


def prepare_tables(database: sqlite3.Connection) -> None:
    """Make the tables that are missing, and the columns that an older journal lacks."""
    database.executescript(_TABLES)
    if _missing(database):
        with transaction(database):
            for table, name, kind in _missing(database):  # another process may have been faster
                database.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Commit all that is done in the context, or nothing; nobody else writes meanwhile."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def insert_run(database: sqlite3.Connection, run: OpenRun) -> int:
    """Add a run; return its number."""
    folder = os.fsencode(run.folder) if run.folder else None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = database.execute(
        "INSERT INTO run (started, command, undoes, folder, options) VALUES (?, ?, ?, ?, ?)",
        (now, run.command, run.undoes, folder, run.options),
    )
    return row.lastrowid or 0


def insert_entry(database: sqlite3.Connection, run: int, entry: Entry) -> int | None:
    """Add an entry; return its number, or None if another run is writing the same file."""
    path = os.fsencode(entry.path)
    cursor = database.execute(
        "INSERT INTO change (run, path, staged, device, inode, container, genres_before,"
        " genres_after, layout, raw_before, model, fields, state)"
        " SELECT ?,?,?,?,?,?,?,?,?,?,?,?,'pending' WHERE NOT EXISTS"
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
            json.dumps(layout_to_dict(entry.layout)),
            entry.raw_before,
            entry.model,
            json.dumps(fields_to_dict(entry.fields)) if entry.fields else None,
            path,
            run,
        ),
    )
    return cursor.lastrowid if cursor.rowcount else None


def select_entries(database: sqlite3.Connection, run: int, state: State) -> list[Entry]:
    """Return the entries of a run in one state, in their order."""
    rows = database.execute(
        "SELECT path, staged, device, inode, container, genres_before, genres_after,"
        " layout, fields, raw_before, raw_after, model, state, id FROM change"
        " WHERE run = ? AND state = ? ORDER BY id",
        (run, state),
    )
    return [_entry(row) for row in rows]


def select_origins(database: sqlite3.Connection) -> dict[Path, Origin]:
    """Return what is known of the genres of each file that runs wrote into."""
    rows = database.execute(f"SELECT change.path, {_WRITES} ORDER BY change.path, change.id")
    return {
        Path(os.fsdecode(path)): _find_origin(writes for _, *writes in found)
        for path, found in groupby(rows, lambda row: row[0])
    }


def select_origin(database: sqlite3.Connection, path: Path) -> Origin:
    """Return what is known of the genres of one file."""
    sql = f"SELECT {_WRITES} AND change.path = ? ORDER BY change.id"
    return _find_origin(database.execute(sql, (os.fsencode(path),)))


def _find_origin(writes: Iterable[Sequence[Any]]) -> Origin:
    """Return where the genres of a file come from, by its writes.

    What a file had before is not genretag's, unless an earlier run wrote it. What a person decided
    is not genretag's at all. An undo leaves what there was before the run that it undoes: that may
    be an earlier run's.

    Args:
        writes: in their order, of each the run, the genres before and after, whether a person
            decided them, and the undone run.
    """
    left: dict[int, Origin] = {}
    for run, before, after, by_person, undoes in writes:
        of_earlier = (left[one] for one in reversed(left) if undoes is None or one < undoes)
        earlier = next(of_earlier, Origin())
        names = tuple(json.loads(after))
        # A model that leaves the genre as it is has written other fields.
        if undoes is not None or (before == after and not by_person):
            left[run] = earlier
        elif by_person:
            left[run] = Origin(decided=names)
        else:
            had = set(json.loads(before)).difference(earlier.written)
            left[run] = Origin(written=tuple(name for name in names if name not in had))
    return next(reversed(left.values()), Origin())


def select_writing_runs(database: sqlite3.Connection, path: Path) -> list[int]:
    """Return the runs that have a pending entry for `path`."""
    rows = database.execute(
        "SELECT run FROM change WHERE path = ? AND state = 'pending'", (os.fsencode(path),)
    )
    return [run for (run,) in rows]


def select_history(database: sqlite3.Connection) -> list[RunRecord]:
    """Return all runs that have entries, the oldest first."""
    runs = database.execute(
        "SELECT id, started, command, undoes, folder, options FROM run"
    ).fetchall()
    finished = {run for (run,) in database.execute("SELECT run FROM finished")}
    counts: dict[int, dict[State, int]] = {}
    for run, state, count in database.execute(
        "SELECT run, state, COUNT(*) FROM change GROUP BY run, state"
    ):
        counts.setdefault(run, {})[state] = count
    undone: set[int] = set()
    # The newest first: an undo that was itself undone no longer counts.
    for run, _, _, undoes, *_ in reversed(runs):
        is_whole = run in finished and run not in undone
        if undoes is not None and is_whole and counts.get(run, {}).get("committed"):
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


def _missing(database: sqlite3.Connection) -> list[tuple[str, str, str]]:
    present = {
        (table, row[1])
        for table in ("run", "change")
        for row in database.execute(f"PRAGMA table_info({table})")
    }
    return [one for one in _ADDED_SINCE if one[:2] not in present]


def _entry(row: tuple[Any, ...]) -> Entry:
    path, staged, device, inode, container, before, after, layout, fields, *rest = row
    changes = fields_from_dict(json.loads(fields)) if fields else ()
    entry = Entry(
        Path(os.fsdecode(path)),
        Path(os.fsdecode(staged)),
        device,
        inode,
        container,
        tuple(json.loads(before)),
        tuple(json.loads(after)),
        layout_from_dict(json.loads(layout)),
        *rest,
    )
    return replace(entry, fields=changes)


def _signed(number: int) -> int:
    """Convert to a signed integer, as SQLite has them; file systems may use all 64 bits."""
    return number - (1 << 64) if number >= 1 << 63 else number
