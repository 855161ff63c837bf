"""A small data set of FMA's shape, made by code: its table with two header rows, and its MP3."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from audio_files import RECIPES, encode, garbage
from toy_music import GENRES

from genretag_train.data.fma import METADATA, TABLE, clip_name

TOP_GENRES = {"Rock": "Hum", "Old-Time / Historic": "Whistle", "Hip-Hop": "Hiss"}
"""FMA's names for the sounds of the toy library."""

SPLITS = ("training", "training", "validation", "test")
"""The sides that a genre's artists take in turn."""

# The columns around those that count, and a field with a line break, are as in the original.
_HEADER = (
    ("", "album", "artist", "artist", "set", "set", "track", "track"),
    ("", "title", "bio", "id", "split", "subset", "genre_top", "title"),
    ("track_id", "", "", "", "", "", "", ""),
)


@dataclass(frozen=True)
class Row:
    """A line of `tracks.csv`."""

    track_id: int
    artist: str
    split: str
    genre: str
    subset: str = "small"


def table(data: Path, rows: Sequence[Row]) -> Path:
    """Write `fma_metadata/tracks.csv` into the folder `data`."""
    file = data / METADATA / TABLE
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerows(_HEADER)
        for row in rows:
            writer.writerow([
                row.track_id, "An album", "<p>Their\nlife</p>", row.artist, row.split, row.subset,
                row.genre, "Title, and more",
            ])  # fmt: skip
    return file


def tree(
    data: Path,
    per_genre: int = 8,
    seconds: float = 1.5,
    subset: str = "fma_small",
    sounds: Mapping[str, str] = TOP_GENRES,
) -> Path:
    """A folder of one subset: `per_genre` clips of each genre by half as many artists, all fit.

    Beside them lie a track without a top genre, and tracks whose clips are empty, short,
    silent, not audio, and absent, in this order and of the first genre; see `unfit`.
    """
    rows = []
    for place, genre in enumerate(sounds):
        for number in range(per_genre):
            artist = number // 2
            split = SPLITS[artist % len(SPLITS)]
            rows.append(Row(2 + 500 * place + number, f"{100 * place + artist}", split, genre))
    for row in rows:
        sound = GENRES[sounds[row.genre]](row.track_id, seconds)
        _encode(clip_file(data, subset, row.track_id), sound.astype(np.float32))
    rows += [Row(9000, "900", "training", "")]
    rows += [Row(number, "900", "training", "Rock") for number in unfit()]
    for number, reason in unfit().items():
        spoil(clip_file(data, subset, number), reason)
    table(data, rows)
    return data


def unfit() -> dict[int, str]:
    """Why each of the tracks that are not fit is left out."""
    return dict(enumerate(("empty", "short", "silent", "not-audio", "not-found"), start=9001))


def clip_file(data: Path, subset: str, track_id: int) -> Path:
    """Return the file of a clip, and make its folder."""
    file = data / subset / clip_name(track_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def spoil(file: Path, reason: str) -> None:
    """Write a clip that is not fit, of a kind that FMA has; none at all if it is not found."""
    rate = RECIPES["MP3"].rate
    if reason == "empty":
        file.write_bytes(b"")
    elif reason == "short":
        _encode(file, np.full((1, rate // 10), 0.1, np.float32))
    elif reason == "silent":
        _encode(file, np.zeros((1, 2 * rate), np.float32))
    elif reason == "not-audio":
        garbage(file)


def _encode(file: Path, samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    encode(file, samples, RECIPES["MP3"])
