"""Write-ahead logging of SQLite: who reads a database need not wait for who writes."""

import sqlite3
import time

_POLL_S = 0.01


def use_wal(database: sqlite3.Connection, wait_s: float) -> None:
    """Switch to write-ahead logging, within `wait_s` seconds if others hold the database.

    SQLite itself does not wait here: two who open a new database at once may lock each other out.

    Raises:
        sqlite3.OperationalError: that cannot be done, or not in time.
    """
    end = time.monotonic() + wait_s
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # The lower byte says what kind of error it is, the others say more.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_POLL_S)
        else:
            return
