from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.errors import RunError
from genretag_train.data.dataset import SIDES, Clip
from genretag_train.data.splits import assign_sides, split_by_artist, split_by_clip


def clip(genre: str, group: str, split: str | None = None, published: str | None = None) -> Clip:
    return Clip(Path("a"), "a", genre, group, split, published)


clips = st.builds(
    clip,
    st.sampled_from(["Rock", "Jazz", "Folk"]),
    st.integers(0, 12).map(str),
    st.none(),
    st.sampled_from([None, None, None]),
)


@given(st.lists(clips, min_size=1, max_size=80), st.integers(0, 2**32 - 1))
def test_no_group_is_on_two_sides(found: list[Clip], seed: int) -> None:
    sides = defaultdict(set)
    for one, side in zip(found, split_by_artist(found, seed), strict=True):
        sides[one.group].add(side)
    assert all(len(of_group) == 1 for of_group in sides.values())
    assert set().union(*sides.values()) <= set(SIDES)


@given(st.lists(st.sampled_from(SIDES) | st.none(), min_size=1, max_size=60))
def test_the_split_column_wins(given_sides: list[str | None]) -> None:
    found = [clip("Rock", str(i), side, "unlisted") for i, side in enumerate(given_sides)]
    for rule in (split_by_artist, split_by_clip):
        for side, wanted in zip(rule(found, 42), given_sides, strict=True):
            assert wanted is None or side == wanted


def test_a_published_list_decides_by_artist_and_leaves_out_what_it_does_not_name() -> None:
    found = [clip("Rock", str(i), None, side) for i, side in enumerate(("test", "unlisted"))]
    assert split_by_artist(found, 42) == ["test", None]
    assert None not in split_by_clip(found, 42)


def test_members_of_a_group_follow_those_whose_side_is_given() -> None:
    assert split_by_artist([clip("Rock", "x", "test"), clip("Jazz", "x")], 42) == ["test", "test"]


def test_each_genre_comes_near_to_eighty_ten_ten() -> None:
    found = [clip(genre, f"{genre}{i // 2}") for genre in ("A", "B") for i in range(100)]
    for rule in (split_by_artist, split_by_clip):
        counts = Counter(zip((one.genre for one in found), rule(found, 42), strict=True))
        for genre in ("A", "B"):
            assert [counts[genre, side] for side in SIDES] == pytest.approx([80, 10, 10], abs=2)


def test_a_large_group_goes_where_there_is_room_for_it() -> None:
    found = [clip("A", "large")] * 50 + [clip("A", str(i)) for i in range(50)]
    assert split_by_artist(found, 42)[0] == "train"


def test_the_same_seed_splits_the_same_way() -> None:
    found = [clip("A", str(i)) for i in range(100)]
    for rule in (split_by_artist, split_by_clip):
        assert rule(found, 42) == rule(found, 42)
        assert rule(found, 42) != rule(found, 43)


def test_a_split_with_an_empty_side_is_refused() -> None:
    with pytest.raises(RunError, match="valid side"):
        assign_sides([clip("A", "x")] * 9, "artist", 42)
