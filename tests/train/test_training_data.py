import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from commands import refused
from rights import nobody
from toy_music import table

from genretag.errors import Code, RunError, UsageError
from genretag_train.config import TrainConfig, load_config
from genretag_train.data.dataset import read_clips, select_genres
from genretag_train.features.corpus import split_corpus
from genretag_train.features.extraction import load_excerpt, make_feature_spec


def test_files_are_found_beside_their_csv(tmp_path: Path) -> None:
    file = table(tmp_path / "clips.csv", [{"path": "music/a.flac", "genre": "Jazz"}])
    [clip] = read_clips(file)
    assert clip.path == tmp_path / "music" / "a.flac"
    assert (clip.name, clip.genre, clip.group) == ("music/a.flac", "Jazz", "music/a.flac")


def test_the_label_column_can_be_chosen(tmp_path: Path) -> None:
    row = {"file": "a.flac", "label": "metal", "fma_genre": "Rock", "group": "Somebody "}
    file = table(tmp_path / "clips.csv", [row])
    assert read_clips(file)[0].genre == "metal"
    [clip] = read_clips(file, "fma_genre")
    assert (clip.genre, clip.group) == ("Rock", "Somebody")


def test_genre_names_become_ones_that_players_do_not_split(tmp_path: Path) -> None:
    row = {"file": "a.flac", "genre": "Old-Time / Historic"}
    assert read_clips(table(tmp_path / "clips.csv", [row]))[0].genre == "Old-Time"


def test_spellings_of_one_genre_become_the_usual_one(tmp_path: Path) -> None:
    names = ["Hip-Hop", "hip hop", "Hip-Hop", "HipHop"]
    rows = [{"file": f"{i}.flac", "genre": name} for i, name in enumerate(names)]
    assert {clip.genre for clip in read_clips(table(tmp_path / "c.csv", rows))} == {"Hip-Hop"}


def test_a_folder_for_each_genre_is_a_dataset(toy_library: Path) -> None:
    clips = read_clips(toy_library)
    assert len(clips) == 30
    assert {clip.genre for clip in clips} == {"Hum", "Whistle", "Hiss"}
    assert clips[0].name == "Hiss/0.flac"


def test_rows_without_a_genre_are_left_out(tmp_path: Path) -> None:
    rows = [{"file": "a.flac", "genre": ""}, {"file": "b.flac", "genre": "Folk"}]
    assert [clip.name for clip in read_clips(table(tmp_path / "c.csv", rows))] == ["b.flac"]


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
    clips = read_clips(table(tmp_path / "clips.csv", rows))
    assert [clip.published for clip in clips] == ["train", "train", "test", "unlisted", None]
    assert clips[0].group == clips[1].group
    assert len({clip.group for clip in clips}) == 4


def test_genres_with_few_clips_or_groups_are_dropped(tmp_path: Path) -> None:
    rows = [
        {"file": f"{genre}{i}.flac", "genre": genre, "artist": artist if artist else str(i)}
        for genre, count, artist in (("A", 5, ""), ("B", 5, ""), ("C", 2, ""), ("D", 9, "one"))
        for i in range(count)
    ]
    clips, dropped = select_genres(read_clips(table(tmp_path / "c.csv", rows)), 3, 2)
    assert {clip.genre for clip in clips} == {"A", "B"}
    assert dropped == {"C": 2, "D": 9}


def test_a_run_learns_the_genres_that_it_is_told_to(tmp_path: Path) -> None:
    rows = [{"file": f"{i}.flac", "genre": "ABC"[i % 3]} for i in range(30)]
    clips = read_clips(table(tmp_path / "c.csv", rows))
    found = split_corpus(clips, [], load_config(None, {"genres": "a, C", "min_tracks": 1}))
    assert found.genres == ("A", "C") and found.dropped == {"B": 10}
    with pytest.raises(UsageError, match="No clip has the genre d"):
        split_corpus(clips, [], load_config(None, {"genres": "A, D"}))


def test_data_that_cannot_be_learned_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="absent"):
        read_clips(tmp_path / "absent")
    with pytest.raises(RunError, match="no labelled clips"):
        read_clips(tmp_path)
    with pytest.raises(RunError, match="genre or label"):
        read_clips(table(tmp_path / "a.csv", [{"path": "a.flac"}]))
    with pytest.raises(RunError, match="'sometimes'"):
        row = {"path": "a.flac", "genre": "A", "split": "sometimes"}
        read_clips(table(tmp_path / "b.csv", [row]))
    with pytest.raises(RunError, match="fewer than two genres") as few:
        row = {"path": "a.flac", "genre": "A"}
        select_genres(read_clips(table(tmp_path / "c.csv", [row])), 1, 1)
    assert "min_tracks and min_groups" in few.value.hint


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_table_that_is_not_in_utf_8_is_refused_with_a_message(
    encoding: str, tmp_path: Path
) -> None:
    file = tmp_path / "songs.csv"
    file.write_bytes("path,genre\nVoilà.flac,Chanson\n".encode(encoding))
    error = refused("--data", file, "--out", tmp_path / "run")
    assert error.code is Code.BAD_DATASET
    assert str(file) in error.message and "UTF-8" in error.message


def test_a_list_in_another_encoding_names_the_tracks_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "gtzan_artist_split").mkdir()
    listed = "# Split by Jérôme\nrock/rock.00009.wav\n".encode("latin-1")
    (tmp_path / "gtzan_artist_split" / "train.txt").write_bytes(listed)
    row = {"file": "a.flac", "genre": "Rock", "original": "rock.9.wav"}
    assert read_clips(table(tmp_path / "clips.csv", [row]))[0].published == "train"


@pytest.fixture
def shared_path() -> Iterator[Path]:
    """Yield a folder that everybody may enter, which those of pytest are not."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_data_that_cannot_be_read_is_not_taken_for_output(shared_path: Path) -> None:
    row = {"path": "a.flac", "genre": "A"}
    file = table(shared_path / "closed.csv", [row])
    (folder := shared_path / "locked").mkdir()
    table(folder / "songs.csv", [row])
    file.chmod(0)
    folder.chmod(0)
    with nobody():
        with pytest.raises(RunError, match=r"closed\.csv: it cannot be read") as caught:
            read_clips(file)
        assert caught.value.code is Code.BAD_DATASET
        hidden = ("--data", folder / "songs.csv", "--out")
        for command in (
            (*hidden, shared_path / "run"),
            ("features", *hidden, shared_path / "a.h5"),
        ):
            error = refused(*command)
            assert error.code is Code.BAD_DATASET and "cannot be read" in error.message
    folder.chmod(0o755)


def test_a_clip_out_of_reach_is_skipped_and_says_why(tmp_path: Path) -> None:
    (folder := tmp_path / "locked").mkdir()
    (folder / "a.flac").write_bytes(b"x")
    folder.chmod(0)
    with nobody():
        assert load_excerpt(folder / "a.flac", make_feature_spec(TrainConfig())) == "no-permission"
    folder.chmod(0o755)


def test_a_checkpoint_that_cannot_be_read_is_named_as_one(tmp_path: Path) -> None:
    (run := tmp_path / "run").mkdir()
    for rubbish in (b"", b"rubbish", b"PK\x03\x04 rubbish"):
        (run / "best.ckpt").write_bytes(rubbish)
        error = refused("export", run, "--data", tmp_path)
        assert error.code is Code.MODEL_INVALID and "best.ckpt" in error.message
        shutil.copy(run / "best.ckpt", run / "last.ckpt")
        table(tmp_path / "songs.csv", [{"path": "a.flac", "genre": "A"}])
        error = refused("--data", tmp_path / "songs.csv", "--out", run, "--resume")
        assert error.code is Code.MODEL_INVALID and "last.ckpt" in error.message
