from pathlib import Path

import pytest
from toy_music import table

from genretag.errors import RunError, UsageError
from genretag_train.config import configured
from genretag_train.dataset import labelled, selected
from genretag_train.study import divided


def test_files_are_found_beside_their_csv(tmp_path: Path) -> None:
    file = table(tmp_path / "clips.csv", [{"path": "music/a.flac", "genre": "Jazz"}])
    [clip] = labelled(file)
    assert clip.path == tmp_path / "music" / "a.flac"
    assert (clip.name, clip.genre, clip.group) == ("music/a.flac", "Jazz", "music/a.flac")


def test_the_label_column_can_be_chosen(tmp_path: Path) -> None:
    row = {"file": "a.flac", "label": "metal", "fma_genre": "Rock", "group": "Somebody "}
    file = table(tmp_path / "clips.csv", [row])
    assert labelled(file)[0].genre == "metal"
    [clip] = labelled(file, "fma_genre")
    assert (clip.genre, clip.group) == ("Rock", "Somebody")


def test_genre_names_become_ones_that_players_do_not_split(tmp_path: Path) -> None:
    row = {"file": "a.flac", "genre": "Old-Time / Historic"}
    assert labelled(table(tmp_path / "clips.csv", [row]))[0].genre == "Old-Time"


def test_spellings_of_one_genre_become_the_usual_one(tmp_path: Path) -> None:
    names = ["Hip-Hop", "hip hop", "Hip-Hop", "HipHop"]
    rows = [{"file": f"{i}.flac", "genre": name} for i, name in enumerate(names)]
    assert {clip.genre for clip in labelled(table(tmp_path / "c.csv", rows))} == {"Hip-Hop"}


def test_a_folder_for_each_genre_is_a_dataset(toy_library: Path) -> None:
    clips = labelled(toy_library)
    assert len(clips) == 30
    assert {clip.genre for clip in clips} == {"Hum", "Whistle", "Hiss"}
    assert clips[0].name == "Hiss/0.flac"


def test_rows_without_a_genre_are_left_out(tmp_path: Path) -> None:
    rows = [{"file": "a.flac", "genre": ""}, {"file": "b.flac", "genre": "Folk"}]
    assert [clip.name for clip in labelled(table(tmp_path / "c.csv", rows))] == ["b.flac"]


def test_cuts_of_a_gtzan_track_share_its_group_and_its_published_side(tmp_path: Path) -> None:
    lists = tmp_path / "gtzan_artist_split"
    lists.mkdir()
    (lists / "kp_train.txt").write_text("rock/rock.00009.wav\n")
    (lists / "kp_test.txt").write_text("jazz/jazz.00012.wav\n")
    originals = ["zenny126_rock.00009.wav", "rock.9.wav", "jazz.00012.wav", "jazz.00013.wav", ""]
    rows = [
        {"file": f"{i}.flac", "genre": "X", "group": "gtzan", "original": original}
        for i, original in enumerate(originals)
    ]
    clips = labelled(table(tmp_path / "clips.csv", rows))
    assert [clip.published for clip in clips] == ["train", "train", "test", "unlisted", None]
    assert clips[0].group == clips[1].group
    assert len({clip.group for clip in clips}) == 4


def test_genres_with_few_clips_or_groups_are_dropped(tmp_path: Path) -> None:
    rows = [
        {"file": f"{genre}{i}.flac", "genre": genre, "artist": artist if artist else str(i)}
        for genre, count, artist in (("A", 5, ""), ("B", 5, ""), ("C", 2, ""), ("D", 9, "one"))
        for i in range(count)
    ]
    clips, dropped = selected(labelled(table(tmp_path / "c.csv", rows)), 3, 2)
    assert {clip.genre for clip in clips} == {"A", "B"}
    assert dropped == {"C": 2, "D": 9}


def test_a_run_learns_the_genres_that_it_is_told_to(tmp_path: Path) -> None:
    rows = [{"file": f"{i}.flac", "genre": "ABC"[i % 3]} for i in range(30)]
    clips = labelled(table(tmp_path / "c.csv", rows))
    found = divided(clips, [], configured(None, {"genres": "a, C", "min_tracks": 1}))
    assert found.genres == ("A", "C") and found.dropped == {"B": 10}
    with pytest.raises(UsageError, match="No clip has the genre d"):
        divided(clips, [], configured(None, {"genres": "A, D"}))


def test_data_that_cannot_be_learned_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="absent"):
        labelled(tmp_path / "absent")
    with pytest.raises(RunError, match="no labelled clips"):
        labelled(tmp_path)
    with pytest.raises(RunError, match="genre or label"):
        labelled(table(tmp_path / "a.csv", [{"path": "a.flac"}]))
    with pytest.raises(RunError, match="'sometimes'"):
        row = {"path": "a.flac", "genre": "A", "split": "sometimes"}
        labelled(table(tmp_path / "b.csv", [row]))
    with pytest.raises(RunError, match="fewer than two genres"):
        row = {"path": "a.flac", "genre": "A"}
        selected(labelled(table(tmp_path / "c.csv", [row])), 1, 1)
