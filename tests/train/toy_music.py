"""A labelled library made by code: low hums, high whistles and hiss, each clip a bit different."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from audio_files import RECIPES, Signal, encode, noise, tone

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


def table(file: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """A CSV file of `rows`, which all have the same columns."""
    rows = list(rows)
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return file
