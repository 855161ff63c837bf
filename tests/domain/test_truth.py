"""What names in files mean, and what unknown ones could mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.genre import GenreVocabulary
from genretag.domain.genre_map import GenreMap, MapError
from genretag.domain.prediction import ScoredGenre
from genretag.domain.taxonomy import load_taxonomy
from genretag.domain.truth import GenreClasses, describe_unmapped

NAMES = ("Rock", "Pop", "Hip-Hop", "Metal", "Spoken", "Blues")


def classes(parents: dict[str, str] | None = None, **entries: object) -> GenreClasses:
    return GenreClasses(GenreVocabulary(NAMES, parents or {}), GenreMap(**entries))  # type: ignore[arg-type]


def meant(found: GenreClasses, *names: str) -> list[str]:
    return [found.names[place] for place in found.indices_of(names)]


def said(*genres: tuple[str, float]) -> list[ScoredGenre]:
    return [ScoredGenre(name, score) for name, score in genres]


@pytest.mark.parametrize("name", ["Hip-Hop", "hip hop", "HIPHOP", "hip_hop"])
def test_a_genre_is_known_by_any_case_and_separator(name: str) -> None:
    assert meant(classes(), name) == ["Hip-Hop"]


def test_genres_of_a_file_stay_in_order_and_unknown_ones_are_left_out() -> None:
    assert meant(classes(), "Polka", "Pop", "Rock", "pop") == ["Pop", "Rock"]
    assert not classes().knows("Polka")


def test_a_renamed_genre_is_known_by_its_old_and_its_new_name() -> None:
    found = classes(rename={"Hip-Hop": "Rap", "Rap": "Rhymes"})
    assert found.names == ("Rock", "Pop", "Rhymes", "Metal", "Spoken", "Blues")
    assert [meant(found, name) for name in ("Hip-Hop", "rap", "Rhymes")] == [["Rhymes"]] * 3
    assert found.names[found.index_of("Hip-Hop") or 0] == "Rhymes"


def test_genres_with_one_name_are_one_class() -> None:
    found = classes(rename={"Rock": "Guitars", "Metal": "Guitars", "Blues": "guitars"})
    assert found.names == ("Guitars", "Pop", "Hip-Hop", "Spoken")
    assert found.index_of("Rock") == found.index_of("Metal") == found.index_of("Blues") == 0
    assert meant(found, "Metal", "Rock") == ["Guitars"]


@pytest.mark.parametrize("name", ["Spoken", "spoken"])
def test_a_dropped_genre_is_known_and_no_class(name: str) -> None:
    found = classes(drop=frozenset({"Spoken"}))
    assert "Spoken" not in found.names
    assert found.knows(name) and found.index_of("Spoken") is None
    assert meant(found, name, "Rock") == ["Rock"]


def test_a_parent_alone_does_not_tell_which_child_is_meant() -> None:
    found = classes(parents={}, **{"drop": frozenset()})
    both = GenreClasses(
        GenreVocabulary(NAMES), GenreMap(parents={"Blues": "Roots", "Rock": "Roots"})
    )
    assert meant(found, "Roots") == meant(both, "Roots") == []
    assert meant(both, "Roots", "Blues") == ["Blues"]


def test_an_alias_means_what_it_says_whatever_else_is_known() -> None:
    found = classes(
        rename={"Hip-Hop": "Rap"},
        drop=frozenset({"Spoken"}),
        aliases={"Trap": "Rap", "Grime": "hip hop", "Podcast": "Spoken", "Rock": "Metal"},
    )
    assert meant(found, "trap") == meant(found, "Grime") == ["Rap"]
    assert meant(found, "Rock") == ["Metal"]
    assert found.knows("Podcast") and meant(found, "Podcast") == []
    # What the model says is no alias.
    assert found.names[found.index_of("Rock") or 0] == "Rock"


def test_aliases_for_genres_that_nobody_knows_are_refused() -> None:
    found = GenreMap(rename={"Rock": "Old / Loud"}, aliases={"a": "Old", "b": "Rokc"})
    with pytest.raises(MapError, match="Rokc") as caught:
        found.check(NAMES)
    assert (caught.value.table, caught.value.key) == ("aliases", "b")


def test_aliases_change_nothing_that_is_written() -> None:
    plain, aliased = GenreMap(), GenreMap(aliases={"Rock": "Pop"})
    assert [aliased.names(name) for name in NAMES] == [plain.names(name) for name in NAMES]


# What unknown names could mean


@pytest.mark.parametrize(
    ("name", "genre"),
    [
        ("Alternative Rock", "Rock"),
        ("Thrash-Metal", "Metal"),
        ("Underground Hip Hop", "Hip-Hop"),
        ("hiphop (german)", "Hip-Hop"),
        ("Rock & Roll", "Rock"),
        ("Rockabilly", None),
        ("Blues Rock", None),
        ("Soundtrack", None),
        ("!!!", None),
    ],
)
def test_a_name_is_understood_by_its_words(name: str, genre: str | None) -> None:
    assert classes().find_in_words(name) == genre


def test_the_longer_of_two_genres_in_a_name_is_meant() -> None:
    found = GenreClasses(GenreVocabulary(("Rock", "Punk Rock")), GenreMap())
    assert found.find_in_words("Californian Punk Rock") == "Punk Rock"


def test_a_parent_in_a_name_means_its_only_child() -> None:
    assert classes(parents={"Blues": "Roots"}).find_in_words("Roots Revival") == "Blues"
    assert (
        GenreClasses(
            GenreVocabulary(NAMES), GenreMap(parents={"Blues": "Roots", "Rock": "Roots"})
        ).find_in_words("Roots Revival")
        is None
    )


def test_a_name_goes_before_what_is_heard() -> None:
    found = describe_unmapped("Alternative Rock", 4, said(*[("Pop", 0.9)] * 4), classes())
    assert (found.genre, found.reason) == ("Rock", "name")


@pytest.mark.parametrize(
    ("heard", "genre"),
    [
        ([("Pop", 0.9)] * 3, "Pop"),
        ([("Pop", 0.9)] * 4 + [("Rock", 0.9)] * 2, "Pop"),
        ([("Pop", 0.9)] * 2, None),
        ([("Pop", 0.4)] * 30, None),
        ([("Pop", 0.9)] * 3 + [("Rock", 0.9)] * 3, None),
        ([], None),
    ],
)
def test_what_is_heard_counts_if_it_is_mostly_and_surely_one(
    heard: list[tuple[str, float]], genre: str | None
) -> None:
    found = describe_unmapped("House", 30, said(*heard), classes())
    assert (found.genre, found.reason) == (genre, "model" if genre else None)


names = st.sampled_from([*NAMES, "Rap", "Roots", "House"]) | st.text(max_size=8)


@given(
    rename=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["Rap", "Loud", "Soft"])),
    drop=st.frozensets(st.sampled_from(NAMES)),
    name=names,
)
def test_whatever_the_map_every_meaning_is_a_class(
    rename: dict[str, str], drop: frozenset[str], name: str
) -> None:
    found = classes(rename=rename, drop=drop)
    assert all(0 <= place < len(found) for place in found.indices_of([name]))
    assert found.find_in_words(name) in (None, *found.names)
    for genre in NAMES:
        written = GenreMap(rename, drop).names(genre)
        place = found.index_of(genre)
        assert (found.names[place],) == written if place is not None else written == ()


OLDER = GenreVocabulary(("R&B", "Pop"), aliases={"Soul-RnB": "R&B"})


def test_an_older_name_in_a_file_means_its_genre() -> None:
    assert meant(GenreClasses(OLDER, GenreMap()), "soul rnb", "Pop") == ["R&B", "Pop"]
    renamed = GenreClasses(OLDER, GenreMap({"Soul-RnB": "Soul"}, synonyms=OLDER.aliases))
    assert meant(renamed, "Soul-RnB") == meant(renamed, "R&B") == meant(renamed, "Soul") == ["Soul"]


def test_an_alias_may_mean_an_older_name_and_may_take_it_from_its_genre() -> None:
    both = GenreMap(aliases={"Motown": "Soul-RnB"})
    assert meant(GenreClasses(OLDER, both), "Motown") == ["R&B"]
    other = GenreMap(aliases={"Soul-RnB": "Pop"})
    assert meant(GenreClasses(OLDER, other), "Soul-RnB") == ["Pop"]


def test_a_family_is_right_for_its_genres_and_for_its_name() -> None:
    genres = GenreVocabulary(NAMES, {"Pop": "Light", "Blues": "Light", "Metal": "Rock"})
    found = GenreClasses(genres, GenreMap(rename={"Light": "Easy"}))
    light = found.best_family(said(("Pop", 0.5), ("Blues", 0.3), ("Rock", 0.2)))
    assert light and light.best == ScoredGenre("Light", 0.8)
    pop, rock = found.indices_of(["Pop", "Rock"])
    assert found.fits_family(light, (), pop) and not found.fits_family(light, (), rock)
    assert found.fits_family(light, ("Rock", "easy"), rock)
    assert [found.is_family(name) for name in ("light", "Easy", "Rock", "Pop")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_an_alias_of_a_person_may_mean_a_family() -> None:
    genres = GenreVocabulary(NAMES, {"Pop": "Light", "Blues": "Light"})
    easy = GenreMap(rename={"Light": "Easy"}, aliases={"Chill": "Light", "Lounge": "Easy"})
    found = GenreClasses(genres, easy)
    assert found.is_family("chill") and found.is_family("lounge")
    light = found.best_family(said(("Pop", 0.5), ("Blues", 0.3)))
    [rock] = found.indices_of(["Rock"])
    assert light and found.fits_family(light, ("Rock", "Chill"), rock)


def test_a_family_that_the_map_drops_is_none() -> None:
    genres = GenreVocabulary(NAMES, {"Pop": "Light", "Blues": "Light"})
    found = GenreClasses(genres, GenreMap(drop=frozenset({"Light"})))
    assert found.best_family(said(("Pop", 0.5), ("Blues", 0.3))) is None
    assert not found.is_family("Light") and found.knows("Light")


TAXONOMY = load_taxonomy()


def test_a_name_means_the_nearest_class_that_is_broader() -> None:
    broad = GenreClasses(GenreVocabulary(("Electronic", "Hip-Hop", "Rock")), GenreMap(), TAXONOMY)
    assert meant(broad, "Death Metal") == ["Rock"]
    assert meant(broad, "Trip-Hop") == ["Electronic", "Hip-Hop"]
    assert meant(broad, "Rap", "Hard Bop") == ["Hip-Hop"]
    narrow = GenreClasses(GenreVocabulary(("Rock", "Metal")), GenreMap(), TAXONOMY)
    assert meant(narrow, "Death Metal") == ["Metal"]
    assert narrow.is_narrow(["Jazz", "Death Metal"]) and not narrow.is_narrow(["Metal", "Punk"])


def test_the_map_goes_before_the_taxonomy() -> None:
    aliases = GenreMap(aliases={"Death Metal": "Electronic"})
    found = GenreClasses(GenreVocabulary(("Electronic", "Rock")), aliases, TAXONOMY)
    assert meant(found, "Death Metal") == ["Electronic"]
    dropped = GenreMap(drop=frozenset({"Metal"}))
    found = GenreClasses(GenreVocabulary(("Metal", "Rock")), dropped, TAXONOMY)
    assert meant(found, "Death Metal") == [] and found.knows("Death Metal")


def test_classes_that_are_broader_or_narrower_contradict_no_name() -> None:
    found = GenreClasses(GenreVocabulary(("Metal", "Punk", "Rock", "Jazz")), GenreMap(), TAXONOMY)
    assert {found.names[n] for n in found.agreeing(["Rock"])} == {"Metal", "Punk", "Rock"}
    assert {found.names[n] for n in found.agreeing(["Metal"])} == {"Metal", "Rock"}
    assert {found.names[n] for n in found.agreeing(["Hard Bop"])} == {"Jazz"}


def test_only_names_that_nobody_knows_get_a_proposal() -> None:
    found = GenreClasses(GenreVocabulary(("Rock", "Pop")), GenreMap(), TAXONOMY)
    assert describe_unmapped("Zeuhlish Rock", 3, [], found).genre == "Rock"
    assert describe_unmapped("Hard Bop", 3, [ScoredGenre("Rock", 0.9)] * 9, found).genre is None
