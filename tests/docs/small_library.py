"""A small library as the documentation speaks of it: three genres, by some artists, half tagged."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import published_models
import toy_model
from audio_files import write_tone

from genretag import tags
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import SET_MASSES

PITCHES_HZ: Mapping[str, tuple[float, float]] = {
    "Rock": (110, 160),
    "Jazz": (1300, 1900),
    "Electronic": (5000, 7000),
}
ARTISTS, TRACKS = 4, 3
ODD_NAMES = ("Hip Hop", "hip hop", "Swedish Death Metal", "Rock;Pop")
SONG = Path("The Band", "First Album", "01 Song.flac")


def make_library(music: Path) -> None:
    """Write three genres by some artists with tags, an album without, and names that are odd."""
    rng = np.random.default_rng(0)
    for genre, (low, high) in PITCHES_HZ.items():
        for artist in range(ARTISTS):
            for track in range(TRACKS):
                file = music / f"{genre} Artist {artist}" / "Album" / f"{track + 1:02} Song.flac"
                _write(file, rng.uniform(low, high), genre)
    for track in range(TRACKS):
        _write(music / SONG.with_name(f"{track + 1:02} Song.flac"), rng.uniform(110, 160))
    for name in ODD_NAMES:
        _write(music / "Odd" / f"{name}.flac", rng.uniform(1300, 1900), name)


def save_model(path: Path) -> Path:
    """Write a model that tells these genres by their pitch, and decides by album."""
    manifest = replace(
        toy_model.MANIFEST,
        genres=GenreVocabulary(tuple(PITCHES_HZ)),
        pooling=toy_model.POOLING,
        set_masses=tuple(n / 100 for n in range(1, SET_MASSES + 1)),
    )
    return toy_model.save(path, manifest)


def _write(file: Path, hz: float, *genres: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_tone(file, seconds=2.5, rate=22050, hz=float(hz))
    if genres:
        tags.write(file, list(genres))


def save_published(folder: Path) -> None:
    """Write stand-ins for files that Essentia publishes: a model and a head on its embeddings."""
    net, head = published_models.small(batch=64), published_models.head()
    published_models.save(folder, "discogs-effnet-bs64-1", net, published_models.metadata(net))
    entries = published_models.metadata(head, algorithm="TensorflowPredict2D")
    published_models.save(folder, "genre_discogs400-discogs-effnet-1", head, entries)
