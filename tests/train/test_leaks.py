"""Leaks of a split: counted, and said in the card in plain words."""

from pathlib import Path

import pytest

from genretag_train.config import TrainConfig
from genretag_train.data.dataset import Clip
from genretag_train.evaluation.card import describe_leaks
from genretag_train.features.corpus import split_corpus, summarise


def clip(number: int, group: str, split: str | None = None) -> Clip:
    genre = ("Rock", "Jazz")[number % 2]
    return Clip(Path(str(number)), str(number), genre, group or str(number), split)


def facts(clips: list[Clip], split: str = "artist") -> dict:
    config = TrainConfig(split=split, min_tracks=1, min_groups=1)
    return summarise(split_corpus(clips, [], config), config)


def test_artists_apart_is_said_with_what_a_split_by_clip_would_leak() -> None:
    told = facts([clip(number, f"artist{number // 4}") for number in range(80)])
    assert told["groups_on_two_sides"] == 0 and not told["warning"]
    text = describe_leaks(told)
    assert text.startswith("Artists apart: yes.")
    leak = told["leaks"]["stratified"]
    assert 0 < leak["test_clips_of_train_groups"] <= leak["test_clips"] == 8
    assert f"{leak['test_clips_of_train_groups']} of 8 test clips (" in text


def test_a_split_by_clip_says_how_many_test_clips_leak() -> None:
    told = facts([clip(number, f"artist{number // 4}") for number in range(80)], "stratified")
    assert "leak" in told["warning"] and told["moved_from_published_side"] == 0
    text = describe_leaks(told)
    assert "Artists apart: no." in text and "too high" in text
    assert f"{told['leaks']['own']['test_clips_of_train_groups']} of 8 test clips (" in text


def test_a_split_that_the_data_gives_is_not_taken_for_one_by_artist() -> None:
    sides = ("train", "train", "valid", "test")
    told = facts([clip(number, "one artist", sides[number % 4]) for number in range(16)])
    assert told["groups_on_two_sides"] == 1
    assert "1 artists or other groups are on two sides" in told["warning"]
    assert "4 of 4 test clips (100%)" in describe_leaks(told)


@pytest.mark.parametrize("split", ["artist", "stratified"])
def test_without_artists_it_is_not_known_whether_they_are_apart(split: str) -> None:
    told = facts([clip(number, "") for number in range(40)], split)
    assert told["clips_without_group"] == 40
    assert "Artists apart: not known." in describe_leaks(told)


def test_clips_of_nobody_are_counted_beside_those_of_artists() -> None:
    artists = ("", "a", "b", "c", "d", "e", "f", "g")
    told = facts([clip(number, artists[number // 10]) for number in range(80)])
    assert "Of 10 of the 80 clips it is not known whose they are." in describe_leaks(told)


def test_the_card_of_a_run_that_recorded_nothing_says_so() -> None:
    assert describe_leaks({}) == "Artists apart: not recorded."
