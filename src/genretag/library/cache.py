"""What was heard before, in SQLite: by the sound in a file, and for files nobody has touched."""

import json
import os
import sqlite3
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from genretag.domain.change import Stamp, TagChange, layout_as_object, layout_from_object
from genretag.domain.outcome import OUTCOMES, Failed, Outcome, Planned
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.errors import reason

FILE = "heard.sqlite3"
_WAIT_S = 30.0
_AT_ONCE = 256
_EVERY_S = 1.0

# The tables that are dropped knew sounds by three places in them, and may have mixed them up.
_TABLES = """
DROP TABLE IF EXISTS sound;
DROP TABLE IF EXISTS file;
CREATE TABLE IF NOT EXISTS prediction (
    sound BLOB, listener BLOB, prediction TEXT NOT NULL, PRIMARY KEY (sound, listener)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcome (
    path BLOB PRIMARY KEY, state TEXT NOT NULL, question BLOB NOT NULL, outcome TEXT NOT NULL
) WITHOUT ROWID;
"""

# What comes of an entry that another version or a bad disk wrote: it is not remembered, then.
_ODD = (ValueError, KeyError, TypeError, AttributeError)

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Sizes:
    """How many files and sounds are remembered, and how many bytes that takes on disk."""

    files: int
    sounds: int
    bytes: int


def state(path: Path) -> str:
    """Changes whenever somebody writes to the file at `path`; OSError if it is gone.

    Windows tells when a file was made, not when it was last changed: there somebody who keeps
    its size and its time goes unnoticed.
    """
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


class Cache:
    """The memory in one folder; several runs may use it at the same time.

    It never stops a run. A file that is no database any more is put aside, one that cannot be
    used is done without; `warn` is told.

    A `listener` is a digest of what a prediction depends on beside the sound, a `question` one
    of what an outcome depends on beside the file.
    """

    def __init__(self, folder: Path, warn: Warn = lambda message: None) -> None:
        self._file = folder / FILE
        self._say = warn
        self._db: sqlite3.Connection | None = None
        self._files: list[tuple[bytes, str, bytes, str]] = []
        self._sounds: list[tuple[bytes, bytes, str]] = []
        self._written = time.monotonic()
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left to write."""
        self._write()
        self._leave()

    def prediction(self, sound: bytes, listener: bytes) -> Prediction | None:
        """What a listener made of a sound."""
        row = self._row(
            "SELECT prediction FROM prediction WHERE sound = ? AND listener = ?", (sound, listener)
        )
        with suppress(*_ODD):
            return row and _prediction(json.loads(row[0]))
        return None

    def outcome(self, path: Path, question: bytes) -> Outcome | None:
        """What became of the file at `path` if nobody has written to it since."""
        row = self._row(
            "SELECT state, outcome FROM outcome WHERE path = ? AND question = ?",
            (_key(path), question),
        )
        if row is None:
            return None
        with suppress(OSError, *_ODD):
            return _outcome(path, json.loads(row[1])) if row[0] == state(path) else None
        return None

    def keep_prediction(self, sound: bytes, listener: bytes, prediction: Prediction) -> None:
        """Remember it, soon."""
        self._sounds.append((sound, listener, json.dumps(_as_object(prediction))))

    def keep_outcome(self, outcome: Outcome, was: str, question: bytes) -> None:
        """Remember, soon, what became of a file whose `state` it was; failures are tried again."""
        if not isinstance(outcome, Failed):
            told = json.dumps(_told(outcome))
            self._files.append((_key(outcome.path), was, question, told))
        if len(self._files) >= _AT_ONCE or time.monotonic() - self._written > _EVERY_S:
            self._write()

    def sizes(self) -> Sizes:
        """What there is."""
        self._write()
        files = self._row("SELECT count(*) FROM outcome", ())
        sounds = self._row("SELECT count(*) FROM prediction", ())
        size = 0
        for part in _parts(self._file):
            with suppress(OSError):
                size += part.stat().st_size
        return Sizes(files[0] if files else 0, sounds[0] if sounds else 0, size)

    def clear(self) -> bool:
        """Forget everything, also what was put aside; whether that could be done."""
        self._files, self._sounds = [], []
        with suppress(OSError):
            _aside(self._file).unlink(missing_ok=True)
        return bool(self._guarded(self._empty))

    @staticmethod
    def _empty(db: sqlite3.Connection) -> bool:
        with db:
            db.execute("DELETE FROM outcome")
            db.execute("DELETE FROM prediction")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return True

    def _open(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._file, timeout=_WAIT_S)
        except (OSError, sqlite3.Error) as error:
            self._do_without(error)
            return
        self._guarded(self._prepare)

    @staticmethod
    def _prepare(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        # A lost second of memory costs nothing but time.
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)

    def _row(self, query: str, values: tuple[Any, ...]) -> Any:
        return self._guarded(lambda db: db.execute(query, values).fetchone())

    def _write(self) -> None:
        files, self._files = self._files, []
        sounds, self._sounds = self._sounds, []
        self._written = time.monotonic()

        def insert(db: sqlite3.Connection) -> None:
            # Nothing is locked between two writes, so other runs need not wait.
            with db:
                db.executemany("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?)", files)
                db.executemany("INSERT OR REPLACE INTO prediction VALUES (?, ?, ?)", sounds)

        if files or sounds:
            self._guarded(insert)

    def _guarded(self, act: Callable[[sqlite3.Connection], Any]) -> Any:
        if self._db is None:
            return None
        try:
            return act(self._db)
        except sqlite3.OperationalError as error:  # locked, read-only, no space
            self._do_without(error)
        except sqlite3.DatabaseError as error:
            self._put_aside(error)
        return None

    def _do_without(self, error: Exception) -> None:
        self._leave()
        self._say(f"{self._file}: nothing is remembered in this run: {reason(error)}")

    def _put_aside(self, error: Exception) -> None:
        self._leave()
        aside = _aside(self._file)
        try:
            self._file.replace(aside)
            for part in _parts(self._file)[1:]:
                part.unlink(missing_ok=True)
        except OSError as refusal:
            self._do_without(refusal)
            return
        self._say(f"{self._file}: it was damaged and is {aside.name} now: {reason(error)}")
        self._open()

    def _leave(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None


def _parts(file: Path) -> list[Path]:
    return [file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))]


def _aside(file: Path) -> Path:
    return file.with_name(f"{file.name}.broken")


def _key(path: Path) -> bytes:
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100 - links are names of their own here


def _as_object(prediction: Prediction) -> dict[str, Any]:
    return {
        "genres": [(genre.name, genre.score) for genre in prediction.genres],
        "windows": prediction.windows,
        "duration_s": prediction.duration_s,
        "model": prediction.model,
        "embedding": b64encode(prediction.embedding.astype("<f2").tobytes()).decode(),
    }


def _prediction(entry: dict[str, Any]) -> Prediction:
    genres = tuple(ScoredGenre(name, score) for name, score in entry["genres"])
    embedding = np.frombuffer(b64decode(entry["embedding"]), "<f2").astype(np.float16)
    return Prediction(genres, entry["windows"], entry["duration_s"], entry["model"], embedding)


def _told(outcome: Outcome) -> dict[str, Any]:
    change = outcome.change if isinstance(outcome, Planned) else None
    return {
        "status": outcome.status,
        "before": outcome.before,
        "after": outcome.after,
        "reason": outcome.reason,
        "notes": outcome.notes,
        "prediction": outcome.prediction and _as_object(outcome.prediction),
        "change": change
        and {
            "container": change.container,
            "layout": layout_as_object(change.layout),
            "stamp": change.stamp and (change.stamp.size, change.stamp.mtime_ns),
        },
    }


_KINDS = {kind.status: kind for kind in OUTCOMES}


def _outcome(path: Path, entry: dict[str, Any]) -> Outcome:
    before, after = tuple(entry["before"]), tuple(entry["after"])
    found: dict[str, Any] = {
        "path": path,
        "before": before,
        "after": after,
        "reason": entry["reason"],
        "notes": tuple(entry["notes"]),
        "prediction": entry["prediction"] and _prediction(entry["prediction"]),
    }
    change = entry["change"]
    if change:
        found["change"] = TagChange(
            path,
            change["container"],
            before,
            after,
            layout_from_object(change["layout"]),
            change["stamp"] and Stamp(*change["stamp"]),
        )
    return _KINDS[entry["status"]](**found)
