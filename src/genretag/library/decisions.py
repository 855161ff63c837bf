"""Keeps decisions of a review until they are written into files: a killed one loses none."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout

from genretag.domain.genre import Names
from genretag.errors import Code, RunError, UsageError, reason
from genretag.library import files

FILE = "decisions.jsonl"


class Decisions:
    """Decisions that are not carried out yet, by file, in a file of lines that only grows.

    Methods raise RunError `output-failed` if it cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._genres = dict(_read(file))
        self._stream: TextIO | None = None

    @property
    def genres(self) -> Mapping[Path, Names]:
        """The genres that are decided for files."""
        return self._genres

    def record(self, genres: Mapping[Path, Names]) -> None:
        """Keep what is decided for files, or nothing of it; no genres take a decision back."""
        with _translated(self._file):
            try:
                self._append(_to_lines(genres))
            except OSError:
                with suppress(OSError):  # closing it tries once more to write what is left
                    self.close()
                raise
        for path, names in genres.items():
            self._genres.pop(path, None)  # so that the last one comes last
            if names:
                self._genres[path] = names

    def _append(self, lines: str) -> None:
        if self._stream is None:
            self._stream = self._file.open("a", encoding="ascii")
            lines = "\n" + lines  # after a line that a kill or a full disk may have cut off
        self._stream.write(lines)
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def forget(self, paths: Iterable[Path]) -> None:
        """Remove the decisions for files, once they are carried out."""
        self.close()
        for path in paths:
            self._genres.pop(path, None)
        with _translated(self._file):
            files.rewrite(self._file, _to_lines(self._genres).encode("ascii"))

    def close(self) -> None:
        """Close the file."""
        stream, self._stream = self._stream, None
        if stream:
            stream.close()


@contextmanager
def open_decisions(folder: Path) -> Iterator[Decisions]:
    """Open the decisions in a folder, for one review at a time.

    Raises:
        UsageError: `review-open`, another review has them.
        RunError: `output-failed`, they cannot be read or written.
    """
    file = folder / FILE
    lock = FileLock(file.with_suffix(".lock"))
    with _translated(file):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                Code.REVIEW_OPEN, "Another review is open", "End it first, then start this one."
            ) from None
    try:
        with _translated(file):
            decisions = Decisions(file)
        try:
            yield decisions
        finally:
            decisions.close()
    finally:
        lock.release()


def _read(file: Path) -> Iterator[tuple[Path, Names]]:
    """Yield the last decision for each file; a line that a kill cut off is left out."""
    found: dict[Path, Names] = {}
    lines = file.read_text("ascii", errors="replace").splitlines() if file.exists() else []
    for line in lines:
        try:
            entry = json.loads(line)
            path = Path(entry["path"])
            genres = tuple(map(str, entry["genres"]))
            found.pop(path, None)  # so that the last one comes last
            found[path] = genres
        except (ValueError, KeyError, TypeError):
            continue
    yield from ((path, genres) for path, genres in found.items() if genres)


def _to_lines(genres: Mapping[Path, Names]) -> str:
    entries = ({"path": str(path), "genres": names} for path, names in genres.items())
    return "".join(json.dumps(entry) + "\n" for entry in entries)


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            Code.OUTPUT_FAILED,
            f"{file}: decisions cannot be kept there: {reason(error)}",
            "Check the folder and its disk, or name another with GENRETAG_DATA_DIR.",
        ) from error
