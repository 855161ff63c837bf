"""A data set of the shape of FMA Large, made by code, over which the research side can be measured.

    PYTHONPATH=tests python tests/train/fma_large_shape.py fma_tracks.csv.gz OUT --share 0.1

The list, with the columns `track_id`, `genre_top`, `in_fma_small` and `genres`, gives the tracks:
FMA's numbers and genres. Artists, sides and subsets are drawn as FMA has them, and sounds are made.
A clip of three seconds tells its genre by a band of noise, which of four pieces in ten is that of
another genre, and its artist by three pitches and a tempo, which are louder. So a net that knows
the artist is right more often than one that does not: a split by clip leaks.
"""

import argparse
import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from audio_files import RECIPES, Signal, encode, truncated
from fma_tree import Row, clip_file, spoil, table
from numpy.typing import NDArray

from genretag.library import resources

ARTISTS, TRACKS, MEDIUM_NOT_SMALL = 16_341, 106_574, 17_000
"""FMA's own counts."""

BROKEN = 98
"""Clips of FMA Large that are known to be cut off, empty or not decodable."""

BROKEN_KINDS = (
    "empty", "short", "silent", "not-audio", "not-found", "brief", "truncated",
)  # fmt: skip
"""Kinds of broken clips, in turn; the last two are fit to be used, as most that FMA has."""

SUBSET = "fma_large"
SECONDS, BRIEF_S = 3.0, 1.6
DISTINCT = 16
"""Most sounds of an artist in a genre; further tracks are links to these."""

_SPREAD = 1.3  # of the logarithm of an artist's size: the largest has some 450 tracks
_TWO_GENRES = 0.05  # tracks that change their artists
_UNTYPICAL = 0.4
_HOP_FRAMES = 10  # from one track's part of its artist's piece to the next one's
_SAMPLES_PER_FRAME = 1152
_BAND_HZ = (150.0, 9000.0)


@dataclass(frozen=True)
class Listed:
    """A track of the list: its top genre may be empty, `kind` is the first of its genres then."""

    track_id: int
    genre: str
    kind: str
    in_small: bool


@dataclass(frozen=True)
class Piece:
    """A piece of an artist in a genre, and the tracks that are parts of it."""

    artist: int
    genre: int
    genres: int
    tracks: tuple[int, ...]


def read_list(file: Path) -> list[Listed]:
    """Read the list of FMA's tracks."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        return [
            Listed(
                int(row["track_id"]),
                row["genre_top"],
                row["genre_top"] or row["genres"].partition(";")[0],
                row["in_fma_small"] == "1",
            )
            for row in csv.DictReader(lines)
        ]


def draw_rows(listed: Sequence[Listed], share: float, seed: int) -> list[Row]:
    """Return the table of a share of the tracks, the same of each genre, by artists."""
    rng = np.random.default_rng(seed)
    kept = [
        members[index]
        for members in _by_genre(listed).values()
        for index in rng.permutation(len(members))[: round(len(members) * share)]
    ]
    # An artist's tracks are neighbours among those of a kind, so most artists have one genre.
    kept = [kept[index] for index in rng.permutation(len(kept))]
    kept.sort(key=lambda track: track.kind)
    artists = _draw_artists(len(kept), max(1, round(ARTISTS * len(kept) / TRACKS)), rng)
    rest = sum(bool(track.genre) and not track.in_small for track in listed)
    is_medium = rng.random(len(kept)) < MEDIUM_NOT_SMALL / rest
    sides = _cut_sides(kept)
    rows = [
        Row(
            track.track_id,
            str(artist),
            sides[track.track_id],
            track.genre,
            "small" if track.in_small else "medium" if track.genre and medium else "large",
        )
        for track, artist, medium in zip(kept, artists, is_medium, strict=True)
    ]
    return sorted(rows, key=lambda row: row.track_id)


def draw_broken(rows: Sequence[Row], seed: int) -> dict[int, str]:
    """Return the tracks whose clips are broken and how: FMA's share, but each kind once."""
    tracks = [row.track_id for row in rows if row.genre]
    count = max(len(BROKEN_KINDS), round(BROKEN * len(tracks) / TRACKS))
    chosen = np.random.default_rng((seed, 1)).permutation(len(tracks))[:count]
    return {
        tracks[index]: BROKEN_KINDS[number % len(BROKEN_KINDS)]
        for number, index in enumerate(chosen)
    }


def make(listing: Path, data: Path, share: float, seed: int, jobs: int) -> list[Row]:
    """Write `fma_metadata` and `fma_large` into the folder `data`; return the table's rows."""
    rows = draw_rows(read_list(listing), share, seed)
    table(data, rows)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for _ in pool.map(partial(_write_piece, data, seed), _pieces(rows), chunksize=16):
            pass
    broken = draw_broken(rows, seed)
    for track_id, kind in broken.items():
        _break(clip_file(data, SUBSET, track_id), kind)
    # Training never opens the others: all are the same sound.
    sound = next(row.track_id for row in rows if row.genre and row.track_id not in broken)
    for row in rows:
        if not row.genre:
            clip_file(data, SUBSET, row.track_id).hardlink_to(clip_file(data, SUBSET, sound))
    return rows


def _by_genre(listed: Sequence[Listed]) -> Mapping[str, list[Listed]]:
    members = defaultdict(list)
    for track in listed:
        members[track.genre].append(track)
    return members


def _draw_artists(tracks: int, artists: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the artist [n_tracks] of each track: most have few, a few have hundreds."""
    fame = np.exp(_SPREAD * rng.standard_normal(artists))
    sizes = 1 + rng.multinomial(tracks - artists, fame / fame.sum())
    found = np.repeat(1 + rng.permutation(artists), sizes)
    moved = np.flatnonzero(rng.random(tracks) < _TWO_GENRES)
    found[moved] = found[rng.permutation(moved)]
    return found


def _cut_sides(tracks: Sequence[Listed]) -> dict[int, str]:
    """Return the side of each track: 80/10/10 of each genre, in the order of their artists.

    On two sides are artists at a cut, and some of those with two genres.
    """
    return {
        track.track_id: side
        for members in _by_genre(tracks).values()
        for number, track in enumerate(members)
        for side in [("training", "validation", "test")[np.searchsorted(
            np.rint(np.array((0.8, 0.9)) * len(members)), number, side="right")]]
    }  # fmt: skip


def _pieces(rows: Sequence[Row]) -> Iterator[Piece]:
    genres = sorted({row.genre for row in rows} - {""})
    members = defaultdict(list)
    for row in rows:
        if row.genre:
            members[int(row.artist), row.genre].append(row.track_id)
    for (artist, genre), tracks in members.items():
        yield Piece(artist, genres.index(genre), len(genres), tuple(tracks))


def _write_piece(data: Path, seed: int, piece: Piece) -> None:
    """Encode a piece once, and write overlapping parts of it as its tracks."""
    rng = np.random.default_rng((seed, piece.artist, piece.genre))
    channels = 2 if rng.random() < 1 / 8 else 1
    recipe = replace(
        RECIPES["MP3"],
        rate=48000 if rng.random() < 1 / 16 else 44100,
        bit_rate=64_000 * channels,
        # Each frame stands for itself, so that a part of a file is a file.
        options={"id3v2_version": "0", "write_xing": "0"},
        codec_options={"compression_level": "9", "reservoir": "0"},
    )
    parts = min(len(piece.tracks), DISTINCT)
    length = round(SECONDS * recipe.rate / _SAMPLES_PER_FRAME)
    samples = (length + (parts - 1) * _HOP_FRAMES) * _SAMPLES_PER_FRAME
    mono = play(piece, samples, recipe.rate, seed)
    with TemporaryDirectory() as folder:
        file = encode(Path(folder, "piece.mp3"), np.tile(mono, (channels, 1)), recipe)
        frames = _split_frames(file.read_bytes(), recipe.bit_rate, recipe.rate)
    for number, track_id in enumerate(piece.tracks):
        track = clip_file(data, SUBSET, track_id)
        if number >= parts:
            track.hardlink_to(clip_file(data, SUBSET, piece.tracks[number % parts]))
            continue
        first = number * _HOP_FRAMES
        track.write_bytes(b"".join(frames[first : first + length]))


def play(piece: Piece, samples: int, rate: int, seed: int) -> Signal:
    """A piece as [1, n_samples]: a band of noise for its genre, notes for its artist."""
    artist = np.random.default_rng((seed, 2, piece.artist))
    own = np.random.default_rng((seed, 3, piece.artist, piece.genre))
    genre = own.integers(piece.genres) if own.random() < _UNTYPICAL else piece.genre
    edges = np.geomspace(*_BAND_HZ, piece.genres + 1)[genre : genre + 2]
    low, high = np.rint(edges / rate * samples).astype(int)
    spectrum = np.zeros(samples // 2 + 1, np.complex64)
    spectrum[low:high] = own.standard_normal(high - low) + 1j * own.standard_normal(high - low)
    sound = np.fft.irfft(spectrum, samples)
    sound *= 0.03 / sound.std()
    seconds = np.arange(samples) / rate
    pitches_hz = np.exp(artist.uniform(*np.log(_BAND_HZ), 3))
    tempo_hz, phases = artist.uniform(2, 8), own.random(3)
    for pitch_hz, phase in zip(pitches_hz, phases, strict=True):
        is_on = (tempo_hz * seconds + phase) % 1 < 0.6
        sound += 0.12 * is_on * np.sin(2 * np.pi * pitch_hz * seconds)
    return (own.uniform(0.5, 2.0) * sound)[None].astype(np.float32)


def _split_frames(mp3: bytes, bit_rate: int, rate: int) -> list[bytes]:
    """Return the frames of an MP3 file of one bit rate; a bit of each tells if it is padded."""
    frames, start = [], 0
    while start + 4 <= len(mp3):
        end = start + _SAMPLES_PER_FRAME // 8 * bit_rate // rate + (mp3[start + 2] >> 1 & 1)
        frames.append(mp3[start:end])
        start = end
    return frames


def _break(file: Path, kind: str) -> None:
    """Put a broken clip in the place of a good one."""
    content = file.read_bytes()
    file.unlink()  # its sound may be linked to
    if kind in ("brief", "truncated"):
        file.write_bytes(content)
        # In the middle of a frame, or not far from the end of one.
        truncated(file, BRIEF_S / SECONDS if kind == "brief" else 0.8)
    else:
        spoil(file, kind)


def main() -> None:
    """Read the options and make the data set."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("list", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of FMA's tracks and artists")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=resources.count_cores())
    given = parser.parse_args()
    rows = make(given.list, given.out, given.share, given.seed, given.jobs)
    labelled = sum(bool(row.genre) for row in rows)
    artists = len({row.artist for row in rows})
    print(f"{len(rows)} tracks by {artists} artists, {labelled} with a top genre: {given.out}")


if __name__ == "__main__":
    main()
