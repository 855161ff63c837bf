"""What a written file costs, beside copying it: python tests/bench/bench_writing.py FOLDER.

Copies of the audio files in FOLDER are made on the same disk, so nothing in it is touched.
"""

import os
import shutil
import statistics
import sys
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from genretag import tags
from genretag.domain.change import TagChange
from genretag.domain.outcome import Planned
from genretag.errors import FileError
from genretag.library import files
from genretag.library.journal import Journal
from genretag.library.walk import Walk
from genretag.pipeline.write import Writer

ROUNDS = 5
GENRES = ("Rock", "Old-Time")


def copied(path: Path, target: Path) -> float:
    """Seconds for `shutil.copyfile` and `fsync`."""
    started = time.perf_counter()
    shutil.copyfile(path, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - started


def written(path: Path, writer: Writer) -> float:
    """Seconds for a journalled, verified and synced change of its genres."""
    track = tags.read(path)
    change = TagChange(
        path, track.container or "", track.genres, GENRES, stamp=files.read_stamp(path)
    )
    started = time.perf_counter()
    (outcome,) = writer.apply([Planned.of(change)])
    seconds = time.perf_counter() - started
    if outcome.error:
        raise outcome.error
    return seconds


def taggable(folder: Path) -> dict[Path, str]:
    """The files in `folder` that genretag can write, and their containers."""
    found = {}
    for path in Walk().files([folder]):
        if isinstance(path, Path):
            try:
                container = tags.read(path).container
            except FileError:
                continue
            if container is not None:
                found[path] = container
    return found


def measured(found: dict[Path, str], disk: Path) -> dict[str, list[tuple[float, float]]]:
    """For each container, and for all, the seconds of each round: copied, written."""
    seconds: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with (
        TemporaryDirectory(dir=disk) as name,
        closing(Journal(Path(name, "journal"))) as journal,
        journal.run("bench") as run,
    ):
        writer = Writer(journal, run)
        for _ in range(ROUNDS):
            round_: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
            for path, container in found.items():
                copy = Path(name, f"copy{path.suffix}")
                copied(path, copy)
                cost = copied(path, Path(name, "other")), written(copy, writer)
                for key in (container, "all"):
                    round_[key] = [a + b for a, b in zip(round_[key], cost, strict=True)]
            for key, (copying, writing) in round_.items():
                seconds[key].append((copying, writing))
    return seconds


def main(folder: Path) -> None:
    """Measure and print a table."""
    found = taggable(folder)
    if not found:
        sys.exit(f"{folder}: no audio files that can be written")
    table = Table(box=None)
    for column in ("container", "files", "MB each", "copy + fsync ms", "write ms", "ratio"):
        table.add_column(column, justify="left" if column == "container" else "right")
    for key, rounds in sorted(measured(found, folder).items()):
        paths = [path for path, container in found.items() if key in (container, "all")]
        copying, writing = (statistics.median(column) for column in zip(*rounds, strict=True))
        table.add_row(
            key,
            str(len(paths)),
            f"{sum(path.stat().st_size for path in paths) / len(paths) / 1e6:.1f}",
            f"{copying / len(paths) * 1000:.1f}",
            f"{writing / len(paths) * 1000:.1f}",
            f"{statistics.median(write / copy for copy, write in rounds):.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
