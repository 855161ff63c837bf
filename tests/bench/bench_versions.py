"""Two checkouts side by side: python bench_versions.py OLD NEW [FOLDER].

OLD and NEW are roots of checkouts, FOLDER holds tracks (noise made by code without it). The two
take turns; figures are processor time of a command and its workers, the median of the rounds,
and the ratio of new to old.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio_files import RECIPES, encode, noise

ROUNDS = 5
KNOWN = 10_000
TAGGED = 2_000


def cpu_s(checkout: Path, home: Path, *arguments: str) -> float:
    """Run genretag from a checkout; return the processor time in seconds."""
    sources = os.pathsep.join(str(checkout / name) for name in ("src", "train"))
    environment = os.environ | {f"GENRETAG_{n}_DIR": str(home) for n in ("CACHE", "DATA")}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "genretag", *arguments],
        env=environment | {"PYTHONPATH": sources},
        check=False,
        capture_output=True,
    )
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def links(folder: Path, count: int, files: list[Path]) -> Path:
    """Return a folder of `count` hard links to `files` in turn."""
    for n in range(count):
        album = folder / f"{n // 100:03}"
        album.mkdir(parents=True, exist_ok=True)
        file = files[n % len(files)]
        os.link(file, album / f"{n:05}{file.suffix}")
    return folder


def made(folder: Path, *, tagged: bool = False) -> list[Path]:
    """Encode four short FLAC files, with a genre if `tagged`."""
    folder.mkdir()
    files = [
        encode(folder / f"{seed}.flac", noise(4.0, seed=seed), RECIPES["FLAC"]) for seed in range(4)
    ]
    if tagged:
        import mutagen

        for file in files:
            song = mutagen.File(file)
            song["genre"] = "Rock"
            song.save()
    return files


def main(old: Path, new: Path, tracks: Path | None) -> None:
    """Measure and print a table."""
    table = Table("command", "old, CPU s", "new, CPU s", "new / old", "least to most", box=None)
    with TemporaryDirectory(dir=tracks and tracks.parent) as name:
        folder = Path(name)
        known = links(folder / "known", KNOWN, made(folder / "a"))
        tagged = links(folder / "tagged", TAGGED, made(folder / "b", tagged=True))
        files = [file for file in sorted(tracks.rglob("*")) if file.is_file()] if tracks else []
        music = links(folder / "music", 120, files or made(folder / "c"))
        homes = {checkout: folder / f"home {n}" for n, checkout in enumerate((old, new))}

        def scan(where: Path, *options: str) -> Callable[[Path], float]:
            return lambda checkout: cpu_s(
                checkout, homes[checkout], "scan", "-n", *options, str(where)
            )

        rows: dict[str, Callable[[Path], float]] = {
            "--help": lambda checkout: cpu_s(checkout, homes[checkout], "--help"),
            f"scan of {len(list(music.rglob('*.*')))} tracks": scan(music, "--no-cache", "-j2"),
            f"scan of {TAGGED:,} files that have a genre": scan(tagged, "--no-cache", "-j2"),
            f"scan of {KNOWN:,} known files": scan(known, "-j2"),
            "the same, --threshold 0": scan(known, "-j2", "--threshold", "0"),
        }
        for checkout in (old, new):  # what is known must be known to both
            scan(known, "-j2")(checkout)
            scan(known, "-j2", "--threshold", "0")(checkout)
        for row, act in rows.items():
            rounds = [(act(old), act(new)) for _ in range(ROUNDS)]
            ratios = sorted(after / before for before, after in rounds)
            before, after = (statistics.median(column) for column in zip(*rounds, strict=True))
            table.add_row(
                row,
                f"{before:.2f}",
                f"{after:.2f}",
                f"{statistics.median(ratios):.2f}",
                f"{ratios[0]:.2f} to {ratios[-1]:.2f}",
            )
    Console(width=110).print(table)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
