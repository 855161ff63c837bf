"""Places settle when they are left alone, and never before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.settling import PATIENCE, Settling

SETTLE_S = 8.0
PLACES = "abc"


def settle_all(settling: Settling[str], now_s: float, news: Mapping[str, int]) -> list[str]:
    """Take until nothing changes any more; each settled place in its order."""
    found: list[str] = []
    while settling.next_s < math.inf:
        now_s = max(now_s, settling.next_s)
        found += settling.take(now_s, news.__getitem__)
    return found


def test_a_place_settles_after_the_time_and_not_before() -> None:
    settling = Settling[str](SETTLE_S)
    assert settling.next_s == math.inf
    settling.touch("a", 100.0)
    for now_s in (100.0, 104.0, 107.9):
        assert settling.take(now_s, lambda place: 1) == {}
    assert settling.take(108.0, lambda place: 1) == {"a": 1}
    assert settling.next_s == math.inf


def test_every_change_begins_the_time_anew() -> None:
    settling = Settling[str](SETTLE_S)
    for now_s in range(0, 1000, 5):
        settling.touch("a", float(now_s))
        assert settling.take(float(now_s), lambda place: 1) == {}
    assert settling.take(999.0, lambda place: 1) == {}
    assert settling.take(1003.0, lambda place: 1) == {"a": 1}


def test_a_file_that_grows_without_a_word_is_waited_for() -> None:
    settling = Settling[str](SETTLE_S)
    settling.touch("a", 0.0)
    for now_s in range(0, 1000, 4):
        assert settling.take(float(now_s), lambda place, size=now_s: size + 1) == {}
    assert settling.take(2000.0, lambda place: 7) == {}
    assert settling.take(2008.0, lambda place: 7) == {"a": 7}


def test_after_a_long_sleep_a_place_is_looked_at_twice() -> None:
    settling = Settling[str](SETTLE_S)
    settling.touch("a", 0.0)
    assert settling.take(3600.0, lambda place: 1) == {}
    assert settling.take(3600.0, lambda place: 1) == {}
    assert settling.take(3604.0, lambda place: 1) == {"a": 1}


def test_who_finds_something_new_again_and_again_does_not_begin_the_time_anew() -> None:
    settling = Settling[str](SETTLE_S)
    for now_s in range(8):
        settling.notice("a", float(now_s))
        assert settling.take(float(now_s), lambda place: 1) == {}
    assert settling.take(8.0, lambda place: 1) == {"a": 1}
    settling.touch("b", 20.0)
    settling.take(24.0, lambda place: 1)
    settling.touch("c", 25.0)
    assert settling.take(28.0, lambda place: 1) == {}
    settling.notice("b", 29.0)
    settling.take(30.0, lambda place: 1)
    assert list(settling.take(34.0, lambda place: 1)) == ["b", "c"]


def test_a_place_without_news_is_forgotten() -> None:
    settling = Settling[str](SETTLE_S)
    settling.touch("a", 0.0)
    assert settling.take(4.0, lambda place: frozenset()) == {}
    assert settling.next_s == math.inf


def test_what_comes_one_after_another_is_one_batch() -> None:
    settling = Settling[str](SETTLE_S)
    settling.touch("a", 0.0)
    settling.take(5.0, lambda place: 1)
    settling.touch("b", 6.0)
    assert settling.take(10.0, lambda place: 1) == {}
    assert list(settling.take(14.0, lambda place: 1)) == ["a", "b"]


def test_nobody_waits_for_ever_for_one_that_never_settles() -> None:
    settling = Settling[str](SETTLE_S)
    settling.touch("a", 0.0)
    for now_s in range(1000):
        settling.touch("b", float(now_s))
        if taken := settling.take(float(now_s), lambda place: 1):
            break
    assert taken == {"a": 1}
    assert now_s == SETTLE_S * (1 + PATIENCE)
    assert settling.next_s < math.inf


def test_one_that_changes_while_it_waits_for_others_is_not_taken() -> None:
    settling = Settling[str](SETTLE_S)
    settling.touch("a", 0.0)
    settling.take(4.0, lambda place: 1)
    settling.touch("b", 7.0)
    assert settling.take(8.0, lambda place: 1) == {}
    settling.touch("a", 9.0)
    assert settling.take(13.0, lambda place: 1) == {}
    assert settling.take(15.0, lambda place: 1) == {}
    assert list(settling.take(17.0, lambda place: 1)) == ["b", "a"]


@pytest.mark.parametrize("settle_s", [0.0, 1e-9])
def test_without_a_time_to_wait_places_settle_at_once(settle_s: float) -> None:
    settling = Settling[str](settle_s)
    settling.touch("a", 5.0)
    assert settle_all(settling, 5.0, {"a": 1}) == ["a"]


@dataclass
class Step:
    """An event after some time: a change that somebody tells of or not, or none."""

    wait_s: float
    place: str | None
    is_told: bool


STEPS = st.builds(
    Step,
    wait_s=st.floats(0, 3 * SETTLE_S),
    place=st.sampled_from([*PLACES, None]),
    is_told=st.booleans(),
)


@given(st.lists(STEPS, max_size=60))
def test_whatever_comes_all_places_settle_once_and_in_time(steps: list[Step]) -> None:
    settling = Settling[str](SETTLE_S)
    now_s = 0.0
    news = dict.fromkeys(PLACES, 1)
    told_s: dict[str, float] = {}
    looks: dict[str, list[tuple[float, int]]] = {place: [] for place in PLACES}

    def look(place: str) -> int:
        looks[place].append((now_s, news[place]))
        return news[place]

    for step in steps:
        now_s += step.wait_s
        if step.place:
            news[step.place] += 1
            if step.is_told:
                settling.touch(step.place, now_s)
                told_s[step.place] = now_s
        for place in settling.take(now_s, look):
            assert now_s >= told_s.pop(place) + SETTLE_S
            (first_s, before), (second_s, after) = looks[place][-2:]
            assert before == after and second_s - first_s >= SETTLE_S / 2
    assert set(settle_all(settling, now_s, news)) == set(told_s)


@given(st.floats(0.5, 30), st.floats(0.1, 5), st.floats(0.1, 5))
def test_what_grows_more_often_than_half_the_time_never_settles(
    settle_s: float, every: float, look_every: float
) -> None:
    settling = Settling[str](settle_s)
    grows_s, looks_s = settle_s / 2 / (1 + every), settle_s * look_every
    settling.touch("a", 0.0)
    now_s = 0.0
    for _ in range(50):
        now_s += looks_s
        assert settling.take(now_s, lambda place, size=1 + int(now_s / grows_s): size) == {}
