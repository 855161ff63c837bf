"""The data set over which the research side is measured has FMA's shape, in small."""

import csv
import gzip
from collections import Counter, defaultdict
from pathlib import Path

import fma_large_shape as shape
import numpy as np
import pytest
from fma_tree import Row, clip_file

from genretag_train.config import TrainConfig
from genretag_train.data.dataset import read_clips
from genretag_train.features.extraction import compute_power, make_feature_spec

SIZES = {"Rock": 400, "Hip-Hop": 200, "Easy Listening": 60, "": 740}
SHARE, SEED = 0.1, 3
SPEC = make_feature_spec(TrainConfig(window_s=1.0))
REASONS = {
    "empty": "empty", "short": "short", "silent": "silent", "not-audio": "not-audio",
    "not-found": "not-found",
}  # fmt: skip


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list like FMA's, of 1,400 tracks."""
    file = tmp_path_factory.mktemp("list") / "tracks.csv.gz"
    genres = [genre for genre, size in SIZES.items() for _ in range(size)]
    with gzip.open(file, "wt", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("track_id", "genre_top", "in_fma_small", "genres"))
        for number, genre in enumerate(genres):
            kind = genre or ("Rock" if number % 2 else "Noise")
            writer.writerow((2 + 3 * number, genre, int(number % 7 == 0), f"{kind}; Other"))
    return file


@pytest.fixture(scope="module")
def made(listing: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    """A tenth of it as FMA lies on a disk."""
    data = tmp_path_factory.mktemp("fma")
    return data, shape.make(listing, data, SHARE, SEED, jobs=1)


def contents(data: Path) -> dict[str, bytes]:
    return {str(file.relative_to(data)): file.read_bytes() for file in data.rglob("*.*")}


def test_it_is_read_as_fma_with_each_genre_in_proportion(made: tuple[Path, list[Row]]) -> None:
    data, rows = made
    counts = Counter(clip.genre for clip in read_clips(data))
    assert counts == {"Rock": 40, "Hip-Hop": 20, "Easy Listening": 6}
    assert len(rows) == 140


def test_every_track_has_a_clip_but_the_one_that_is_missing(made: tuple[Path, list[Row]]) -> None:
    data, rows = made
    missing = [row for row in rows if not clip_file(data, shape.SUBSET, row.track_id).exists()]
    broken = shape.draw_broken(rows, SEED)
    assert [broken[row.track_id] for row in missing] == ["not-found"]


def test_clips_are_broken_in_every_way_that_fma_knows(made: tuple[Path, list[Row]]) -> None:
    data, rows = made
    broken = shape.draw_broken(rows, SEED)
    assert sorted(broken.values()) == sorted(shape.BROKEN_KINDS)
    for row in rows:
        if row.genre:
            power = compute_power(clip_file(data, shape.SUBSET, row.track_id), SPEC)
            reason = power if isinstance(power, str) else None
            assert reason == REASONS.get(broken.get(row.track_id, "")), row


def test_what_is_cut_off_is_shorter_than_the_others(made: tuple[Path, list[Row]]) -> None:
    data, rows = made
    broken = {kind: track_id for track_id, kind in shape.draw_broken(rows, SEED).items()}
    whole = next(row.track_id for row in rows if row.track_id not in broken.values())
    brief, cut, good = (
        len(compute_power(clip_file(data, shape.SUBSET, track_id), SPEC))
        for track_id in (broken["brief"], broken["truncated"], whole)
    )
    assert brief < cut < good == pytest.approx(3.0 * 22050 / 512, abs=3)


def test_sides_are_80_10_10_of_each_genre_and_artists_are_on_two(listing: Path) -> None:
    rows = shape.draw_rows(shape.read_list(listing), 1.0, SEED)
    for genre in ("Rock", "Hip-Hop", "Easy Listening"):
        counts = Counter(row.split for row in rows if row.genre == genre)
        wanted = {"training": 0.8, "validation": 0.1, "test": 0.1}
        assert counts == {side: round(share * SIZES[genre]) for side, share in wanted.items()}
    sides, genres = defaultdict(set), defaultdict(set)
    for row in rows:
        if row.genre:
            sides[row.artist].add(row.split)
            genres[row.artist].add(row.genre)
    assert 0 < sum(len(of_artist) > 1 for of_artist in sides.values()) < len(sides) / 4
    assert 0 < sum(len(of_artist) > 1 for of_artist in genres.values()) < len(genres) / 2


def test_artists_are_as_many_as_fma_has_for_its_tracks_and_few_are_large() -> None:
    listed = [shape.Listed(number, "Rock", "Rock", False) for number in range(20_000)]
    sizes = np.array(
        list(Counter(row.artist for row in shape.draw_rows(listed, 1.0, SEED)).values())
    )
    assert len(sizes) == pytest.approx(20_000 * shape.ARTISTS / shape.TRACKS, rel=0.01)
    assert np.median(sizes) <= 4 and sizes.max() > 20 * sizes.mean()


def test_subsets_lie_in_one_another_as_fmas_do(listing: Path) -> None:
    rows = shape.draw_rows(shape.read_list(listing), 1.0, SEED)
    small = {row.track_id for row in rows if row.subset == "small"}
    assert small == {track.track_id for track in shape.read_list(listing) if track.in_small}
    assert all(row.genre for row in rows if row.subset == "medium")
    assert {row.subset for row in rows} == {"small", "medium", "large"}


def test_the_same_seed_makes_the_same_files(
    listing: Path, made: tuple[Path, list[Row]], tmp_path: Path
) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    shape.make(listing, again, SHARE, SEED, jobs=2)
    assert contents(again) == contents(made[0])
    assert shape.draw_rows(shape.read_list(listing), SHARE, SEED + 1) != made[1]
    shape.make(listing, other, SHARE, SEED + 1, jobs=2)
    assert contents(other) != contents(made[0])


def test_an_artist_is_known_by_the_same_pitches_in_every_genre() -> None:
    """Of the strongest frequencies of two pieces, those of one artist are alike."""

    def strongest(artist: int, genre: int) -> set[int]:
        sound = shape.play(shape.Piece(artist, genre, 8, (1,)), 2 * 44100, 44100, SEED)[0]
        blocks = np.abs(np.fft.rfft(sound)).reshape(-1)[: 10_000 * 2].reshape(-1, 200).max(axis=1)
        return set(np.argsort(blocks)[-3:].tolist())

    assert len(strongest(1, 0) & strongest(1, 5)) >= 2
    assert len(strongest(1, 0) & strongest(2, 0)) <= 1
