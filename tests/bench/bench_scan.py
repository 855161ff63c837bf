"""What a scan costs beside decoding: python bench_scan.py FOLDER [--long].

FOLDER holds whole tracks; each is heard once for every figure, and nothing is written. All
figures are processor time or ratios within one run, but for start-up and rescans.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

import psutil
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio_files import RECIPES, encode, noise

from genretag.audio.decode import read_excerpts
from genretag.domain.window import COVERAGES
from genretag.errors import GenretagError
from genretag.inference import session, store

COMMAND = (sys.executable, "-m", "genretag")
TRACKS = 240
SIZES = (100, 1000, 10_000)


def cpu_s() -> float:
    """Processor time of all processes that this one has waited for."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scanned(folder: Path, home: Path, *options: str) -> tuple[float, float]:
    """Processor and wall time of a dry run over `folder`, in seconds."""
    environment = os.environ | {f"GENRETAG_{n}_DIR": str(home) for n in ("CACHE", "DATA")}
    command = [*COMMAND, "scan", "-n", "--policy", "replace", *options, str(folder)]
    before, started = cpu_s(), time.monotonic()
    subprocess.run(command, env=environment, check=False, capture_output=True)
    return cpu_s() - before, time.monotonic() - started


def decoded(files: list[Path], model: Path) -> float:
    """Processor time for the excerpts of `files` that a scan with `model` hears."""
    manifest = session.load(model, "cpu").manifest
    started = time.process_time()
    for file in files:
        try:
            for _ in read_excerpts(
                file,
                manifest.front_end.rate_hz,
                lambda length_s: COVERAGES["balanced"](length_s, manifest.window),
            ):
                pass
        except GenretagError:
            continue
    return time.process_time() - started


def costs(folder: Path, files: list[Path], home: Path) -> Table:
    table = Table("model", "decoding, ms", "scan -j1, ms", "ratio", "files/s -j1", "-j2", "gain")
    for name, model in store.list_bundled().items():
        rounds = []
        for _ in range(3):
            alone = decoded(files, model)
            one = scanned(folder, home, "--no-cache", "-j1", "--model", name)
            two = scanned(folder, home, "--no-cache", "-j2", "--model", name)
            rounds.append((alone, one[0], one[0] / alone, one[1], two[1], one[1] / two[1]))
        alone, one, ratio, wall_1, wall_2, gain = map(statistics.median, zip(*rounds, strict=True))
        table.add_row(
            name,
            f"{1000 * alone / len(files):.0f}",
            f"{1000 * one / len(files):.0f}",
            f"{ratio:.2f}",
            f"{len(files) / wall_1:.1f}",
            f"{len(files) / wall_2:.1f}",
            f"{gain:.2f}",
        )
    return table


def start_up(file: Path, home: Path) -> Table:
    """Until `--help` is there, until a worker has opened the first file, and a scan of one."""
    table = Table("from the command to", "s")

    def median(act: object) -> str:
        return f"{statistics.median(act() for _ in range(5)):.2f}"  # type: ignore[operator]

    def help_s() -> float:
        started = time.monotonic()
        subprocess.run([*COMMAND, "--help"], check=True, capture_output=True)
        return time.monotonic() - started

    def first_file_s() -> float:
        """Until one of the processes that were started has the file open."""
        started = time.monotonic()
        process = subprocess.Popen(
            [*COMMAND, "scan", "-n", "--no-cache", "-j1", str(file)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        opened = None
        while opened is None and process.poll() is None:
            time.sleep(0.01)  # whoever looks all the time slows down what is looked at
            for child in psutil.Process(process.pid).children(recursive=True):
                try:
                    if any(found.path == str(file) for found in child.open_files()):
                        opened = time.monotonic() - started
                except psutil.Error:
                    continue
        process.wait()
        return opened or time.monotonic() - started

    table.add_row("the help", median(help_s))
    table.add_row("the first file open in a worker", median(first_file_s))
    table.add_row("the end of a scan of one", median(lambda: scanned(file, home, "--no-cache")[1]))
    return table


def growth(home: Path) -> Table:
    """Hard links to four short files: what a file costs in libraries of several sizes."""
    table = Table("files", "first scan, CPU ms a file", "again, s", "again, files/s")
    with TemporaryDirectory(dir=home) as name:
        folder = Path(name)
        sounds = [
            encode(folder / f"{seed}.flac", noise(4.0, seed=seed), RECIPES["FLAC"])
            for seed in range(4)
        ]
        for size in SIZES:
            library = folder / f"library {size}"
            for n in range(size):
                album = library / f"{n // 100:03}"
                album.mkdir(parents=True, exist_ok=True)
                os.link(sounds[n % 4], album / f"{n:05}.flac")
            own = folder / f"home {size}"
            # With the cache of sounds, four files are heard: what is measured is the rest.
            first, _ = scanned(library, own, "-j2", "--model", "genretag-cnn1d-lstm")
            _, again = scanned(library, own, "-j2", "--model", "genretag-cnn1d-lstm")
            table.add_row(
                f"{size:,}", f"{1000 * first / size:.2f}", f"{again:.2f}", f"{size / again:,.0f}"
            )
    return table


def main(folder: Path) -> None:
    console = Console(file=sys.stdout, width=100)
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    with TemporaryDirectory(dir=folder.parent) as name:
        home = Path(name)
        console.print(start_up(files[0], home))
        console.print(growth(home))
        many = home / "many"
        many.mkdir()
        for n in range(TRACKS):  # so many that starting up counts little
            os.link(files[n % len(files)], many / f"{n:04}{files[n % len(files)].suffix}")
        console.print(f"{TRACKS} tracks", costs(many, sorted(many.iterdir()), home))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
