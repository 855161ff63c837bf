"""Which albums and artists a person should look at first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import GENRES, POOLING, RULES, Song, decided

from genretag.domain.contradiction import list_units
from genretag.domain.genre import Family
from genretag.domain.grouping import Group
from genretag.domain.library import LibraryUnit
from genretag.domain.naming import Naming
from genretag.domain.tagging import TagPolicy

SURE = Song("A", "X", "Rock", 0.97)
TORN = Song("A", "X", "Rock", 0.35)


def unit(*songs: Song) -> LibraryUnit:
    [album] = decided(*songs).albums
    return album


def tagged(song: Song, *tags: str) -> Song:
    return replace(song, tags=tags)


def test_tracks_of_one_album_with_different_genres_in_their_tags_contradict_each_other() -> None:
    assert unit(tagged(SURE, "Rock"), tagged(SURE, "rock", "Pop")).reasons == ()
    mixed = unit(tagged(SURE, "Rock"), tagged(SURE, "Blues"), SURE)
    assert mixed.reasons == ("tags",) and mixed.is_contradictory


def test_a_sound_that_is_surely_another_genre_contradicts_the_tags() -> None:
    wrong = unit(*[tagged(SURE, "Jazz")] * 3)
    assert wrong.reasons == ("sound",) and wrong.sound and wrong.sound.name == "Rock"
    assert unit(*[tagged(TORN, "Jazz")] * 3).reasons == ()
    assert unit(*[tagged(SURE, "Rock")] * 3).reasons == ()


def test_the_sound_counts_by_the_names_that_a_map_gives_it() -> None:
    library = decided(*[tagged(SURE, "Guitars")] * 3)
    assert library.albums[0].reasons == ("sound",)
    rules = replace(RULES, names=lambda genre: (genre, "guitars"))
    [album] = list_units([Group("album", "X", (0, 1, 2))], library.entries, rules)
    assert album.reasons == ()


@pytest.mark.parametrize(
    ("tags", "reasons"),
    [
        (("Rock", "Shoegaze", "Death Metal"), ()),
        (("Death Metal", "Heavy Metal Music"), ()),
        (("Shoegaze", "Death Metal"), ("tags",)),
        (("K-Pop", "Pop"), ("sound",)),
    ],
)
def test_narrow_genres_contradict_neither_broad_ones_nor_the_sound(
    tags: tuple[str, ...], reasons: tuple[str, ...]
) -> None:
    rules = replace(RULES, is_related=Naming().is_related)
    library = decided(*(tagged(SURE, name) for name in tags))
    [album] = list_units([Group("album", "X", tuple(range(len(tags))))], library.entries, rules)
    assert album.reasons == reasons


def test_a_track_that_keeps_another_genre_contradicts_its_album() -> None:
    spoken = Song("A", "X", "Spoken", 0.999999)
    album = unit(*[SURE] * 6, spoken)
    assert album.reasons == ("apart",) and album.genres[0].name == "Rock"
    assert unit(*[SURE] * 6).reasons == ()


def test_scores_near_the_threshold_or_each_other_are_in_doubt() -> None:
    below = Song("A", "", "Rock", 0.75)
    apart = replace(below, artist="B")
    [one] = list_units([Group("artist", "?", (0, 1))], decided(below, apart).entries,
                       replace(RULES, pooling=None))  # fmt: skip
    assert one.reasons == ("below",) and not one.is_contradictory
    two = unit(*[Song("A", "X", "Rock", 0.55)] * 3, *[Song("A", "X", "Pop", 0.55)] * 3)
    assert two.reasons == ("close",)


def test_an_album_that_keeps_its_genres_is_in_no_doubt() -> None:
    even = [Song("A", "X", "Rock", 0.55), Song("A", "X", "Pop", 0.55)] * 3
    assert unit(*(tagged(song, "Rock") for song in even)).reasons == ()
    [album] = decided(*(tagged(song, "Rock") for song in even), policy=TagPolicy("replace")).albums
    assert "close" in album.reasons


def test_an_artist_is_not_taken_for_a_few_songs_that_were_decided_together() -> None:
    library = decided(
        *[Song("A", "", "Rock", 0.97)] * 2, *[Song("A", "X", "Pop", 0.97)] * 6
    )  # fmt: skip
    songs = next(one for one in library.albums if one.kind == "artist")
    [artist] = library.artists
    assert (songs.name, songs.genres[0].name) == (artist.name, "Rock")
    assert artist.genres[0].name == "Pop" and len(artist.members) == 8


def test_silence_contradicts_nothing() -> None:
    silent = Song("A", "X", "Rock", 0.0)
    nothing = unit(silent, tagged(silent, "Jazz"))
    assert (nothing.genres, nothing.sound, nothing.reasons) == ((), None, ("unsure",))
    assert unit(silent, *[tagged(SURE, "Jazz")] * 3).reasons == ("sound", "unsure")


def test_first_comes_what_settles_most_tracks_and_of_equal_ones_the_contradiction() -> None:
    def album(name: str, *songs: Song) -> list[Song]:
        return [replace(song, album=name) for song in songs]

    library = decided(
        *album("sure", *[SURE] * 3),
        *album("unsure", *[Song("A", "", "Rock", 0.3)] * 3),
        *album("doubtful", *[Song("A", "", "Rock", 0.55), Song("A", "", "Pop", 0.55)] * 2),
        *album("one of many", *[tagged(SURE, "Rock")] * 5, Song("A", "", "Spoken", 0.3)),
        *album("wrong", *[tagged(SURE, "Jazz")] * 3),
        *album("wrong and mixed", *[tagged(SURE, "Jazz")] * 3, tagged(SURE, "Blues")),
    )
    names = [unit.name.removeprefix("A / ") for unit in library.albums]
    assert names == ["wrong and mixed", "doubtful", "wrong", "unsure", "one of many", "sure"]
    [artist] = library.artists
    assert artist.members == tuple(range(len(library.entries)))


@given(
    st.lists(
        st.builds(
            Song,
            st.sampled_from("AB"),
            st.sampled_from(["X", "Y", ""]),
            st.sampled_from(GENRES),
            st.just(0.0) | st.floats(0.2, 0.99),
            st.sampled_from([(), ("Rock",), ("Polka",), ("Other",)]),
        ),
        max_size=12,
    ),
    st.sampled_from([POOLING, None]),
)
def test_every_group_of_two_tracks_or_more_is_there_once(songs: list[Song], pooling) -> None:
    library = decided(*songs)
    groups = [Group(one.kind, one.name, one.members) for one in library.albums]
    units = list_units([*groups, Group("track", "alone", (0,))], library.entries,
                       replace(RULES, pooling=pooling))  # fmt: skip
    assert sorted(one.members for one in units) == sorted(one.members for one in groups)
    ranks = [(not one.reasons, -len(one.settled), not one.is_contradictory) for one in units]
    assert ranks == sorted(ranks)
    for one in units:
        left = {n for n in one.members if library.entries[n].is_unsure}
        assert set(one.settled) == (set(one.members) if one.is_contradictory else left)
    assert all(0 <= genre.score <= 1 + 1e-9 for one in units for genre in one.genres)


FAMILY = TagPolicy(threshold=0.8, families=(Family("Old", ("Blues", "Jazz")),))
BETWEEN = Song("A", "X", "Blues", 0.5, next="Jazz", next_score=0.47)


def of_family(*songs: Song) -> LibraryUnit:
    [album] = decided(*songs, policy=FAMILY).albums
    return album


def test_a_unit_that_is_sure_of_a_family_is_in_no_doubt() -> None:
    album = of_family(*[BETWEEN] * 2)
    assert album.reasons == () and album.best == album.family == album.sound
    assert album.family and album.family.name == "Old" and album.family.score >= 0.8
    assert "close" in unit(*[BETWEEN] * 2).reasons


@pytest.mark.parametrize(
    ("name", "reasons"), [("Jazz", ()), ("blues", ()), ("OLD", ()), ("Pop", ("sound",))]
)
def test_a_sound_that_is_surely_a_family_contradicts_only_tags_that_name_none_of_it(
    name: str, reasons: tuple[str, ...]
) -> None:
    assert of_family(*[tagged(BETWEEN, name)] * 3).reasons == reasons


def test_a_track_that_follows_the_family_of_its_album_is_not_apart() -> None:
    between = Song("A", "X", "Rock", 0.13)
    families = (Family("Old", tuple(genre for genre in GENRES if genre != "Rock")),)
    policy = TagPolicy(threshold=0.6, families=families)
    rules = replace(RULES, threshold=0.6, families=families)
    entries = decided(between, between, policy=policy).entries
    assert {entry.after for entry in entries} == {("Old",)}
    assert entries[0].outcome.unit.genres[0].name == "Rock"  # type: ignore[union-attr]
    [one] = list_units([Group("album", "X", (0, 1))], entries, rules)
    assert "apart" not in one.reasons


def test_a_family_just_below_the_threshold_is_in_doubt() -> None:
    near = Song("A", "", "Blues", 0.45, next="Jazz", next_score=0.3)
    rules = replace(RULES, pooling=None, families=FAMILY.families)
    [one] = list_units([Group("artist", "?", (0, 1))], decided(near, near).entries, rules)
    assert "below" in one.reasons
