"""What is written into a file, decided from what it holds and what was heard."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genretag.domain.change import Stamp
from genretag.domain.genre import Family, fold_name
from genretag.domain.genre_map import GenreMap
from genretag.domain.layout import Layout
from genretag.domain.naming import Naming
from genretag.domain.outcome import Outcome, Planned, Skipped, Unchanged, Unsure
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.tagging import TagPolicy, decide, merge_genres, select_confident, selection
from genretag.domain.taxonomy import load_taxonomy
from genretag.domain.track import Track

PATH = Path("/music/song.flac")


def track(*genres: str) -> Track:
    return Track(PATH, "FLAC", genres, Stamp(100, 7))


def heard(**scores: float) -> Prediction:
    best_first = sorted(scores.items(), key=lambda item: -item[1])
    genres = tuple(ScoredGenre(name.replace("_", "-"), score) for name, score in best_first)
    return Prediction(genres, 3, 200.0, "toy@0123456789ab")


def after(before: Track, prediction: Prediction, **policy: Any) -> tuple[str, ...]:
    return decide(before, prediction, TagPolicy(**policy)).after


def left_out(track: Track, policy: TagPolicy) -> Outcome | None:
    return selection(policy).exclude(track)


class TestModes:
    def test_fill_writes_where_there_is_no_genre(self) -> None:
        outcome = decide(track(), heard(Rock=0.9), TagPolicy("fill"))
        assert isinstance(outcome, Planned)
        assert (outcome.change.before, outcome.change.after) == ((), ("Rock",))

    @pytest.mark.parametrize("genre", ["Rock", "Something nobody knows", "(17)"])
    def test_fill_keeps_any_genre_without_listening(self, genre: str) -> None:
        outcome = left_out(track(genre), TagPolicy("fill"))
        assert isinstance(outcome, Unchanged)
        assert outcome.before == outcome.after == (genre,)

    @pytest.mark.parametrize("mode", ["replace", "add"])
    def test_replace_and_add_listen_to_files_that_have_a_genre(self, mode: Any) -> None:
        assert left_out(track("Rock"), TagPolicy(mode)) is None

    def test_fill_keeps_the_genre_of_a_file_that_was_scored_for_another_reason(self) -> None:
        outcome = decide(track("Jazz"), heard(Rock=0.9), TagPolicy("fill"))
        assert isinstance(outcome, Unchanged)
        assert (outcome.after, outcome.reason) == (("Jazz",), "has a genre")
        assert outcome.prediction == heard(Rock=0.9)

    def test_fill_listens_to_files_without_a_genre(self) -> None:
        assert left_out(track(), TagPolicy("fill")) is None

    @pytest.mark.parametrize("mode", ["fill", "replace", "add"])
    def test_a_container_without_a_place_for_genres_is_skipped(self, mode: Any) -> None:
        assert isinstance(left_out(Track(PATH, None), TagPolicy(mode)), Skipped)

    def test_replace_puts_what_was_heard_in_the_place_of_all_there_was(self) -> None:
        assert after(track("Polka", "Jazz"), heard(Rock=0.9), mode="replace") == ("Rock",)

    def test_replace_corrects_how_a_genre_is_written(self) -> None:
        assert after(track("hip hop"), heard(Hip_Hop=0.9), mode="replace") == ("Hip-Hop",)

    def test_add_puts_what_was_heard_behind_what_there_was(self) -> None:
        assert after(track("Polka", "Jazz"), heard(Rock=0.9), mode="add") == (
            "Polka",
            "Jazz",
            "Rock",
        )

    @pytest.mark.parametrize("spelling", ["Hip-Hop", "hip-hop", "HIP HOP", "HipHop", "hip_hop"])
    def test_add_knows_a_genre_by_any_case_and_separator(self, spelling: str) -> None:
        outcome = decide(track(spelling), heard(Hip_Hop=0.9), TagPolicy("add"))
        assert isinstance(outcome, Unchanged)
        assert outcome.after == (spelling,)

    def test_add_stops_at_the_most_genres_that_a_file_may_have(self) -> None:
        scores = {"Rock": 0.34, "Pop": 0.33, "Folk": 0.32}
        many = {"mode": "add", "threshold": 0.3, "top_k": 3}
        assert after(track("A"), heard(**scores), max_genres=3, **many) == ("A", "Rock", "Pop")

    def test_add_never_takes_a_genre_away_even_where_there_are_too_many(self) -> None:
        before = track("A", "B", "C")
        assert after(before, heard(Rock=0.9), mode="add", max_genres=2) == ("A", "B", "C")

    @pytest.mark.parametrize("mode", ["replace", "add"])
    def test_deciding_again_after_writing_finds_nothing_to_do(self, mode: Any) -> None:
        policy, prediction = TagPolicy(mode), heard(Rock=0.9)
        first = decide(track("Polka"), prediction, policy)
        assert isinstance(decide(track(*first.after), prediction, policy), Unchanged)


class TestPlaceholders:
    def test_fill_listens_to_a_file_that_has_nothing_else_and_writes_over_it(self) -> None:
        assert left_out(track("Other"), TagPolicy("fill")) is None
        outcome = decide(track("Other", "unknown"), heard(Rock=0.9), TagPolicy("fill"))
        assert isinstance(outcome, Planned)
        assert (outcome.before, outcome.after) == (("Other", "unknown"), ("Rock",))

    def test_fill_keeps_a_file_that_has_a_real_genre_too(self) -> None:
        outcome = left_out(track("Other", "Rock"), TagPolicy("fill"))
        assert isinstance(outcome, Unchanged) and outcome.after == ("Other", "Rock")

    def test_add_puts_a_genre_in_their_place_and_keeps_the_real_ones(self) -> None:
        assert after(track("Other"), heard(Rock=0.9), mode="add") == ("Rock",)
        assert after(track("Other", "Pop"), heard(Rock=0.9), mode="add") == ("Pop", "Rock")
        many = {"mode": "add", "max_genres": 2}
        assert after(track("Other", "A"), heard(Rock=0.9), **many) == ("A", "Rock")

    def test_add_takes_none_away_where_nothing_comes(self) -> None:
        for prediction in (heard(Rock=0.9), heard(Rock=0.1)):
            outcome = decide(track("Other", "Rock"), prediction, TagPolicy("add"))
            assert outcome.after == ("Other", "Rock") and not isinstance(outcome, Planned)

    def test_a_file_of_which_the_model_is_unsure_keeps_them(self) -> None:
        outcome = decide(track("Other"), heard(Rock=0.1), TagPolicy("fill"))
        assert isinstance(outcome, Unsure) and outcome.before == outcome.after == ("Other",)

    def test_deciding_again_after_writing_one_finds_nothing_to_do(self) -> None:
        genre_map = GenreMap(rename={"Rock": "Misc"})
        policy = TagPolicy("fill", naming=Naming(genre_map))
        first = decide(track(), heard(Rock=0.9), policy)
        assert isinstance(decide(track(*first.after), heard(Rock=0.9), policy), Unchanged)

    def test_without_a_list_every_name_is_a_genre(self) -> None:
        policy = TagPolicy("fill", placeholders=frozenset())
        assert isinstance(left_out(track("Other"), policy), Unchanged)


names = st.lists(
    st.sampled_from(["Rock", "rock", "ROCK!", "Hip-Hop", "hip hop", "Jazz", "Folk", "Pop"]),
    max_size=6,
).map(tuple)
fresh = names.map(lambda given: tuple({fold_name(name): name for name in given}.values()))


@given(before=names, new=fresh, most=st.integers(1, 8))
def test_add_keeps_what_there_was_and_brings_nothing_twice(
    before: tuple[str, ...], new: tuple[str, ...], most: int
) -> None:
    result = merge_genres(before, new, TagPolicy("add", max_genres=most))
    added = result[len(before) :]
    assert result[: len(before)] == before
    assert set(added) <= set(new)
    assert len(result) <= max(most, len(before))
    assert len({fold_name(name) for name in added}) == len(added)
    assert not {fold_name(name) for name in added} & {fold_name(name) for name in before}


class TestSure:
    def test_a_score_at_the_threshold_is_enough(self) -> None:
        assert select_confident(heard(Rock=0.6), TagPolicy(threshold=0.6))

    def test_a_score_just_below_the_threshold_is_not(self) -> None:
        assert not select_confident(heard(Rock=0.5999999), TagPolicy(threshold=0.6))

    def test_a_score_that_is_not_a_number_is_never_sure(self) -> None:
        assert not select_confident(heard(Rock=float("nan")), TagPolicy(threshold=0.0))

    def test_only_the_best_genre_is_taken_unless_more_are_asked_for(self) -> None:
        assert [
            genre.name for genre in select_confident(heard(Rock=0.5, Pop=0.5), TagPolicy())
        ] == ["Rock"]

    def test_a_runner_up_needs_half_of_the_best_score(self) -> None:
        policy = TagPolicy(threshold=0.3, top_k=3)
        assert [g.name for g in select_confident(heard(Rock=0.6, Pop=0.3, Folk=0.1), policy)] == [
            "Rock",
            "Pop",
        ]
        assert [g.name for g in select_confident(heard(Rock=0.6, Pop=0.29, Folk=0.1), policy)] == [
            "Rock"
        ]

    def test_a_runner_up_may_lie_below_the_threshold(self) -> None:
        policy = TagPolicy(threshold=0.5, top_k=2)
        assert len(select_confident(heard(Rock=0.5, Pop=0.4), policy)) == 2

    @given(
        scores=st.lists(st.floats(0, 1), min_size=1, max_size=8),
        top_k=st.integers(1, 9),
        threshold=st.floats(0, 1),
    )
    def test_what_is_taken_is_the_head_of_the_ranking(
        self, scores: list[float], top_k: int, threshold: float
    ) -> None:
        prediction = heard(**{f"g{i}": score for i, score in enumerate(scores)})
        taken = select_confident(prediction, TagPolicy(threshold=threshold, top_k=top_k))
        assert tuple(taken) == prediction.genres[: len(taken)]
        assert len(taken) <= top_k
        assert bool(taken) == (max(scores) >= threshold)


class TestFamilies:
    FAMILIES = (Family("Rock", ("Metal", "Rock")), Family("World", ("Latin", "Reggae")))

    def decide(self, before: Track, prediction: Prediction, **policy: Any) -> Outcome:
        policy = {"families": self.FAMILIES, "threshold": 0.7} | policy
        return decide(before, prediction, TagPolicy(**policy))

    def test_the_name_of_a_family_is_written_where_no_genre_is_sure(self) -> None:
        outcome = self.decide(track(), heard(Latin=0.5, Reggae=0.3, Rock=0.2))
        assert isinstance(outcome, Planned) and outcome.after == ("World",)
        assert outcome.family == outcome.best == ScoredGenre("World", 0.8)
        assert outcome.prediction == heard(Latin=0.5, Reggae=0.3, Rock=0.2)

    def test_a_sure_genre_is_written_and_its_family_is_not(self) -> None:
        outcome = self.decide(track(), heard(Latin=0.7, Reggae=0.3))
        assert outcome.after == ("Latin",) and outcome.family is None
        assert outcome.best == ScoredGenre("Latin", 0.7)

    def test_a_family_that_is_not_sure_either_is_not_written(self) -> None:
        outcome = self.decide(track(), heard(Latin=0.4, Reggae=0.29, Rock=0.3, Metal=0.01))
        assert isinstance(outcome, Unsure) and outcome.family is None

    @pytest.mark.parametrize("top_k", [1, 2, 5])
    def test_a_family_is_written_alone_however_many_genres_are_asked_for(self, top_k: int) -> None:
        outcome = self.decide(track(), heard(Rock=0.45, Metal=0.44, Latin=0.1), top_k=top_k)
        assert outcome.after == ("Rock",)

    def test_the_map_renames_a_family_and_gives_it_parents(self) -> None:
        genre_map = GenreMap(rename={"World": "Global"}, parents={"Global": "All"})
        outcome = self.decide(track(), heard(Latin=0.5, Reggae=0.3), naming=Naming(genre_map))
        assert outcome.after == ("Global", "All")

    def test_a_family_that_the_map_drops_leaves_the_file_as_it_is(self) -> None:
        genre_map = GenreMap(drop=frozenset({"World"}))
        outcome = self.decide(track(), heard(Latin=0.5, Reggae=0.3), naming=Naming(genre_map))
        assert isinstance(outcome, Unchanged) and outcome.reason == "the map drops World"

    def test_a_family_stays_where_the_map_drops_one_of_its_genres(self) -> None:
        genre_map = GenreMap(drop=frozenset({"Latin"}))
        outcome = self.decide(track(), heard(Latin=0.5, Reggae=0.3), naming=Naming(genre_map))
        assert outcome.after == ("World",)

    def test_what_persons_call_the_best_genre_is_no_name_for_its_family(self) -> None:
        policy = TagPolicy(families=self.FAMILIES, threshold=0.7)
        scores = heard(Latin=0.5, Reggae=0.3)
        assert decide(track(), scores, policy, ("Salsa",)).after == ("World",)

    @pytest.mark.parametrize("mode", ["replace", "add"])
    def test_a_genre_of_the_family_that_a_file_has_is_kept_for_the_familys_name(
        self, mode: Any
    ) -> None:
        scores = heard(Latin=0.5, Reggae=0.3)
        assert isinstance(self.decide(track("Reggae"), scores, mode=mode), Unchanged)
        renamed = {"mode": mode, "naming": Naming(GenreMap(rename={"Reggae": "Ska"}))}
        assert isinstance(self.decide(track("Ska"), scores, **renamed), Unchanged)
        assert self.decide(track("House"), scores, **renamed).after[-1] == "World"

    def test_replace_takes_out_what_is_not_of_the_family(self) -> None:
        outcome = self.decide(track("House", "latin"), heard(Latin=0.5, Reggae=0.3), mode="replace")
        assert outcome.after == ("latin",)
        assert outcome.best == outcome.family == ScoredGenre("World", 0.8)

    @pytest.mark.parametrize("mode", ["replace", "add"])
    def test_deciding_again_after_writing_a_family_finds_nothing_to_do(self, mode: Any) -> None:
        first = self.decide(track("Polka"), heard(Latin=0.5, Reggae=0.3), mode=mode)
        again = self.decide(track(*first.after), heard(Latin=0.5, Reggae=0.3), mode=mode)
        assert isinstance(again, Unchanged)


class TestNarrowGenres:
    """Narrow beats broad: a genre that says more than a new one stays in its place."""

    COUNTRY = heard(Country=0.9)

    @pytest.mark.parametrize(
        ("before", "mode", "expected"),
        [
            (("Alt-Country", "Pop"), "replace", ("Alt-Country",)),
            (("alt country", "Country"), "replace", ("alt country",)),
            (("Alternative Country",), "add", ("Alternative Country",)),
            (("Alt-Country", "Pop"), "add", ("Alt-Country", "Pop")),
            (("House",), "replace", ("Country",)),
            (("House",), "add", ("House", "Country")),
        ],
    )
    def test_a_broad_genre_takes_no_narrow_ones_place(
        self, before: tuple[str, ...], mode: Any, expected: tuple[str, ...]
    ) -> None:
        assert after(track(*before), self.COUNTRY, mode=mode) == expected

    @pytest.mark.parametrize("mode", ["replace", "add"])
    def test_the_reason_says_so(self, mode: Any) -> None:
        outcome = decide(track("Alt-Country"), self.COUNTRY, TagPolicy(mode))
        assert isinstance(outcome, Unchanged) and outcome.reason == "has a narrower genre"

    def test_one_more_generation_makes_no_difference(self) -> None:
        assert after(track("Hard Bop"), heard(Jazz=0.9), mode="replace") == ("Hard Bop",)

    def test_broad_genres_are_written_where_a_person_wants_them(self) -> None:
        broad = {"naming": Naming(broad=True)}
        assert after(track("Alt-Country"), self.COUNTRY, mode="replace", **broad) == ("Country",)
        both = ("Alt-Country", "Country")
        assert after(track("Alt-Country"), self.COUNTRY, mode="add", **broad) == both

    @pytest.mark.parametrize(
        ("naming", "expected"),
        [
            (Naming(), ("Metal",)),
            (Naming(broad=True), ("Rock", "Metal")),
            (Naming(adds_parents=True), ("Metal", "Rock")),
        ],
    )
    def test_of_two_new_genres_the_broader_says_nothing(
        self, naming: Naming, expected: tuple[str, ...]
    ) -> None:
        scores = heard(Rock=0.5, Metal=0.4)
        assert after(track(), scores, top_k=2, naming=naming) == expected

    def test_several_new_genres_are_each_looked_at_by_themselves(self) -> None:
        scores = heard(Metal=0.5, Pop=0.4)
        kept = after(track("Death Metal", "Polka"), scores, top_k=2, mode="replace")
        assert kept == ("Death Metal", "Pop")

    def test_a_genre_by_another_name_is_not_added(self) -> None:
        assert after(track("Rap"), heard(Hip_Hop=0.9), mode="add") == ("Rap",)

    def test_a_new_genre_that_the_map_renames_is_broader_all_the_same(self) -> None:
        renamed = Naming(GenreMap(rename={"Country": "Cowboys"}))
        assert after(track("Alt-Country"), self.COUNTRY, mode="add", naming=renamed) == (
            "Alt-Country",
        )

    def test_a_narrow_genre_that_the_map_drops_gives_its_place(self) -> None:
        naming = Naming(GenreMap(drop=frozenset({"Alt-Country"})))
        assert after(track("Alt-Country"), self.COUNTRY, mode="replace", naming=naming) == (
            "Country",
        )


class TestParentsAndWhitelist:
    def test_the_families_follow_each_genre(self) -> None:
        naming = Naming(adds_parents=True)
        assert after(track(), heard(Metal=0.9), naming=naming) == ("Metal", "Rock")
        trip_hop = heard(**{"Trip-Hop": 0.9})
        assert after(track(), trip_hop, naming=naming) == ("Trip-Hop", "Electronic", "Hip-Hop")
        kept = after(track("Death Metal"), heard(Metal=0.9), naming=naming, mode="add")
        assert kept == ("Death Metal", "Rock")

    def test_a_genre_that_is_not_listed_falls_back_to_the_nearest_that_is(self) -> None:
        naming = Naming(only=("rock", "Jazz"))
        assert after(track(), heard(Metal=0.9), naming=naming) == ("rock",)

    def test_nothing_is_written_where_nothing_listed_is_near(self) -> None:
        outcome = decide(track(), heard(Metal=0.9), TagPolicy(naming=Naming(only=("Jazz",))))
        assert isinstance(outcome, Unchanged) and outcome.after == ()
        assert outcome.reason == "the whitelist allows nothing for Metal"

    def test_replace_writes_no_narrow_genre_that_is_not_listed_and_add_leaves_it(self) -> None:
        listed = {"naming": Naming(only=("Metal",))}
        scores = heard(Metal=0.9)
        assert after(track("Death Metal"), scores, mode="replace", **listed) == ("Metal",)
        assert after(track("Death Metal"), scores, mode="add", **listed) == ("Death Metal",)

    def test_parents_are_added_as_far_as_they_are_listed(self) -> None:
        naming = Naming(only=("Metal", "Jazz"), adds_parents=True)
        assert after(track(), heard(Metal=0.9), naming=naming) == ("Metal",)

    def test_what_persons_gave_an_album_must_be_listed_too(self) -> None:
        def written(*only: str) -> tuple[str, ...]:
            policy = TagPolicy(naming=Naming(only=only))
            return decide(track(), heard(Rock=0.9), policy, ("Shoegaze",)).after

        assert written("Shoegaze") == ("Shoegaze",)
        assert written("Rock") == ("Rock",)
        assert written("Jazz") == ()


NEAR = ("Rock", "Metal", "Death Metal", "Black Metal", "Punk", "Folk", "Folk Rock", "Trip-Hop")
real = st.sampled_from(NEAR) | st.sampled_from([one.name for one in load_taxonomy()])


@example(("Acoustic Rock",), ["Rock", "T-Pop", "Acid Rock"], "replace", {}, None)
@given(
    before=st.lists(real, max_size=4, unique=True).map(tuple),
    scores=st.lists(real, min_size=1, max_size=3, unique=True),
    mode=st.sampled_from(["replace", "add"]),
    options=st.fixed_dictionaries({"adds_parents": st.booleans(), "broad": st.booleans()}),
    only=st.none() | st.lists(real, min_size=1, max_size=4, unique=True).map(tuple),
)
def test_whatever_is_written_deciding_again_finds_nothing_to_do(
    before: tuple[str, ...], scores: list[str], mode: Any, options: dict[str, bool], only: Any
) -> None:
    prediction = heard(**dict.fromkeys(scores, 1 / len(scores)))
    policy = TagPolicy(
        mode, threshold=0.3, top_k=3, max_genres=9, naming=Naming(only=only, **options)
    )
    first = decide(track(*before), prediction, policy)
    assert isinstance(decide(track(*first.after), prediction, policy), Unchanged)
    new = set(first.after) - set(before)
    assert only is None or new <= set(only)
    if not any(options.values()) and only is None:
        taxonomy = load_taxonomy()
        everything = [*first.after]
        assert not [one for one in new for other in everything if taxonomy.is_broader(one, other)]


class TestDecide:
    def test_below_the_threshold_nothing_is_written_and_the_reason_names_it(self) -> None:
        outcome = decide(track("A"), heard(Rock=0.4), TagPolicy("replace", threshold=0.55))
        assert isinstance(outcome, Unsure)
        assert outcome.before == outcome.after == ("A",)
        assert "0.55" in (outcome.reason or "")

    def test_a_track_of_silence_is_unsure_and_says_so(self) -> None:
        outcome = decide(track(), Prediction((), 0, 60.0, "m@0"), TagPolicy(threshold=0.0))
        assert isinstance(outcome, Unsure)
        assert "silence" in (outcome.reason or "")

    def test_every_outcome_carries_the_file_and_what_was_heard(self) -> None:
        prediction = heard(Rock=0.6)
        outcomes: list[Outcome] = [
            decide(track(), prediction, TagPolicy()),
            decide(track("Rock"), prediction, TagPolicy("add")),
            decide(track(), prediction, TagPolicy(threshold=0.9)),
        ]
        assert [type(outcome) for outcome in outcomes] == [Planned, Unchanged, Unsure]
        for outcome in outcomes:
            assert (outcome.path, outcome.prediction) == (PATH, prediction)

    def test_a_plan_knows_the_file_as_it_was_looked_at(self) -> None:
        layout = Layout(joined=frozenset({"MP4"}))
        outcome = decide(track(), heard(Rock=0.9), TagPolicy(layout=layout))
        assert isinstance(outcome, Planned)
        assert outcome.change.stamp == Stamp(100, 7)
        assert outcome.change.layout == layout
        assert outcome.change.container == "FLAC"

    def test_genres_get_the_names_of_the_map(self) -> None:
        genre_map = GenreMap(rename={"Hip-Hop": "Rap"}, parents={"Rap": "Urban"})
        assert after(track(), heard(Hip_Hop=0.9), naming=Naming(genre_map)) == ("Rap", "Urban")

    def test_genres_that_the_map_merges_are_written_once(self) -> None:
        genre_map = GenreMap(rename={"Folk": "Acoustic", "Country": "acoustic"})
        scores = heard(Folk=0.5, Country=0.4)
        assert after(track(), scores, naming=Naming(genre_map), top_k=2) == ("Acoustic",)

    def test_a_genre_that_the_map_drops_leaves_the_file_as_it_is(self) -> None:
        policy = TagPolicy("replace", naming=Naming(GenreMap(drop=frozenset({"spoken"}))))
        outcome = decide(track("A"), heard(Spoken=0.9), policy)
        assert isinstance(outcome, Unchanged)
        assert "Spoken" in (outcome.reason or "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "overwrite"},
        {"threshold": -0.01},
        {"threshold": 1.01},
        {"threshold": float("nan")},
        {"top_k": 0},
        {"max_genres": 0},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        TagPolicy(**wrong)
