"""Which genres go to which place of a file."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.distribution import distribute
from genretag.domain.genre import Family
from genretag.domain.genre_map import GenreMap
from genretag.domain.naming import Naming
from genretag.domain.outcome import Outcome, Planned, Unchanged, Unsure
from genretag.domain.places import GENRE, Routing
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.selection import Selection
from genretag.domain.tagging import TagPolicy, decide, selection
from genretag.domain.taxonomy import load_taxonomy
from genretag.domain.track import Track

PLAIN = Naming()
SPLIT = Routing(style="style")
KNOWN = sorted(genre.name for genre in load_taxonomy())

genres = st.lists(st.sampled_from(KNOWN), min_size=1, max_size=4, unique=True).map(tuple)
places = st.sampled_from(["genre", "style", "grouping", "comment", "TXXX:MOOD"])


def track(*names: str, **fields: tuple[str, ...]) -> Track:
    return Track(Path("a.flac"), "FLAC", names, fields=fields)


def predicted(*names: str, score: float = 0.9) -> Prediction:
    return Prediction(tuple(ScoredGenre(name, score) for name in names), 1, 3.0, "toy")


def decided(
    given: Track, *names: str, routing: Routing = SPLIT, score: float = 0.9, **policy: object
) -> Outcome:
    rules = TagPolicy(routing=routing, top_k=len(names), **policy)
    return decide(given, predicted(*names, score=score), rules)


def fields(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    assert isinstance(outcome, Planned), outcome
    return {field.place: field.after for field in outcome.fields}


def test_styles_and_families_go_apart() -> None:
    found = distribute(("Shoegaze", "Techno"), SPLIT, PLAIN, ())
    assert found == {"genre": ("Rock", "Electronic"), "style": ("Shoegaze", "Techno")}


def test_two_styles_of_one_family_write_it_once() -> None:
    found = distribute(("Shoegaze", "Punk"), SPLIT, PLAIN, ())
    assert found == {"genre": ("Rock",), "style": ("Shoegaze", "Punk")}


def test_a_broad_genre_is_no_style() -> None:
    assert distribute(("Rock",), SPLIT, PLAIN, ()) == {"genre": ("Rock",)}
    assert distribute(("Rock",), Routing("grouping", "style"), PLAIN, ()) == {"grouping": ("Rock",)}


def test_the_genre_field_does_not_stay_empty_where_styles_go_there() -> None:
    found = distribute(("Rock",), Routing(family="grouping"), PLAIN, ())
    assert found == {"grouping": ("Rock",), "genre": ("Rock",)}
    found = distribute(("Rock", "Punk"), Routing(family="grouping"), PLAIN, ())
    assert found == {"grouping": ("Rock",), "genre": ("Punk",)}


def test_a_models_own_family_goes_before_that_of_the_taxonomy() -> None:
    families = (Family("Noise Pop", ("Shoegaze", "Dream Pop")),)
    assert distribute(("Shoegaze",), SPLIT, PLAIN, families)["genre"] == ("Noise Pop",)


def test_families_that_are_not_written_for_a_sum_still_stand_above_styles() -> None:
    broader = (Family("Odd", ("Fidgetwave", "Wonkstep")),)
    outcome = decided(track(), "Fidgetwave", broader=broader)
    assert fields(outcome) == {"style": ("Fidgetwave",)} and outcome.after == ("Odd",)
    unsure = decided(track(), "Fidgetwave", "Wonkstep", score=0.4, broader=broader)
    assert isinstance(unsure, Unsure)


def test_a_genre_that_nobody_knows_is_its_own_family() -> None:
    assert distribute(("Fidgetwave",), SPLIT, PLAIN, ()) == {"genre": ("Fidgetwave",)}


def test_a_renamed_genre_keeps_its_family_and_a_renamed_family_its_new_name() -> None:
    names = replace(PLAIN, genre_map=GenreMap(rename={"Shoegaze": "Gaze", "Rock": "Guitars"}))
    assert distribute(("Gaze",), SPLIT, names, ()) == {"genre": ("Guitars",), "style": ("Gaze",)}


def test_a_whitelist_holds_for_families_too() -> None:
    names = replace(PLAIN, only=("Shoegaze",))
    assert distribute(("Shoegaze",), SPLIT, names, ()) == {"style": ("Shoegaze",)}


@given(genres, places, places)
def test_every_genre_is_written_or_has_its_family_written(
    names: tuple[str, ...], family: str, style: str
) -> None:
    found = distribute(names, Routing(family, style), PLAIN, ())
    assert set(found) <= {family, style} and all(found.values())
    if family == style:
        assert found == {family: names}
        return
    narrow, broad = found.get(style, ()), found[family]
    assert set(narrow) <= set(names)
    taxonomy = load_taxonomy()
    for name in names:
        roots = taxonomy.families(name)
        assert any(root in broad for root in roots)
        assert name in narrow or name in broad
    assert len(set(broad)) == len(broad)


# Policies, place by place


def test_an_empty_file_gets_both() -> None:
    outcome = decided(track(), "Shoegaze")
    assert (outcome.after, fields(outcome)) == (("Rock",), {"style": ("Shoegaze",)})


def test_fill_writes_only_the_places_that_are_empty() -> None:
    outcome = decided(track("Punk"), "Shoegaze")
    assert (outcome.before, outcome.after) == (("Punk",), ("Punk",))
    assert fields(outcome) == {"style": ("Shoegaze",)}
    outcome = decided(track(style=("Dub",)), "Shoegaze")
    assert (outcome.after, outcome.fields) == (("Rock",), ())
    full = decided(track("Punk", style=("Dub",)), "Shoegaze")
    assert (type(full), full.reason) == (Unchanged, "has these fields already")


def test_fill_writes_no_style_that_a_persons_genre_contradicts() -> None:
    outcome = decided(track("Jazz"), "Shoegaze")
    assert (type(outcome), outcome.reason) == (Unchanged, "its genre says otherwise")
    assert fields(decided(track("Mine alone"), "Shoegaze")) == {"style": ("Shoegaze",)}


def test_a_style_that_the_model_alone_knows_is_of_the_models_family() -> None:
    family = Family("Rock", ("Nobody's style", "Mine alone"))
    for own, is_written in (("Jazz", False), ("Rock", True), ("Punk", True), ("Other", True)):
        outcome = decided(track(own), "Nobody's style", broader=(family,))
        assert isinstance(outcome, Planned) is is_written, own
    assert isinstance(decided(track("Mine alone"), "Bebop", broader=(family,)), Unchanged)


def test_a_persons_narrow_genre_is_the_style_where_only_its_family_is_sure() -> None:
    outcome = decided(track("Shoegaze"), "Rock")
    assert fields(outcome) == {"style": ("Shoegaze",)}
    outcome = decided(track("Shoegaze"), "Rock", mode="replace")
    assert (outcome.after, fields(outcome)) == (("Rock",), {"style": ("Shoegaze",)})


def test_replace_and_add_do_so_place_by_place() -> None:
    given = track("Jazz", style=("Bebop",))
    outcome = decided(given, "Shoegaze", mode="replace")
    assert (outcome.after, fields(outcome)) == (("Rock",), {"style": ("Shoegaze",)})
    outcome = decided(given, "Shoegaze", mode="add")
    assert outcome.after == ("Jazz", "Rock")
    assert fields(outcome) == {"style": ("Bebop", "Shoegaze")}


def test_add_stops_at_so_many_in_each_place() -> None:
    given = track("A", "B", style=("C",))
    outcome = decided(given, "Shoegaze", mode="add", max_genres=2)
    assert (outcome.after, fields(outcome)) == (("A", "B"), {"style": ("C", "Shoegaze")})


@pytest.mark.parametrize("mode", ["fill", "replace", "add"])
def test_a_persons_comment_is_never_changed(mode: str) -> None:
    routing = Routing(style="comment")
    outcome = decided(
        track("Rock", comment=("Bought in Rome",)), "Punk", routing=routing, mode=mode
    )
    assert outcome.fields == ()
    alone = Routing("comment", "comment")
    outcome = decided(track(comment=("Bought in Rome",)), "Punk", routing=alone, mode=mode)
    assert isinstance(outcome, Unchanged)
    assert outcome.reason in ("has these fields already", "has a comment of its own")


def test_a_comment_of_genres_is_replaced() -> None:
    given = track("Rock", comment=("Shoegaze", "Dub"))
    outcome = decided(given, "Punk", routing=Routing(style="comment"), mode="replace")
    assert fields(outcome) == {"comment": ("Punk",)}


def test_a_grouping_of_a_person_is_no_placeholder_and_a_style_may_be_one() -> None:
    routing = Routing(style="grouping")
    assert decided(track("Rock", grouping=("Various",)), "Punk", routing=routing).fields == ()
    assert fields(decided(track("Rock", style=("Other",)), "Punk")) == {"style": ("Punk",)}


def test_both_kinds_at_one_place_leave_the_genre_alone() -> None:
    outcome = decided(track(), "Shoegaze", routing=Routing("grouping", "grouping"))
    assert (outcome.after, fields(outcome)) == ((), {"grouping": ("Shoegaze",)})


def test_no_room_is_told_and_the_rest_is_written() -> None:
    reason = "its RIFF INFO tag has no room for style"
    given = replace(track(), no_room={"style": reason})
    outcome = decided(given, "Shoegaze")
    assert (outcome.after, outcome.fields, outcome.notes) == (("Rock",), (), (reason,))
    full = decided(replace(given, genres=("Punk",)), "Shoegaze")
    assert (type(full), full.reason) == (Unchanged, reason)


def test_an_unsure_file_stays_as_it_is() -> None:
    assert isinstance(decided(track(), "Shoegaze", score=0.1), Unsure)


def test_a_family_alone_leaves_the_style_as_it_is() -> None:
    outcome = decided(track("Rock"), "Rock")
    assert (type(outcome), outcome.reason) == (Unchanged, "no style is sure")


def test_a_track_is_scored_if_one_of_the_places_is_empty() -> None:
    chosen = selection(TagPolicy(routing=SPLIT))
    assert chosen.places == ("genre", "style")
    assert chosen.exclude(track("Rock")) is None
    assert chosen.exclude(track("Rock", style=("Punk",))) is not None
    assert Selection("untagged").places == (GENRE,)


@given(genres, places, places, st.sampled_from(["fill", "replace", "add"]))
def test_deciding_twice_changes_nothing_more(
    names: tuple[str, ...], family: str, style: str, mode: str
) -> None:
    routing = Routing(family, style)
    first = decided(track(), *names, routing=routing, mode=mode)
    assert isinstance(first, Planned)
    after = {field.place: field.after for field in first.fields}
    second = decided(track(*first.after, **after), *names, routing=routing, mode=mode)
    assert isinstance(second, Unchanged), (first, second)
