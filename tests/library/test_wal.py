import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

import pytest

from genretag.library.cache import Cache
from genretag.library.journal import Journal
from genretag.library.wal import use_wal

ROUNDS, AT_ONCE = 40, 4


def open_journal(folder: Path, complaints: list[str]) -> None:
    try:
        Journal(folder).close()
    except Exception as error:  # noqa: BLE001 - shown by the test
        complaints.append(str(error))


def open_cache(folder: Path, complaints: list[str]) -> None:
    Cache(folder, complaints.append).close()


@pytest.mark.parametrize("open_database", [open_journal, open_cache])
def test_several_may_open_a_new_database_at_once(
    tmp_path: Path, open_database: Callable[[Path, list[str]], None]
) -> None:
    complaints: list[str] = []
    for n in range(ROUNDS):
        start = Barrier(AT_ONCE)

        def begin(folder: Path = tmp_path / str(n), start: Barrier = start) -> None:
            start.wait()
            open_database(folder, complaints)

        threads = [Thread(target=begin) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert complaints == []


def test_who_waits_in_vain_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite3"
    with closing(sqlite3.connect(file)) as other, closing(sqlite3.connect(file)) as database:
        other.execute("CREATE TABLE a (b)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            use_wal(database, wait_s=0.05)
