"""What features cost, beside decoding alone: python tests/bench/bench_features.py [FOLDER].

On one core, over the clips in FOLDER, or over MP3 of 30 s that are made by code. The rounds of
what is compared take turns, so that a busy machine slows all of them.
"""

import os

# Before numpy: one core is one thread.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio_files import RECIPES, chirp, encode, noise
from rich.console import Console
from rich.table import Table

from genretag_train.config import TrainConfig
from genretag_train.features.extraction import (
    compute_power,
    extract_windows,
    load_excerpt,
    make_feature_spec,
)

ROUNDS = 5
CLIPS = 24
CLIP_S = 30.0
SPEC = make_feature_spec(TrainConfig())


def made(folder: Path) -> list[Path]:
    """Stereo MP3 at 128 kbit/s, as FMA's clips are."""
    rate = RECIPES["MP3"].rate
    return [
        encode(
            folder / f"{seed}.mp3",
            chirp(CLIP_S, rate) + noise(CLIP_S, rate, seed=seed),
            RECIPES["MP3"],
        )
        for seed in range(CLIPS)
    ]


def seconds(work: Callable[[Path], object], clips: Sequence[Path]) -> float:
    """Processor seconds for a clip, on the mean."""
    started = time.process_time()
    for clip in clips:
        work(clip)
    return (time.process_time() - started) / len(clips)


def main() -> None:
    with TemporaryDirectory() as place:
        clips = (
            sorted(Path(sys.argv[1]).rglob("*.*"))[:CLIPS] if sys.argv[1:] else made(Path(place))
        )
        works: dict[str, Callable[[Path], object]] = {
            "decode and resample": lambda clip: load_excerpt(clip, SPEC),
            "decode, mel power": lambda clip: compute_power(clip, SPEC),
            "decode, windows as in scan": lambda clip: extract_windows(clip, SPEC),
        }
        for work in works.values():
            work(clips[0])
        rounds = [
            {name: seconds(work, clips) for name, work in works.items()} for _ in range(ROUNDS)
        ]
    table = Table("", "clips/s on one core", "of decoding alone", "least to most")
    base = "decode and resample"
    for name in works:
        ratios = [found[base] / found[name] for found in rounds]
        rate = 1 / statistics.median(found[name] for found in rounds)
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        table.add_row(name, f"{rate:.1f}", f"{statistics.median(ratios):.2f}", spread)
    Console().print(table)


if __name__ == "__main__":
    main()
