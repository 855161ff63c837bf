"""Tracks and predictions that are known from earlier runs, in SQLite."""

import hashlib
import json
import os
import sqlite3
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from sys import intern
from typing import Any, Self

import numpy as np

from genretag.domain.analysis import Analysis
from genretag.domain.change import Stamp
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.track import Track
from genretag.errors import Warn, reason
from genretag.library.wal import use_wal

FILE = "heard.sqlite3"
_WAIT_S = 30.0
_AT_ONCE = 256
_EVERY_S = 1.0

# The tables that are dropped knew sounds by three places in them, or files by what was decided.
_TABLES = """
DROP TABLE IF EXISTS sound;
DROP TABLE IF EXISTS file;
DROP TABLE IF EXISTS outcome;
DROP TABLE IF EXISTS prediction;
CREATE TABLE IF NOT EXISTS scores (
    fingerprint BLOB, predictor BLOB, prediction TEXT NOT NULL,
    PRIMARY KEY (fingerprint, predictor)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS track (
    path BLOB PRIMARY KEY, state TEXT NOT NULL, fingerprint BLOB, track TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failure (
    path BLOB PRIMARY KEY, state TEXT NOT NULL, code TEXT NOT NULL
) WITHOUT ROWID;
"""

_RECALL = """
SELECT state, track, prediction FROM track
LEFT JOIN scores ON scores.fingerprint = track.fingerprint AND scores.predictor = ?
WHERE path = ?
"""

# What comes of an entry that another version or a bad disk wrote: it is not remembered, then.
_ODD = (ValueError, KeyError, TypeError, AttributeError)

_NOT_KEPT = ("path", "stamp", "fields", "no_room")
_TRACK_FIELDS = [field.name for field in fields(Track) if field.name not in _NOT_KEPT]


@dataclass(frozen=True)
class Sizes:
    """How many files and sounds are remembered, and how many bytes that takes on disk."""

    files: int
    sounds: int
    bytes: int


def state(path: Path) -> str:
    """Return what changes whenever somebody writes to the file at `path`; OSError if it is gone.

    Windows tells when a file was made, not when it was last changed: there somebody who keeps
    its size and its time goes unnoticed.
    """
    return _format_state(path.stat())


def _format_state(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def find_state(path: Path) -> str:
    """Return `state`, or that of a link that leads nowhere; empty if it is not known."""
    for look in (Path.stat, Path.lstat):
        with suppress(OSError):
            return _format_state(look(path))
    return ""


class Cache:
    """A store of earlier results in one folder; several runs may use it at the same time.

    It keeps facts, never decisions: the track of each file, valid until somebody writes to the
    file, and the prediction for each sound, by its fingerprint. So another policy costs nothing.
    A file that failed is tried again; it is only known that it failed.

    It never stops a run. A file that is no database any more is put aside, one that cannot be
    used is done without; `warn` gets the message.

    A `predictor` is a digest of all that a prediction depends on beside the sound.
    """

    def __init__(self, folder: Path, warn: Warn = lambda message: None) -> None:
        self._file = folder / FILE
        self._warn = warn
        self._db: sqlite3.Connection | None = None
        self._tracks: list[tuple[bytes, str, bytes | None, str]] = []
        self._predictions: list[tuple[bytes, bytes, str]] = []
        self._renewed: list[tuple[str, str, bytes]] = []
        self._failed: list[tuple[bytes, str, str]] = []
        self._mended: list[tuple[bytes]] = []
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

    def recall(self, path: Path, predictor: bytes) -> Analysis | None:
        """Return what is known of the file at `path`; None if somebody has written to it since."""
        row = self._row(_RECALL, (predictor, _key(path)))
        if row is None:
            return None
        with suppress(OSError, *_ODD):
            if row[0] == state(path):
                prediction = row[2] and _prediction(json.loads(row[2]))
                return Analysis(path, _track(path, json.loads(row[1])), prediction)
        return None

    def prediction(self, fingerprint: bytes, predictor: bytes) -> Prediction | None:
        """Return what `predictor` said of a sound, in whichever file that was."""
        row = self._row(
            "SELECT prediction FROM scores WHERE fingerprint = ? AND predictor = ?",
            (fingerprint, predictor),
        )
        with suppress(*_ODD):
            return row and _prediction(json.loads(row[0]))
        return None

    def keep(self, analysis: Analysis, predictor: bytes) -> None:
        """Keep, soon, what is new in `analysis`."""
        prediction = analysis.prediction
        fingerprint = analysis.fingerprint or _stand_in(analysis)
        if fingerprint and prediction:
            row = json.dumps(_prediction_as_object(prediction))
            self._predictions.append((fingerprint, predictor, row))
        if analysis.state and analysis.track:
            track = json.dumps(_track_as_object(analysis.track))
            self._tracks.append((_key(analysis.path), analysis.state, fingerprint, track))
        if len(self._tracks) >= _AT_ONCE or time.monotonic() - self._written > _EVERY_S:
            self._write()

    def renew(self, analysis: Analysis) -> None:
        """Keep what is new of a file in which nothing but tags has changed."""
        if analysis.state and analysis.track:
            track = json.dumps(_track_as_object(analysis.track))
            self._renewed.append((analysis.state, track, _key(analysis.path)))
            self._write()  # at once: a run that is killed is to be gone on with

    def keep_failure(self, path: Path, code: str) -> bool:
        """Return whether an earlier run failed likewise with the file as it is; keep it, soon."""
        failure = (find_state(path), code)
        known = self._known_failures.get(_key(path)) == failure
        if not known:
            self._failed.append((_key(path), *failure))
        return known

    def forget_failure(self, path: Path) -> None:
        """Forget, soon, that a file failed: should it do so again, that is news."""
        if _key(path) in self._known_failures:
            self._mended.append((_key(path),))

    @cached_property
    def _known_failures(self) -> Mapping[bytes, tuple[str, str]]:
        """State and code of each file that failed before this run; there are few."""
        query = "SELECT path, state, code FROM failure"
        rows = self._guarded(lambda db: db.execute(query).fetchall()) or []
        return {path: (state, code) for path, state, code in rows}

    def sizes(self) -> Sizes:
        """Return how much there is."""
        self._write()
        files = self._row("SELECT count(*) FROM track", ())
        sounds = self._row("SELECT count(*) FROM scores", ())
        size = 0
        for part in _parts(self._file):
            with suppress(OSError):
                size += part.stat().st_size
        return Sizes(files[0] if files else 0, sounds[0] if sounds else 0, size)

    def clear(self) -> bool:
        """Forget everything, also what was put aside; return whether that could be done."""
        self._tracks, self._predictions, self._renewed = [], [], []
        self._failed, self._mended = [], []
        with suppress(OSError):
            _aside(self._file).unlink(missing_ok=True)
        return bool(self._guarded(self._empty))

    @staticmethod
    def _empty(db: sqlite3.Connection) -> bool:
        with db:
            db.execute("DELETE FROM track")
            db.execute("DELETE FROM scores")
            db.execute("DELETE FROM failure")
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
        use_wal(db, _WAIT_S)
        # A lost second of memory costs nothing but time.
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)

    def _row(self, query: str, values: tuple[Any, ...]) -> Any:
        return self._guarded(lambda db: db.execute(query, values).fetchone())

    def _write(self) -> None:
        tracks, self._tracks = self._tracks, []
        predictions, self._predictions = self._predictions, []
        renewed, self._renewed = self._renewed, []
        failed, self._failed = self._failed, []
        mended, self._mended = self._mended, []
        self._written = time.monotonic()

        def insert(db: sqlite3.Connection) -> None:
            # Nothing is locked between two writes, so other runs need not wait.
            with db:
                db.executemany("INSERT OR REPLACE INTO track VALUES (?, ?, ?, ?)", tracks)
                db.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?)", predictions)
                db.executemany("UPDATE track SET state = ?, track = ? WHERE path = ?", renewed)
                db.executemany("INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", failed)
                db.executemany("DELETE FROM failure WHERE path = ?", mended)

        if tracks or predictions or renewed or failed or mended:
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
        self._warn(f"{self._file}: nothing is remembered in this run: {reason(error)}")

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
        self._warn(f"{self._file}: it was damaged and is {aside.name} now: {reason(error)}")
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


def _stand_in(analysis: Analysis) -> bytes | None:
    """Return what stands for a sound without a fingerprint until somebody writes to its file."""
    if analysis.prediction is None or analysis.state is None:
        return None
    name = _key(analysis.path) + b"\0" + analysis.state.encode()
    return hashlib.blake2b(name, digest_size=16).digest()


def _prediction_as_object(prediction: Prediction) -> dict[str, Any]:
    return {
        "genres": [(genre.name, genre.score) for genre in prediction.genres],
        "windows": prediction.windows,
        "duration_s": prediction.duration_s,
        "model": prediction.model,
        "embedding": b64encode(prediction.embedding.astype("<f2").tobytes()).decode(),
    }


def _prediction(entry: dict[str, Any]) -> Prediction:
    # By artist, the predictions for all files are in memory at once.
    genres = tuple(ScoredGenre(intern(name), score) for name, score in entry["genres"])
    embedding = np.frombuffer(b64decode(entry["embedding"]), "<f2").astype(np.float16)
    return Prediction(genres, entry["windows"], entry["duration_s"], entry["model"], embedding)


def _track_as_object(track: Track) -> dict[str, Any]:
    stamp = track.stamp and (track.stamp.size, track.stamp.mtime_ns)
    return {**{name: getattr(track, name) for name in _TRACK_FIELDS}, "stamp": stamp}


def _track(path: Path, entry: dict[str, Any]) -> Track:
    stamp = entry["stamp"] and Stamp(*entry["stamp"])
    known = {name: entry[name] for name in _TRACK_FIELDS}
    return Track(path, **known | {"genres": tuple(entry["genres"]), "stamp": stamp})
