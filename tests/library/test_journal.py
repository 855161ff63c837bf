import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from genretag.domain.layout import PLAYERS
from genretag.errors import Code, FileError, RunError
from genretag.library.journal import FILE, Entry, Journal, Origin

ENTRY = Entry(
    path=Path(os.fsdecode(b"/music/caf\xe9.mp3")),
    staged=Path("/music/.genretag-0.mp3"),
    device=1,
    inode=(1 << 63) + 5,
    container="MP3",
    before=("Old; joined", "摇滚"),
    after=(),
    layout=PLAYERS["itunes"],
    raw_before='{"raw": 1}',
    model="toy@0123456789ab",
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path)) as found:
        yield found


def locks(folder: Path) -> list[Path]:
    return list(folder.glob("*.lock"))


def test_an_entry_comes_back_as_it_was_given(journal: Journal) -> None:
    with journal.run("scan") as run:
        number = journal.begin(run, ENTRY)
        (found,) = journal.changes(run.number, "pending")
        # SQLite has signed numbers only.
        assert found == replace(ENTRY, id=number, inode=ENTRY.inode - (1 << 64))
        journal.settle(number, "committed", '{"raw": 2}')
    assert journal.changes(run.number, "pending") == []
    (found,) = journal.changes(run.number)
    assert (found.state, found.raw_after) == ("committed", '{"raw": 2}')


def test_entries_are_on_disk_for_others_at_once(journal: Journal, tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as other, journal.run("scan") as run:
        journal.begin(run, ENTRY)
        assert len(other.changes(run.number, "pending")) == 1


def test_every_commit_is_synchronous(journal: Journal) -> None:
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_history_counts_by_state_and_leaves_out_runs_that_did_nothing(journal: Journal) -> None:
    with journal.run("scan"):
        pass
    with journal.run("scan") as second:
        for state in ("committed", "committed", "abandoned"):
            journal.settle(journal.begin(second, ENTRY), state)
    (record,) = journal.history()
    assert (record.id, record.command, record.undone) == (second.number, "scan", False)
    assert record.counts == {"committed": 2, "abandoned": 1}


def test_runs_get_numbers_without_a_gap_when_they_write(journal: Journal, tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as other, journal.run("idle"), other.run("early") as early:
        assert early.number is None
        with journal.run("late") as late:
            first = journal.begin(late, ENTRY)
            # Refused at its first entry, a run has no number yet.
            with pytest.raises(FileError):
                other.begin(early, ENTRY)
            assert early.number is None and late.number == 1
            journal.settle(first, "committed")
        other.settle(other.begin(early, ENTRY), "committed")
    assert [(run.id, run.command) for run in journal.history()] == [(1, "late"), (2, "early")]
    assert locks(tmp_path) == []


def test_folder_and_options_of_a_run_are_kept(journal: Journal) -> None:
    folder = Path(os.fsdecode(b"/music/caf\xe9"))
    with journal.run("scan", folder=folder, options="--policy add") as run:
        journal.settle(journal.begin(run, ENTRY), "committed")
    (record,) = journal.history()
    assert (record.folder, record.options) == (folder, "--policy add")


def test_a_journal_of_an_older_version_goes_on_with_its_numbers(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.executescript(
            "CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL,"
            " command TEXT NOT NULL, undoes INTEGER);"
            "INSERT INTO run (id, started, command) VALUES (3, '2026-01-01T00:00+00:00', 'scan');"
        )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENED, tmp_path], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [process.communicate()[0] for process in processes] == ["opened\n"] * 4
    with closing(Journal(tmp_path)) as journal:
        assert written(journal, "scan") == 4
        assert [(run.id, run.folder, run.options) for run in journal.history()] == [(4, None, "")]
    # The older version goes on as well.
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("INSERT INTO run (started, command, undoes) VALUES ('', 'scan', NULL)")


def test_entries_of_a_version_without_other_fields_are_read(
    journal: Journal, tmp_path: Path
) -> None:
    assert written(journal, "scan") == 1
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("ALTER TABLE change DROP COLUMN fields")
    with closing(Journal(tmp_path)) as opened:
        [entry] = opened.changes(1, "committed")
        assert (entry.fields, entry.places) == ((), ("genre",))
        assert written(opened, "scan") == 2


OPENED = """
import sys; from pathlib import Path; from genretag.library.journal import Journal
Journal(Path(sys.argv[1])).close(); print("opened")
"""


def test_who_waits_for_others_waits_for_the_living_alone(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; sys.path[:0] = sys.argv[2:]\n"
        "from test_journal import *\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "with journal.run('scan') as run:\n"
        "    number = journal.begin(run, ENTRY)\n"
        "    print('begun', flush=True); sys.stdin.readline(); time.sleep(0.3)\n"
        "    journal.settle(number, 'committed'); sys.stdin.readline()\n"
        "    journal.begin(run, ENTRY); print('again', flush=True); sys.stdin.readline()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path, Path(__file__).parent],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdin and other.stdout and other.stdout.readline() == "begun\n"
    with closing(Journal(tmp_path)) as journal:
        other.stdin.write("\n")
        other.stdin.flush()
        journal.await_others(ENTRY.path)
        assert len(journal.changes(1, "committed")) == 1
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "again\n"
        other.kill()
        other.wait()
        journal.await_others(ENTRY.path)
        assert len(journal.changes(1, "pending")) == 1


def origin(journal: Journal) -> Origin:
    """Return the origin of the file of ENTRY, the same by either way."""
    found = journal.origin(ENTRY.path)
    assert journal.origins().get(ENTRY.path, Origin()) == found
    return found


def written(journal: Journal, command: str, undoes: int | None = None, genre: str = "Rock") -> int:
    with journal.run(command, undoes) as run:
        journal.settle(journal.begin(run, replace(ENTRY, after=(genre,))), "committed")
    return run.number


def test_genres_that_an_undo_puts_back_are_still_those_of_an_earlier_run(journal: Journal) -> None:
    def left() -> tuple[str, ...]:
        return origin(journal).written

    first = written(journal, "scan", genre="Rock")
    second = written(journal, "scan", genre="Metal")
    undo = written(journal, "undo", second, genre="Rock")
    assert left() == ("Rock",)
    written(journal, "undo", undo, genre="Metal")
    assert left() == ("Metal",)
    written(journal, "undo", first, genre="Jazz")
    assert left() == ()


def test_what_a_file_had_before_is_not_what_genretag_gave_it(journal: Journal) -> None:
    def write(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
        with journal.run("scan") as run:
            entry = replace(ENTRY, before=before, after=after)
            journal.settle(journal.begin(run, entry), "committed")
        return origin(journal).written

    assert write(("Polka",), ("Polka", "Folk")) == ("Folk",)
    assert write(("Polka", "Folk"), ("Polka", "Folk", "World")) == ("Folk", "World")
    assert write(("Polka", "Folk", "World"), ("Polka",)) == ()


def test_what_a_person_decided_is_not_what_genretag_wrote(journal: Journal) -> None:
    written(journal, "scan")
    with journal.run("apply plan.jsonl") as run:
        entry = replace(ENTRY, after=("Jazz",), model=None)
        journal.settle(journal.begin(run, entry), "committed")
    assert origin(journal) == Origin(decided=("Jazz",))
    written(journal, "undo", run.number)
    assert origin(journal) == Origin(written=("Rock",))


def test_an_undo_that_was_undone_no_longer_counts(journal: Journal) -> None:
    first = written(journal, "scan")
    second = written(journal, "undo", first)
    assert [record.undone for record in journal.history()] == [True, False]
    written(journal, "undo", second)
    assert [record.undone for record in journal.history()] == [False, True, False]
    written(journal, "undo", first)
    assert [record.undone for record in journal.history()] == [True, True, False, False]


def test_an_undo_that_did_not_come_to_its_end_does_not_count(journal: Journal) -> None:
    first = written(journal, "scan")
    with pytest.raises(KeyboardInterrupt), journal.run("undo", first) as run:
        journal.settle(journal.begin(run, ENTRY), "committed")
        raise KeyboardInterrupt
    assert [record.undone for record in journal.history()] == [False, False]
    assert locks(journal._folder) == []


def test_what_a_living_run_left_pending_is_nobodys_business(
    journal: Journal, tmp_path: Path
) -> None:
    with closing(Journal(tmp_path)) as other, journal.run("scan") as run:
        journal.begin(run, ENTRY)
        with other.interrupted() as found:
            assert found == []


def test_two_runs_never_write_the_same_file_at_the_same_time(
    journal: Journal, tmp_path: Path
) -> None:
    with (
        closing(Journal(tmp_path)) as other,
        journal.run("scan") as run,
        other.run("undo") as rival,
    ):
        number = journal.begin(run, ENTRY)
        with pytest.raises(FileError) as caught:
            other.begin(rival, ENTRY)
        assert caught.value.code == Code.CHANGED
        assert str(ENTRY.path) in caught.value.message
        other.begin(rival, replace(ENTRY, path=Path("/music/other.mp3")))
        journal.settle(number, "committed")
        assert other.begin(rival, ENTRY)


def test_what_a_killed_run_left_pending_is_found_until_it_is_settled(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from genretag.library.journal import *\n"
        "from genretag.domain.layout import PLAIN\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "with journal.run('scan') as run:\n"
        "    path = Path('a.mp3')\n"
        "    journal.begin(run, Entry(path, path, 1, 2, 'MP3', (), (), PLAIN, ''))\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert ended.returncode == -9
    with closing(Journal(tmp_path)) as journal:
        for _ in range(2):
            with journal.interrupted() as found:
                assert [entry.path.name for entry in found] == ["a.mp3"]
                # Two runs never settle the same entries.
                with closing(Journal(tmp_path)) as other, other.interrupted() as same:
                    assert same == []
        with journal.interrupted() as found:
            journal.settle(found[0].id, "abandoned")
        with journal.interrupted() as found:
            assert found == []
    assert locks(tmp_path) == []


def test_a_journal_that_cannot_be_used_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / FILE).write_text("not a database at all, " * 100)
    for folder in (tmp_path, tmp_path / "file"):
        with pytest.raises(RunError) as caught:
            Journal(folder)
        assert caught.value.code == Code.JOURNAL_FAILED
        assert str(folder) in caught.value.message and "GENRETAG_DATA_DIR" in caught.value.hint


def test_a_journal_of_a_version_without_a_record_of_ends_still_opens(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        run = written(journal, "scan")
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("DROP TABLE finished")
        database.commit()
    with closing(Journal(tmp_path)) as journal:
        assert [record.id for record in journal.history()] == [run]
