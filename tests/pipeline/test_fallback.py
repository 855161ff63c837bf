"""A learned model and its base: the base decides where it is unsure, an album by one of both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from toy_model import POOLING

from genretag.domain.analysis import Analysis
from genretag.domain.outcome import Outcome, Planned, Unsure
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.tagging import TagPolicy
from genretag.domain.track import Track
from genretag.pipeline.decide import Fallback, UnitSettings, decide
from genretag.pipeline.group import group

OWN, BASE = ("Drone", "Polka", "Zydeco"), ("High", "Low", "Middle")

Scores = Mapping[str, float]


def predict(genres: Sequence[str], scores: Scores, model: str) -> Prediction:
    """Return a prediction; genres that `scores` lack share half of what is left."""
    left = (1 - sum(scores.values())) / 2 / max(1, len(genres) - len(scores))
    ranked = rank_genres(genres, np.array([scores.get(name, left) for name in genres]))
    return Prediction(ranked, 4, 180.0, model)


def album(tracks: Sequence[tuple[Scores, Scores]]) -> list[Analysis]:
    """Return the files of an album by the scores that both models give them."""
    return [
        Analysis(
            path := Path("/music/album") / f"{number}.flac",
            Track(path, "FLAC", (), artist="Someone", album="One"),
            predict(OWN, own, "own"),
            base_prediction=predict(BASE, base, "base"),
        )
        for number, (own, base) in enumerate(tracks)
    ]


def decide_album(files: Sequence[Analysis], threshold: float, apart: float) -> list[Outcome]:
    units = UnitSettings("album", replace(POOLING, threshold=threshold, apart=apart))
    fallback = Fallback(TagPolicy(threshold=0.6), UnitSettings("album", POOLING))
    policy = TagPolicy(threshold=threshold)
    decided = decide(group(files, "album"), policy, units, fallback)
    return [one.outcome for one in decided if one.outcome]


def models(outcomes: Sequence[Outcome]) -> set[str]:
    """Return the models by which files get a genre."""
    return {one.prediction.model for one in outcomes if isinstance(one, Planned) and one.prediction}


def test_an_album_of_which_the_own_model_is_unsure_gets_what_the_other_one_says() -> None:
    files = album([({}, {"Low": 0.9})] * 4)
    outcomes = decide_album(files, 0.7, 0.9)
    assert [one.after for one in outcomes] == [("Low",)] * 4 and models(outcomes) == {"base"}


def test_an_album_of_which_both_are_unsure_stays_as_it_is() -> None:
    outcomes = decide_album(album([({}, {})] * 4), 0.7, 0.9)
    assert all(isinstance(one, Unsure) for one in outcomes)
    assert {one.prediction.model for one in outcomes if one.prediction} == {"own"}


def test_the_other_model_does_not_finish_an_album_that_the_own_one_began() -> None:
    """The last track stands apart from its album, and is not sure enough by itself."""
    files = album([({"Drone": 0.9}, {"Low": 0.95})] * 5 + [({"Polka": 0.7}, {"High": 0.7})])
    *others, last = decide_album(files, threshold=0.8, apart=0.6)
    assert [one.after for one in others] == [("Drone",)] * 5 and models(others) == {"own"}
    assert isinstance(last, Unsure) and last.after == ()


shares = st.floats(0.4, 0.98)
tracks = st.tuples(
    st.dictionaries(st.sampled_from(OWN), shares, max_size=1),
    st.dictionaries(st.sampled_from(BASE), shares, max_size=1),
)


@given(
    common=st.tuples(st.builds(dict, Drone=shares), st.builds(dict, Low=shares)),
    odd=st.lists(tracks, min_size=1, max_size=3),
    copies=st.integers(4, 8),
    threshold=st.floats(0.5, 0.95),
    apart=st.floats(0.4, 0.99),
)
def test_an_album_is_never_decided_by_both_models(
    common: tuple[Scores, Scores],
    odd: list[tuple[Scores, Scores]],
    copies: int,
    threshold: float,
    apart: float,
) -> None:
    outcomes = decide_album(album([common] * copies + odd), threshold, apart)
    assert len(models(outcomes)) <= 1
