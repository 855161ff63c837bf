"""What knowing a sound again costs, beside hearing it: python bench_identity.py [SECONDS].

Processor time in this process, with files made by code in the page cache, rounds taking turns.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio_files import RECIPES, encode, noise

from genretag import tags
from genretag.audio.fingerprint import fingerprint
from genretag.inference import session, store
from genretag.pipeline.score import predict

ROUNDS = 7
KINDS = ("WAV", "AIFF", "FLAC", "MP4 ALAC", "MP3", "MP4", "Ogg Vorbis", "Opus")


def fingerprint_file(path: Path) -> bytes | None:
    """Do as a scan does."""
    with tags.open(path) as file:
        return fingerprint(path, file.audio_span)


def took_ms(act: Callable[[], object]) -> float:
    """Processor time, in milliseconds."""
    started = time.process_time()
    act()
    return 1000 * (time.process_time() - started)


def main(seconds: float) -> None:
    """Measure and print a table."""
    model = session.load(store.list_bundled()[store.DEFAULT], "cpu")
    table = Table("file", "MB", "known, ms", "heard, ms", "ratio", "least to most", box=None)
    with TemporaryDirectory() as name:
        for kind in KINDS:
            recipe = RECIPES[kind]
            path = encode(Path(name, f"a.{recipe.suffix}"), noise(seconds, recipe.rate), recipe)
            predict(path, model, "balanced")
            rounds = [
                (
                    took_ms(lambda path=path: fingerprint_file(path)),
                    took_ms(lambda path=path: predict(path, model, "balanced")),
                )
                for _ in range(ROUNDS)
            ]
            ratios = sorted(known / heard for known, heard in rounds)
            known, heard = (statistics.median(column) for column in zip(*rounds, strict=True))
            table.add_row(
                kind,
                f"{path.stat().st_size / 1e6:.1f}",
                f"{known:.1f}",
                f"{heard:.0f}",
                f"{statistics.median(ratios):.2f}",
                f"{ratios[0]:.2f} to {ratios[-1]:.2f}",
            )
            path.unlink()
    Console(width=100).print(table)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 240.0)
