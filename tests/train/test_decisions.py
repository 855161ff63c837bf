"""Training measures what `scan` writes."""

import numpy as np
import pytest

from genretag.domain.family import Choice, choose
from genretag.domain.genre import GenreVocabulary
from genretag.domain.pooling import Pooling, pool
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.tagging import TagPolicy
from genretag.domain.verdict import Members, decide_together
from genretag.learning.threshold import find_families, judge_written
from genretag.learning.units import decide, is_right

GENRES = ("Blues", "Folk", "Jazz", "Metal", "Pop", "Punk", "Reggae", "Rock")
PARENTS = (
    {},
    {"Metal": "Rock", "Blues": "Jazz & Blues", "Jazz": "Jazz & Blues", "Pop": "Alone"},
    {"Metal": "rock", "Punk": "ROCK", "Rock": "Loud", "Pop": "Pop", "Folk": "Folk / World"},
    {"Metal": "Loud / Louder", "Punk": "loud", "Folk": "World", "Reggae": "world", "Jazz": "Pop"},
)
UNKNOWN = -1


def draw_scores(rng: np.random.Generator, tracks: int) -> np.ndarray:
    return rng.dirichlet(rng.choice([0.1, 0.4]) + rng.dirichlet(np.full(8, 0.3)), size=tracks)


def to_prediction(scores: np.ndarray) -> Prediction:
    return Prediction(rank_genres(GENRES, scores), 4, 60.0, "toy")


def stands_for(choice: Choice | None) -> set[str]:
    if choice is None:
        return set()
    return set(choice.family.genres) if choice.family else {choice.best.name}


@pytest.mark.parametrize("parents", PARENTS)
def test_a_track_by_itself_is_judged_by_what_scan_would_write(parents: dict[str, str]) -> None:
    rng = np.random.default_rng(0)
    families = GenreVocabulary(GENRES, parents).families
    scores = np.concatenate([draw_scores(rng, 10) for _ in range(100)])
    truth, thresholds = rng.integers(UNKNOWN, 8, len(scores)), rng.uniform(0, 1, len(scores))
    judged = judge_written(scores, truth, find_families(GENRES, parents), thresholds)
    kinds = set()
    for row, true, threshold, *found in zip(scores, truth, thresholds, *judged, strict=True):
        choice = choose(to_prediction(row).genres, families, threshold)
        is_right = true != UNKNOWN and GENRES[true] in stands_for(choice)
        assert found == [choice is not None, is_right]
        kinds.add((choice is None, bool(choice and choice.family), is_right))
    assert len(kinds) == (5 if parents else 3)


@pytest.mark.parametrize("parents", PARENTS)
def test_an_album_is_judged_by_what_scan_would_write(parents: dict[str, str]) -> None:
    rng = np.random.default_rng(1)
    families = GenreVocabulary(GENRES, parents).families
    kinds = set()
    for _ in range(300):
        threshold, apart = rng.uniform(0.1, 1, 2)
        pooling = Pooling(0.3, 0.8, 0.3, 0.85, 0.9, 0.9, 0.3, threshold, apart)
        own = draw_scores(rng, int(rng.integers(2, 8)))
        predictions = tuple(map(to_prediction, own))
        policy = TagPolicy(threshold=apart, unit_threshold=threshold, families=families)
        members = Members("album", "A", predictions, tuple(range(len(own))), is_release=True)
        verdicts = decide_together(members, pooling, threshold, lambda names: None, families)
        choices = [policy.for_source(one.source).choose(one.prediction) for one in verdicts]
        written = list(map(stands_for, choices))
        claims = decide(pool(own, pooling), own, pooling, find_families(GENRES, parents))
        assert [{GENRES[n] for n in np.flatnonzero(row)} for row in claims] == written
        truth = rng.integers(UNKNOWN, 8, len(own))
        assert is_right(claims, truth).tolist() == [
            true != UNKNOWN and GENRES[true] in names
            for true, names in zip(truth, written, strict=True)
        ]
        kinds |= {
            (verdict.source, bool(choice), bool(choice and choice.family))
            for verdict, choice in zip(verdicts, choices, strict=True)
        }
    assert len(kinds) == (4 if parents else 3)
