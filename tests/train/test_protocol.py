"""The leak-free protocol: one command, twelve and sixteen genres, artists apart, judged once."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import fma_tree
import pytest
from commands import done, refused

from genretag.errors import Code
from genretag_train.data.fma import METADATA, TABLE
from genretag_train.sweep.compare import PUBLISHED
from genretag_train.sweep.protocol import PROTOCOLS

NAME = "fma-large-artist"
TWELVE = PROTOCOLS[NAME].tasks["12-genres"].split(", ")
SIXTEEN = [*TWELVE, "Blues", "Country", "Easy Listening", "Soul-RnB"]
SOUNDS = ("Hum", "Whistle", "Hiss")
CONFIGS = Path(__file__).parents[2] / "train" / "configs"
TINY = """
accelerator = "cpu"
precision = "32-true"
loaders = 0
threads = 1
window_s = 1.0
hidden = 4
rnn_hidden = 4
epochs = 1
mask_s = 0.1
mask_mels = 8
min_accepted = 1
"""

Compared = tuple[Path, tuple[str | Path, ...], str]
"""The folder of the results, the command, and what it showed."""


@pytest.fixture(scope="module")
def fma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen genres in FMA Large's shape; one artist is on two sides of the published split."""
    sounds = {genre: SOUNDS[place % 3] for place, genre in enumerate(sorted(SIXTEEN))}
    data = tmp_path_factory.mktemp("protocol") / "fma"
    fma_tree.tree(data, subset="fma_large", sounds=sounds)
    table = data / METADATA / TABLE
    rows = table.read_text().splitlines(keepends=True)
    [place] = [n for n, row in enumerate(rows) if row.startswith("3,")]
    # The line break in the artist's life parts a row in two.
    rows[place + 1] = rows[place + 1].replace("training", "test")
    table.write_text("".join(rows))
    return data


@pytest.fixture(scope="module")
def compared(fma: Path, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    out = tmp_path_factory.mktemp("results")
    (out / "tiny.toml").write_text(TINY)
    command = ("compare", "--protocol", NAME, "--data", fma, "--out", out / "out",
               "--config", out / "tiny.toml")  # fmt: skip
    return out / "out", command, done(*command)


def test_the_final_four_are_compared_on_twelve_and_on_sixteen_genres(compared: Compared) -> None:
    told = json.loads((compared[0] / "compare.json").read_text())
    assert (told["schema"], told["protocol"]) == (2, NAME)
    assert list(told["tasks"]) == ["12-genres", "16-genres"]
    for task, genres in zip(told["tasks"].values(), (12, 16), strict=True):
        assert len(task["genres"]) == genres and task["clips"] == 2 * genres
        assert task["groups"] == genres
        assert [row["recipe"] for row in task["rows"]] == list(PUBLISHED)
        for row in task["rows"]:
            low, high = row["accuracy_95"]
            assert 0 <= low <= row["accuracy"] <= high <= 1
            assert row["settings"]["split"] == "artist" and row["settings"]["clip_s"] == 30


def test_published_scores_stand_beside_those_of_their_genres_alone(compared: Compared) -> None:
    told = json.loads((compared[0] / "compare.json").read_text())["tasks"]
    assert [row["published"] for row in told["12-genres"]["rows"]] == list(PUBLISHED.values())
    assert not any(row["published"] for row in told["16-genres"]["rows"])
    twelve, sixteen = compared[2].split("16-genres")
    assert "69.69" in twelve and "published" in twelve and "[" in sixteen
    assert "69.69" not in sixteen


def test_what_splits_leak_is_counted_from_the_data(compared: Compared) -> None:
    for task, genres in (("12-genres", 12), ("16-genres", 16)):
        told = json.loads((compared[0] / task / "compare.json").read_text())["corpus"]
        held_out = 2 * genres
        assert told["leaks"]["own"] == {
            "groups_on_two_sides": 0, "test_clips": held_out, "test_clips_of_train_groups": 0,
        }  # fmt: skip
        is_first = task == "16-genres"  # the artist on two sides plays the blues
        assert told["moved_from_published_side"] == is_first
        assert told["groups_moved_from_published_side"] == is_first
        assert told["leaks"]["published"] == {
            "groups_on_two_sides": is_first,
            "test_clips": held_out + is_first,
            "test_clips_of_train_groups": is_first,
        }
        assert told["leaks"]["stratified"]["test_clips_of_train_groups"] > held_out / 4
    shown = " ".join(compared[2].split())
    assert "As published, 1 artists or other groups are on two sides" in shown
    assert "1 of 33 test clips (3%) are by groups" in shown and "1 clips by 1 of them" in shown
    assert shown.count("Artists apart: yes.") == shown.count("Split by clip,") == 2
    assert "1 not-found" in shown


def test_given_again_it_is_read_from_its_file(compared: Compared, fma: Path) -> None:
    away = fma.with_name("away")
    fma.rename(away)
    try:
        assert done(*compared[1]) == compared[2]
    finally:
        away.rename(fma)


def test_interrupted_and_given_again_it_goes_on(compared: Compared, tmp_path: Path) -> None:
    out, command, shown = compared
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    for file in ("compare.json", "16-genres/compare.json", "16-genres/cnn1d_gru-1/metrics.json",
                 "16-genres/cnn1d_gru-1/predictions.csv"):  # fmt: skip
        (copy / file).unlink()
    shutil.rmtree(copy / "16-genres" / "cnn2d_gru-1")
    done_before = copy / "12-genres" / "cnn2d_gru-1" / "model.onnx"
    before = done_before.stat().st_mtime_ns
    again = done(*(copy if word == out else word for word in command), "--cache", out / "features")
    assert done_before.stat().st_mtime_ns == before

    def without_minutes(text: str) -> list[str]:
        return [re.sub(r" +\d+\.\d$", "", line.rstrip()) for line in text.splitlines()]

    assert without_minutes(again) == without_minutes(shown)


def test_settings_that_decide_which_clips_are_judged_cannot_be_chosen(
    fma: Path, tmp_path: Path
) -> None:
    command = ("compare", "--protocol", NAME, "--data", fma, "--out", tmp_path / "out")
    error = refused(*command, "--config", CONFIGS / "fma_large.toml")
    assert error.code is Code.BAD_CONFIG and "min_tracks, split" in error.message
    (tmp_path / "mine.toml").write_text('arch = "cnn1d_gru"\ngenres = "Rock, Jazz"\n')
    error = refused(*command, tmp_path / "mine.toml")
    assert "mine" in error.message and "genres" in error.message
    assert not (tmp_path / "out").exists()


def test_an_unknown_protocol_is_refused_with_the_list(fma: Path) -> None:
    error = refused("compare", "--protocol", "fma", "--data", fma)
    assert error.code is Code.BAD_OPTION and NAME in error.hint


def test_other_data_than_fma_large_is_refused(toy_library: Path, tmp_path: Path) -> None:
    fma_tree.table(tmp_path, [])
    (tmp_path / "fma_medium").mkdir()
    for data, words in ((tmp_path, "fma_medium"), (toy_library, "no FMA folder")):
        error = refused("compare", "--protocol", NAME, "--data", data, "--out", tmp_path / "out")
        assert error.code is Code.BAD_DATASET and words in error.message
        assert "fetch fma_large" in error.hint


def test_the_protocol_trains_as_the_studys_recipe_does() -> None:
    study = tomllib.loads((CONFIGS / "fma_large.toml").read_text())
    protocol = PROTOCOLS[NAME]
    assert protocol.shared == {
        name: value for name, value in study.items() if name not in protocol.fixed
    }
