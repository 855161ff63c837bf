from pathlib import Path

import pytest

from genretag.domain.advice import Proposal, ThresholdAdvice
from genretag.domain.genre import Family
from genretag.domain.genre_map import GenreMap
from genretag.domain.naming import Naming
from genretag.domain.outcome import Outcome, Unchanged, Unsure
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.tagging import TagPolicy

POLICY = TagPolicy(threshold=0.8)


def unsure(score: float, name: str = "Rock", before: tuple[str, ...] = ()) -> Unsure:
    heard = Prediction((ScoredGenre(name, score),), 1, 3.0, "toy")
    return Unsure(path=Path("a.mp3"), before=before, after=before, prediction=heard)


def proposal(policy: TagPolicy, *outcomes: Outcome) -> Proposal | None:
    doubts = ThresholdAdvice(policy)
    assert list(doubts.count(outcomes)) == list(outcomes)
    return doubts.propose()


def test_it_counts_what_a_lower_threshold_would_tag_and_how_much_of_it_is_right() -> None:
    found = proposal(TagPolicy(threshold=0.95), unsure(0.92), unsure(0.75), unsure(0.3))
    assert found == Proposal(0.7, 2, pytest.approx(0.835))


def test_no_more_is_proposed_than_what_is_right_in_three_of_four() -> None:
    doubtful = [unsure(score) for score in (0.82, 0.81, 0.59, 0.52)]
    assert proposal(TagPolicy(threshold=0.9), *doubtful) == Proposal(0.8, 2, pytest.approx(0.815))


def test_where_nothing_is_that_sure_the_surest_are_proposed() -> None:
    assert proposal(POLICY, unsure(0.65), unsure(0.55)) == Proposal(0.6, 1, 0.65)


def test_what_is_more_likely_wrong_than_right_is_never_proposed() -> None:
    assert proposal(POLICY, unsure(0.49), unsure(0.25)) is None


def test_there_is_none_where_none_would_help() -> None:
    silence = Unsure(path=Path("a.mp3"), prediction=Prediction((), 0, 3.0, "toy"))
    assert proposal(POLICY, silence, unsure(0.05)) is None
    assert proposal(TagPolicy(threshold=0.5), unsure(0.45)) is None
    assert proposal(POLICY, Unchanged(path=Path("a.mp3"))) is None
    assert proposal(POLICY) is None


def test_what_a_map_drops_or_a_file_has_already_does_not_count() -> None:
    dropping = TagPolicy("replace", threshold=0.8, naming=Naming(GenreMap(drop=frozenset({"Pop"}))))
    found = proposal(dropping, unsure(0.7, "Pop"), unsure(0.6, before=("Rock",)), unsure(0.5))
    assert found == Proposal(0.5, 1, 0.5)


def test_a_family_counts_with_its_own_score() -> None:
    scores = (ScoredGenre("Rock", 0.45), ScoredGenre("Metal", 0.4), ScoredGenre("Pop", 0.15))
    torn = Unsure(path=Path("a.mp3"), prediction=Prediction(scores, 1, 3.0, "toy"))
    policy = TagPolicy(threshold=0.9, families=(Family("Rock", ("Metal", "Rock")),))
    assert proposal(policy, torn) == Proposal(0.8, 1, pytest.approx(0.85))
