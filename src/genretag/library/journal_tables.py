"""The tables of the journal, made anew or brought up to date."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

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
    state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS finished (run INTEGER PRIMARY KEY REFERENCES run (id));
CREATE INDEX IF NOT EXISTS change_of_run ON change (run, state);
CREATE INDEX IF NOT EXISTS pending ON change (path) WHERE state = 'pending';
"""
_ADDED_SINCE = {"folder": "BLOB", "options": "TEXT"}
"""Columns that the runs of an older journal lack."""


def prepare(database: sqlite3.Connection) -> None:
    """Make the tables that are missing, and the columns that a journal of old lacks."""
    database.executescript(_TABLES)
    if _missing(database):
        with transaction(database):
            for name in _missing(database):  # another process may have been faster
                database.execute(f"ALTER TABLE run ADD COLUMN {name} {_ADDED_SINCE[name]}")


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All that is done inside, or nothing; nobody else writes meanwhile."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _missing(database: sqlite3.Connection) -> list[str]:
    there = {row[1] for row in database.execute("PRAGMA table_info(run)")}
    return [name for name in _ADDED_SINCE if name not in there]
