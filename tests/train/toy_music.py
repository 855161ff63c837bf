"""A labelled library made by code, each clip a bit different, and a training run over it."""

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from audio_files import RECIPES, Signal, encode, noise, tone

from genretag_train.config import load_config
from genretag_train.training.pipeline import RunPaths, train

RATE = RECIPES["FLAC"].rate


def hum(seed: int, seconds: float) -> Signal:
    return tone(seconds, RATE, hz=150 + 7 * seed, channels=1) + noise(seconds, RATE, 1, seed) / 20


def whistle(seed: int, seconds: float) -> Signal:
    return tone(seconds, RATE, hz=3000 + 90 * seed, channels=1) + noise(seconds, RATE, 1, seed) / 20


def hiss(seed: int, seconds: float) -> Signal:
    return noise(seconds, RATE, 1, seed)


GENRES = {"Hum": hum, "Whistle": whistle, "Hiss": hiss}


def library(folder: Path, per_genre: int, seconds: float = 1.5) -> Path:
    """A folder for each genre with `per_genre` FLAC files in it."""
    for genre, sound in GENRES.items():
        (folder / genre).mkdir(parents=True)
        for seed in range(per_genre):
            file = folder / genre / f"{seed}.flac"
            encode(file, sound(seed, seconds).astype(np.float32), RECIPES["FLAC"])
    return folder


def grown(music: Path, copy: Path) -> Path:
    """A copy of a library with five clips more, so that its split is another."""
    shutil.copytree(music, copy)
    for number in range(5):
        shutil.copyfile(copy / "Hum" / "0.flac", copy / "Hum" / f"more-{number}.flac")
    return copy


def table(file: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """A CSV file of `rows`, which all have the same columns."""
    rows = list(rows)
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return file


def run(
    data: Path,
    out: Path,
    cache: Path,
    bundle: Path | None = None,
    resume: bool = False,
    notify: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> None:
    """`genretag train` with a net and windows small enough for tests."""
    small = {"window_s": 1.0, "hidden": 8, "rnn_hidden": 8, "batch_size": 8, "epochs": 3}
    small |= {"threads": 1, "mask_s": 0.1, "mask_mels": 8, "min_accepted": 1, "name": "toy"}
    config = load_config(None, {**small, **settings})
    train(config, RunPaths(data, out, cache, bundle), resume, notify, lambda done, of: None)
