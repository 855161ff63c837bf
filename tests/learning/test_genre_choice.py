"""Genres to learn from a library: those with enough tracks, and rarer ones as broader ones."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.taxonomy import Taxonomy, TaxonomyGenre, load_taxonomy
from genretag.learning.genre_choice import GenreChoice, choose_genres, split_names

TREE = Taxonomy(
    [
        TaxonomyGenre("Rock"),
        TaxonomyGenre("Metal", ("Rock",)),
        TaxonomyGenre("Death Metal", ("Metal",)),
        TaxonomyGenre("Black Metal", ("Metal",)),
        TaxonomyGenre("Electronic", (), ("Electronica",)),
        TaxonomyGenre("Hip-Hop", (), ("Rap",)),
        TaxonomyGenre("Trip-Hop", ("Electronic", "Hip-Hop")),
    ]
)


def choose(tracks: list[tuple[str, ...]], artists: int = 5, tracks_needed: int = 4) -> GenreChoice:
    names = [f"artist {n % artists}" for n in range(len(tracks))]
    return choose_genres(tracks, names, TREE, tracks_needed, 2)


def test_genres_with_enough_tracks_are_learned_under_the_librarys_spelling() -> None:
    found = choose([("hip hop",)] * 3 + [("Rap",)] * 2 + [("Polka",)] * 4)
    assert found.genres == ("hip hop", "Polka") and not found.left_out
    assert found.shares.sum(axis=0).tolist() == [5, 4]


def test_a_genre_with_too_few_tracks_counts_as_its_parent() -> None:
    found = choose([("Death Metal",)] * 3 + [("Black Metal",)] * 2 + [("Hip-Hop",)] * 4)
    assert found.genres == ("Hip-Hop", "Metal")
    assert {(one.name, one.tracks, one.counts_as) for one in found.left_out} == {
        ("Death Metal", 3, "Metal"),
        ("Black Metal", 2, "Metal"),
    }


def test_a_genre_falls_back_as_far_as_it_takes_and_to_its_first_parent() -> None:
    found = choose([("Death Metal",)] + [("Rock",)] * 3 + [("Trip-Hop",)] + [("Electronica",)] * 3)
    assert found.genres == ("Electronica", "Rock")
    counted = {one.name: one.counts_as for one in found.left_out}
    assert counted == {"Death Metal": "Rock", "Trip-Hop": "Electronica"}


def test_what_has_no_parent_with_enough_is_left_out_and_teaches_what_is_none() -> None:
    found = choose([("Polka",)] * 3 + [("Rock",)] * 4)
    (left,) = found.left_out
    assert (left.name, left.tracks, left.artists, left.counts_as) == ("Polka", 3, 3, None)
    assert found.shares[:3].tolist() == [[0], [0], [0]]


def test_tracks_of_one_artist_are_not_enough() -> None:
    assert choose([("Rock",)] * 10, artists=1).genres == ()


def test_several_genres_of_a_track_are_shares_and_a_broader_one_says_nothing() -> None:
    tracks = [("Rock", "Polka")] * 4 + [("Metal", "Rock")] * 4
    found = choose(tracks)
    assert found.genres == ("Metal", "Polka", "Rock")
    assert found.shares[0].tolist() == [0, 0.5, 0.5] and found.shares[4].tolist() == [1, 0, 0]


def test_several_genres_in_one_value_are_split_but_for_a_name_that_is_known() -> None:
    assert split_names(["Rock; Pop", "Jazz/Blues"], TREE) == ["Rock", "Pop", "Jazz", "Blues"]
    assert split_names(["R&B/Soul"], load_taxonomy()) == ["R&B/Soul"]


def test_five_thousand_genres_are_too_few_tracks_for_each() -> None:
    found = choose([(f"genre {n}",) for n in range(5000)])
    assert found.genres == () and len(found.left_out) == 5000


real = st.sampled_from([genre.name for genre in load_taxonomy()] + ["Polka!", "My Mix", "  ?"])


@given(tracks=st.lists(st.lists(real, min_size=1, max_size=3), min_size=1, max_size=60))
def test_whatever_people_write_what_is_learned_has_enough(tracks: list[list[str]]) -> None:
    artists = [f"artist {n % 7}" for n in range(len(tracks))]
    found = choose_genres(tracks, artists, load_taxonomy(), 3, 2)
    counts = (found.shares > 0).sum(axis=0)
    assert (counts >= 1).all() and len(set(found.genres)) == len(found.genres)
    sums = found.shares.sum(axis=1)
    assert np.all((np.abs(sums - 1) < 1e-9) | (sums == 0))
    known = {load_taxonomy().identify(genre) for genre in found.genres}
    for one in found.left_out:
        assert load_taxonomy().identify(one.name) not in known
        assert one.counts_as is None or load_taxonomy().is_broader(one.counts_as, one.name)
    names = Counter(load_taxonomy().identify(name) for names in tracks for name in set(names))
    assert {load_taxonomy().identify(one.name) for one in found.left_out} <= set(names)


@pytest.mark.parametrize(
    "name",
    [
        "a" * 5000,
        "\x00",
        "\u202eevil",
        "\x1b[31mred",
        "\n\n",
        "?!",
        "🤘",
        "17",
        "1994",
        "http://x.y",
    ],
)
def test_what_is_no_name_is_not_learned(name: str) -> None:
    assert choose([(name,)] * 9 + [("Rock",)] * 4).genres == ("Rock",)


def test_a_spelling_that_no_line_can_hold_is_not_learned_for_a_known_genre() -> None:
    found = choose([("Hip\nHop",)] * 5 + [("Rock",)] * 4)
    assert found.genres == ("Hip-Hop", "Rock")


def test_odd_names_are_names_like_others() -> None:
    tracks = [("=cmd()",), ("[bold]x",), ("Ünïcödé 音楽",)]
    assert choose([names for names in tracks for _ in range(4)]).genres == (
        "=cmd()",
        "[bold]x",
        "Ünïcödé 音楽",
    )
