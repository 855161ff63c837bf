"""How close mels are to Essentia's: python tests/bench/bench_front_ends.py [CLIPS].

Needs the package essentia. With CLIPS, a folder of recordings, over some of them too.
"""

import os

# Before numpy: one core is one thread.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from audio_files import chirp, noise
from essentia.standard import MonoLoader
from essentia_patches import (
    CLOSE,
    INPUTS,
    PATCHES,
    RATE,
    SOUNDS,
    Samples,
    compute,
    compute_frames,
    decode,
    pad,
)
from recordings import record
from rich.console import Console
from rich.table import Table

from genretag.audio.decode import read_excerpts
from genretag.audio.mel import features
from genretag.domain.front_end import FRONT_ENDS
from genretag.domain.window import Excerpt, Waveform

EVERY = 14
ROUNDS = 7
FILE_RATE = 44100


def compute_gaps(samples: Samples, name: str) -> Samples:
    """Differences of all values [n_frames, n_mels] of a sound."""
    base = "musicnn" if name == "maest" else name
    front_end, theirs = FRONT_ENDS[name], compute_frames(samples, base)
    if name == "maest":
        theirs = (theirs - np.float32(front_end.mean)) / np.float32(front_end.deviation)
    return np.abs(features(pad(samples, base), front_end) - theirs)


def tabulate_parity(clips: list[Samples]) -> Table:
    table = Table("sound", *FRONT_ENDS, title="largest difference of all values of all frames")
    for sound, samples in SOUNDS.items():
        gaps = (compute_gaps(samples, name).max() for name in FRONT_ENDS)
        table.add_row(sound, *(f"{gap:.1e}" for gap in gaps))
    if clips:
        worst, counts = [], []
        for name in FRONT_ENDS:
            gaps = np.concatenate([compute_gaps(clip, name).ravel() for clip in clips])
            worst.append(f"{gaps.max():.1e}")
            counts.append(f"{(gaps > CLOSE).sum()} of {len(gaps):,}")
        table.add_row(f"{len(clips)} clips", *worst)
        table.add_row(f"values above {CLOSE}", *counts)
    return table


def tabulate_resampling(clips: list[Samples], folder: Path) -> Table:
    """From files of 44.1 kHz, each with its own decoder and resampler."""
    sounds = {
        "noise": [noise(4.0, FILE_RATE, channels=1)[0]],
        "sweep to 11 kHz": [chirp(4.0, FILE_RATE, channels=1)[0]],
        f"{len(clips)} clips": clips,
    }
    table = Table(
        "sound", "front end", "quality", "mean", "99 of 100 below", "largest",
        title="differences of all values, from files of 44.1 kHz, by resampleQuality",
    )  # fmt: skip
    for sound, signals in sounds.items():
        for name in INPUTS if signals else ():
            for quality in (0, 1, 4):
                gaps = np.concatenate([resample(one, name, quality, folder) for one in signals])
                numbers = (gaps.mean(), np.quantile(gaps, 0.99), gaps.max())
                table.add_row(sound, name, str(quality), *(f"{number:.3f}" for number in numbers))
    return table


def resample(samples: Samples, name: str, quality: int, folder: Path) -> Samples:
    """Differences of scaled mels [n_frames, n_mels] of one file."""
    file = record(folder / "sound.wav", samples[None], "pcm_s16le", "wav", "s16", FILE_RATE)
    ours = decode(file)
    theirs = MonoLoader(filename=str(file), sampleRate=RATE, resampleQuality=quality)()
    size = min(len(ours), len(theirs))
    first, second = (features(one[:size], FRONT_ENDS[name]) for one in (ours, theirs))
    return np.abs(first - second)


def tabulate_short() -> Table:
    """A sound of half a patch: repeated by genretag, its frames repeated by Essentia."""
    table = Table("algorithm", "frames", "discard", "mean", "largest", title="half a patch")
    for algorithm, (name, n_frames, hop) in PATCHES.items():
        front_end = FRONT_ENDS[name]
        sound = SOUNDS["noise"][: front_end.count_samples(n_frames) // 2]
        (patch,) = compute(sound, name, n_frames, hop, "repeat")[1]
        discarded = len(compute(sound, name, n_frames, hop)[1])
        ours = Waveform(sound, RATE).fit(front_end.count_samples(n_frames))
        gaps = np.abs(features(ours, front_end) - patch)
        table.add_row(
            algorithm, str(n_frames), str(discarded), f"{gaps.mean():.2f}", f"{gaps.max():.2f}"
        )
    return table


def tabulate_time() -> Table:
    """Processor time for the mels of 30 s."""
    table = Table("front end", "genretag, ms", "Essentia, ms", title="mels of 30 s")
    sound = noise(30.0, RATE, channels=1)[0]
    for name in ("musicnn", "vggish"):
        works: Mapping[str, Callable[[], object]] = {
            "ours": partial(features, sound, FRONT_ENDS[name]),
            "theirs": partial(compute_frames, sound, name),
        }
        best = dict.fromkeys(works, np.inf)
        for _ in range(ROUNDS):
            for side, work in works.items():
                started = time.process_time()
                work()
                best[side] = min(best[side], time.process_time() - started)
        table.add_row(name, *(f"{1e3 * seconds:.0f}" for seconds in best.values()))
    return table


def load(path: Path, rate: int) -> Samples:
    (heard,) = read_excerpts(path, rate, lambda length_s: [Excerpt(0.0, length_s)])
    return heard.samples


def main() -> None:
    files = sorted(Path(sys.argv[1]).iterdir())[::EVERY] if sys.argv[1:] else []
    console = Console(width=100)
    console.print(tabulate_parity([decode(file) for file in files]))
    with TemporaryDirectory() as place:
        clips = [load(file, FILE_RATE) for file in files[::5]]
        console.print(tabulate_resampling(clips, Path(place)))
    console.print(tabulate_short())
    console.print(tabulate_time())


if __name__ == "__main__":
    main()
