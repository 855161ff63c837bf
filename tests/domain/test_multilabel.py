"""Where each genre scores by itself, nothing is decided by a sum of scores."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_model
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import ModelManifest
from genretag.domain.outcome import Planned
from genretag.domain.prediction import Prediction, ScoredGenre, rank_genres
from genretag.domain.tagging import TagPolicy, decide, select_confident
from genretag.domain.track import Track
from genretag.domain.verdict import Members, average, decide_together

STYLES = ("House", "Techno", "Trance", "Grunge", "Shoegaze", "Hard Bop")
PARENTS = dict(zip(STYLES, ("Electronic",) * 3 + ("Rock",) * 2 + ("Jazz",), strict=True))
MANIFEST = replace(toy_model.MULTILABEL, genres=GenreVocabulary(STYLES, PARENTS))

shares = st.floats(0.0, 1.0)
rows = st.lists(shares, min_size=len(STYLES), max_size=len(STYLES))
albums = st.lists(rows, min_size=2, max_size=6)


def prediction(row: list[float]) -> Prediction:
    return Prediction(rank_genres(STYLES, np.array(row)), 4, 60.0, "toy@0", is_calibrated=False)


def policy(manifest: ModelManifest, threshold: float, top_k: int = 1) -> TagPolicy:
    return TagPolicy(
        threshold=threshold,
        top_k=top_k,
        families=manifest.families,
        is_multilabel=manifest.is_multilabel,
    )


@given(rows, shares)
def test_nothing_is_written_that_does_not_reach_the_threshold_by_itself(
    row: list[float], threshold: float
) -> None:
    found = decide(Track(Path("a.mp3"), "MP3"), prediction(row), policy(MANIFEST, threshold))
    assert isinstance(found, Planned) == (max(row) >= threshold)
    assert found.family is None
    if isinstance(found, Planned):
        assert found.after == (STYLES[int(np.argmax(row))],)


@given(rows, shares, st.integers(1, 8))
def test_each_of_several_styles_reaches_the_threshold(
    row: list[float], threshold: float, top_k: int
) -> None:
    found = select_confident(prediction(row), policy(MANIFEST, threshold, top_k))
    assert len(found) <= top_k
    assert all(genre.score >= threshold for genre in found)
    assert [genre.score for genre in found] == sorted(row, reverse=True)[: len(found)]


def test_a_model_with_a_softmax_goes_on_writing_runners_up_below_the_threshold() -> None:
    shared = replace(MANIFEST, activation="softmax")
    row = [0.6, 0.35, 0.05, 0.0, 0.0, 0.0]
    names = [one.name for one in select_confident(prediction(row), policy(shared, 0.5, 3))]
    assert names == ["House", "Techno"]
    names = [one.name for one in select_confident(prediction(row), policy(MANIFEST, 0.5, 3))]
    assert names == ["House"]


def test_families_are_for_parts_of_a_sum() -> None:
    assert MANIFEST.families == ()
    families = replace(MANIFEST, activation="softmax").families
    assert [one.name for one in families] == ["Electronic", "Rock"]
    assert [one.name for one in MANIFEST.genres.families] == ["Electronic", "Rock"]


@pytest.mark.parametrize(
    "changes",
    [
        {"set_masses": tuple(n / 100 for n in range(1, 100))},
        {"pooling": toy_model.POOLING},
        {"averaging": "logits"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_no_manifest_may_count_on_the_sum_of_such_scores(changes: dict) -> None:
    with pytest.raises(ValueError, match="sum"):
        replace(MANIFEST, **changes)


def members(album: list[list[float]], *given: tuple[str, ...]) -> Members:
    predictions = tuple(map(prediction, album))
    undecided = tuple(range(len(predictions)))
    return Members("album", "LP", predictions, undecided, given, is_release=True)


def meaning(names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in STYLES), None)


@given(albums, shares)
def test_an_album_gets_one_decision_by_the_mean_of_its_tracks(
    album: list[list[float]], threshold: float
) -> None:
    verdicts = decide_together(members(album), None, threshold, meaning)
    mean = np.mean(album, axis=0)
    assert len({verdict.prediction.genres for verdict in verdicts}) == 1
    for verdict in verdicts:
        scored = {genre.name: genre.score for genre in verdict.prediction.genres}
        assert [scored[name] for name in STYLES] == pytest.approx(mean.tolist())
        assert verdict.source == "album"
        assert not verdict.prediction.is_calibrated


@given(albums)
def test_tracks_in_another_order_are_the_same_album(album: list[list[float]]) -> None:
    columns = sorted(STYLES)
    forwards = average(members(album), columns, {})
    assert average(members(album[::-1]), columns, {}) == pytest.approx(forwards)


def test_a_genre_that_a_person_gave_counts_as_a_track_that_surely_has_it() -> None:
    quiet = [[0.2, 0.1, 0.0, 0.0, 0.0, 0.3]] * 2
    verdicts = decide_together(members(quiet, ("Grunge",), ("Grunge",)), None, 0.5, meaning)
    for verdict in verdicts:
        assert verdict.prediction.genres[0] == ScoredGenre("Grunge", 0.5)
        assert (verdict.source, verdict.names) == ("library", ("Grunge",))
    (one, _) = decide_together(members(quiet, ("Grunge",)), None, 0.5, meaning)
    assert one.prediction.genres[0].score == pytest.approx(1 / 3)


def test_a_name_that_the_model_does_not_know_needs_half_of_the_tracks() -> None:
    loud = [[0.9, 0.1, 0.0, 0.0, 0.0, 0.3]] * 2
    (verdict, _) = decide_together(members(loud, ("Krautrock",)), None, 0.5, meaning)
    assert verdict.prediction.genres[0] == ScoredGenre("House", pytest.approx(0.9))
    given = (("Krautrock",),) * 3
    (verdict, _) = decide_together(members(loud, *given), None, 0.5, meaning)
    assert verdict.prediction.genres[0] == ScoredGenre("Krautrock", pytest.approx(0.6))
    assert verdict.names == ("Krautrock",)


def test_silent_tracks_follow_and_keep_no_album_back() -> None:
    silence = Prediction((), 0, 60.0, "toy@0", is_calibrated=False)
    album = members([[0.9, 0.0, 0.0, 0.0, 0.0, 0.0]] * 2)
    album = replace(album, predictions=(*album.predictions, silence), undecided=(0, 1, 2))
    for verdict in decide_together(album, None, 0.8, meaning):
        assert verdict.prediction.genres[0] == ScoredGenre("House", pytest.approx(0.9))
