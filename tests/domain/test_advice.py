from pathlib import Path

import pytest

from genretag.domain.advice import Doubts, Proposal
from genretag.domain.genre_map import GenreMap
from genretag.domain.outcome import Outcome, Unchanged, Unsure
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.tagging import TagPolicy

POLICY = TagPolicy(threshold=0.8)


def unsure(score: float, name: str = "Rock", before: tuple[str, ...] = ()) -> Unsure:
    heard = Prediction((ScoredGenre(name, score),), 1, 3.0, "toy")
    return Unsure(path=Path("a.mp3"), before=before, after=before, prediction=heard)


def proposal(policy: TagPolicy, *outcomes: Outcome) -> Proposal | None:
    doubts = Doubts(policy)
    assert list(doubts.counted(outcomes)) == list(outcomes)
    return doubts.proposal()


def test_it_counts_what_a_lower_threshold_would_tag_and_how_much_of_it_is_right() -> None:
    found = proposal(POLICY, unsure(0.75), unsure(0.55), unsure(0.3))
    assert found == Proposal(0.5, 2, pytest.approx(0.65))


def test_below_a_half_the_highest_is_proposed_that_tags_anything() -> None:
    assert proposal(POLICY, unsure(0.35), unsure(0.25)) == Proposal(0.3, 1, 0.35)
    assert proposal(TagPolicy(threshold=0.5), unsure(0.45)) == Proposal(0.4, 1, 0.45)


def test_there_is_none_where_none_would_help() -> None:
    silence = Unsure(path=Path("a.mp3"), prediction=Prediction((), 0, 3.0, "toy"))
    assert proposal(POLICY, silence, unsure(0.05)) is None
    assert proposal(TagPolicy(threshold=0.1), unsure(0.09)) is None
    assert proposal(POLICY, Unchanged(path=Path("a.mp3"))) is None
    assert proposal(POLICY) is None


def test_what_a_map_drops_or_a_file_has_already_does_not_count() -> None:
    dropping = TagPolicy("replace", threshold=0.8, genre_map=GenreMap(drop=frozenset({"Pop"})))
    found = proposal(dropping, unsure(0.7, "Pop"), unsure(0.6, before=("Rock",)), unsure(0.5))
    assert found == Proposal(0.5, 1, 0.5)
