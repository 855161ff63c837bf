import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import fma_tree
import pytest
from fma_tree import Row
from toy_music import run

from genretag.domain.genre import player_safe
from genretag.errors import RunError, UsageError
from genretag_train.data.dataset import Clip, read_clips, select_genres
from genretag_train.data.splits import assign_sides
from genretag_train.sweep.protocol import PROTOCOLS

LIST = Path(__file__).parents[3] / "shared" / "data" / "fma_tracks.csv.gz"


def small(data: Path, rows: list[Row]) -> Path:
    """An FMA folder with `rows` and no clip in it."""
    (data / "fma_small").mkdir()
    fma_tree.table(data, rows)
    return data


def test_clips_are_where_fma_puts_them(tmp_path: Path) -> None:
    data = small(tmp_path, [Row(2, "1", "training", "Hip-Hop"), Row(148795, "2", "test", "Rock")])
    first, last = read_clips(data)
    assert first.path == data / "fma_small" / "000" / "000002.mp3"
    assert (last.name, last.genre) == ("fma_small/148/148795.mp3", "Rock")
    assert (last.group, last.published, last.split) == ("2", "test", None)


def test_tracks_without_a_top_genre_are_left_out(tmp_path: Path) -> None:
    data = small(tmp_path, [Row(2, "1", "training", ""), Row(3, "1", "training", "Rock")])
    assert [clip.name for clip in read_clips(data)] == ["fma_small/000/000003.mp3"]


def test_the_largest_subset_that_is_there_is_meant_unless_one_is_named(tmp_path: Path) -> None:
    subsets = ("small", "medium", "large")
    rows = [Row(number, "1", "training", "Rock", name) for number, name in enumerate(subsets)]
    small(tmp_path, rows)
    assert len(read_clips(tmp_path)) == 1
    (tmp_path / "fma_large").mkdir()
    assert len(read_clips(tmp_path)) == 3
    assert len(read_clips(tmp_path / "fma_small")) == 1


def test_a_track_without_an_artist_is_a_group_of_its_own(tmp_path: Path) -> None:
    data = small(tmp_path, [Row(number, "", "training", "Rock") for number in (2, 3)])
    assert len({clip.group for clip in read_clips(data)}) == 2


def test_what_is_missing_of_fma_is_named(tmp_path: Path) -> None:
    (tmp_path / "fma_metadata").mkdir()
    with pytest.raises(RunError, match="no folder fma_large or fma_medium or fma_small"):
        read_clips(tmp_path)
    (tmp_path / "fma_small").mkdir()
    for data in (tmp_path, tmp_path / "fma_small"):
        with pytest.raises(RunError, match=r"no fma_metadata/tracks\.csv"):
            read_clips(data)
    table = tmp_path / "fma_metadata" / "tracks.csv"
    table.write_text("track_id,genre\n2,Rock\n")
    with pytest.raises(RunError, match=r"no column track\.genre_top and set\.split"):
        read_clips(tmp_path)
    fma_tree.table(tmp_path, [Row(2, "1", "sometimes", "Rock")])
    with pytest.raises(RunError, match="'sometimes'"):
        read_clips(tmp_path)
    fma_tree.table(tmp_path, []).open("a").write("2,too,few\n")
    with pytest.raises(RunError, match="damaged"):
        read_clips(tmp_path)


def test_fmas_own_split_holds_for_artists_and_not_for_clips(tmp_path: Path) -> None:
    splits = ("training", "validation", "test")
    rows = [Row(number, str(number), splits[number % 3], "Rock") for number in range(60)]
    clips = read_clips(small(tmp_path, rows))
    assert assign_sides(clips, "artist", 42) == ["train", "valid", "test"] * 20
    assert Counter(assign_sides(clips, "stratified", 42)) == {"train": 48, "valid": 6, "test": 6}


def test_an_artist_on_two_sides_of_fmas_split_goes_where_most_of_them_is(tmp_path: Path) -> None:
    others = [Row(number, str(number), "validation", "Rock") for number in range(10, 12)]
    split = [Row(2, "1", "test", "Rock"), Row(3, "1", "training", "Jazz"), Row(4, "1", "test", "A")]
    unknown = [Row(5, "1", "", "Rock"), Row(6, "6", "training", "Rock")]
    clips = read_clips(small(tmp_path, split + unknown + others))
    names = (clip.path.stem[-2:] for clip in clips)
    sides = dict(zip(names, assign_sides(clips, "artist", 1), strict=True))
    assert sides == {
        "02": "test", "03": "test", "04": "test", "05": "test", "06": "train",
        "10": "valid", "11": "valid",
    }  # fmt: skip


def test_only_the_genres_that_are_asked_for_are_learned(tmp_path: Path) -> None:
    names = ["Rock", "Hip-Hop", "Old-Time / Historic"]
    rows = [Row(number, str(number), "training", names[number % 3]) for number in range(9)]
    clips = read_clips(small(tmp_path, rows))
    kept, dropped = select_genres(clips, 1, 1, ["hip hop", " old-time / historic"])
    assert {clip.genre for clip in kept} == {"Hip-Hop", "Old-Time"}
    assert dropped == {"Rock": 3}
    with pytest.raises(UsageError, match="polka"):
        select_genres(clips, 1, 1, ["Rock", "Polka"])


def test_a_run_over_fma_reports_its_split_and_what_it_skipped(
    tmp_path: Path, features: Path
) -> None:
    data = fma_tree.tree(tmp_path / "data")
    told = {}
    for rule in ("artist", "stratified"):
        run(data, tmp_path / rule, features, split=rule, epochs=1, min_tracks=4)
        told[rule] = json.loads((tmp_path / rule / "metrics.json").read_text())["data"]
    assert told["artist"]["skipped_files"] == {
        f"fma_small/009/{number:06}.mp3": reason for number, reason in fma_tree.unfit().items()
    }
    assert told["artist"]["clips"] == {"train": 12, "valid": 6, "test": 6}
    assert told["artist"]["groups_on_two_sides"] == told["artist"]["moved_from_published_side"] == 0
    assert told["stratified"]["groups_on_two_sides"] > 0
    assert "leak" in told["stratified"]["warning"] and not told["artist"]["warning"]


@pytest.mark.real
@pytest.mark.skipif(not LIST.exists(), reason="needs ../shared/data")
def test_two_hundred_tracks_leave_twelve_genres_of_fma_large() -> None:
    with gzip.open(LIST, "rt", encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["genre_top"]]
    assert len(rows) == 49112
    clips = [
        Clip(Path(row["track_id"]), row["track_id"], player_safe(row["genre_top"]), row["track_id"])
        for row in rows
    ]
    kept, dropped = select_genres(clips, 200, 1)
    # The study's text names Electronic among the four; the counts say Country.
    assert dropped == {"Country": 194, "Soul-RnB": 175, "Blues": 110, "Easy Listening": 24}
    sizes = Counter(clip.genre for clip in kept)
    assert sizes["Electronic"] == 9372
    assert set(sizes) == {
        "Rock", "Experimental", "Electronic", "Hip-Hop", "Folk", "Pop", "Instrumental",
        "International", "Classical", "Jazz", "Old-Time", "Spoken",
    }  # fmt: skip
    assert len(kept) == 49112 - 503
    by_name = PROTOCOLS["fma-large-artist"].tasks["12-genres"].split(", ")
    assert {player_safe(name) for name in by_name} == set(sizes)
