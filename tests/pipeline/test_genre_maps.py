"""A person's names for genres: whatever the map, what is written is what players show."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from writers import empty

from genretag import tags
from genretag.domain.genre import GenreVocabulary, fold_name, player_safe
from genretag.domain.genre_map import GenreMap, MapError
from genretag.domain.truth import GenreClasses
from genretag.errors import Code, UsageError
from genretag.library import maps

KNOWN = ("Rock", "Pop", "Hip-Hop", "Folk", "Spoken", "Old-Time", "Trap")


def test_without_entries_every_genre_keeps_its_name() -> None:
    assert [GenreMap().names(name) for name in KNOWN] == [(name,) for name in KNOWN]


def test_names_are_found_whatever_their_case_and_punctuation() -> None:
    found = GenreMap({"hip hop": "Rap"}, frozenset({"SPOKEN"}), {"oldtime": "Country"})
    assert found.names("Hip-Hop") == ("Rap",)
    assert found.names("Spoken") == ()
    assert found.names("Old-Time") == ("Old-Time", "Country")


def test_a_genre_can_get_another_spelling_of_its_name() -> None:
    assert GenreMap({"Hip-Hop": "Hip Hop"}).names("Hip-Hop") == ("Hip Hop",)
    assert GenreMap({"Hip-Hop": "Rap", "Rap": "RAP"}).names("Hip-Hop") == ("RAP",)


def test_genres_are_merged_and_renamed_in_several_steps() -> None:
    found = GenreMap({"Folk": "Acoustic", "Old-Time": "Folk"})
    assert found.names("Folk") == found.names("Old-Time") == ("Acoustic",)


def test_parents_follow_their_children_and_have_parents_of_their_own() -> None:
    parents = {"Trap": "Hip-Hop", "Hip-Hop": "Urban", "Urban": "Popular"}
    assert GenreMap(parents=parents).names("Trap") == ("Trap", "Hip-Hop", "Urban", "Popular")


@pytest.mark.parametrize("child", ["Hip-Hop", "Rap"])
def test_a_renamed_parent_has_parents_under_its_old_and_its_new_name(child: str) -> None:
    found = GenreMap({"Hip-Hop": "Rap"}, parents={"Trap": "Hip-Hop", child: "Urban"})
    assert found.names("Trap") == ("Trap", "Rap", "Urban")
    assert found.names("Hip-Hop") == ("Rap", "Urban")


@pytest.mark.parametrize("dropped", ["Hip-Hop", "Rap"])
def test_a_genre_is_dropped_under_its_old_and_its_new_name(dropped: str) -> None:
    found = GenreMap({"Hip-Hop": "Rap"}, frozenset({dropped}), {"Rap": "Urban"})
    assert found.names("Hip-Hop") == ()


def test_a_dropped_parent_is_left_out_and_its_own_parent_stays() -> None:
    parents = {"Trap": "Hip-Hop", "Hip-Hop": "Urban"}
    found = GenreMap(drop=frozenset({"hip hop"}), parents=parents)
    assert found.names("Trap") == ("Trap", "Urban")


def test_names_that_players_would_split_are_cut() -> None:
    found = GenreMap({"Old-Time": "Old-Time / Historic"}, parents={"Folk": "A; B"})
    assert found.names("Old-Time") == ("Old-Time",)
    assert found.names("Folk") == ("Folk", "A")


# Other names that a model has for its genres


def with_synonym(*tables: object) -> GenreMap:
    return GenreMap(*tables, synonyms={"Soul-RnB": "R&B"})  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["R&B", "Soul-RnB", "soul rnb"])
def test_a_genre_is_renamed_dropped_and_a_child_under_its_older_name(key: str) -> None:
    assert with_synonym({key: "Soul"}).names("R&B") == ("Soul",)
    assert with_synonym({}, frozenset({key})).names("R&B") == ()
    assert with_synonym({}, frozenset(), {key: "Urban"}).names("R&B") == ("R&B", "Urban")
    assert with_synonym({"R&B": "Soul"}).changes(key)


@pytest.mark.parametrize("name", ["Soul-RnB", "R&B"])
def test_a_genre_that_gets_an_older_name_of_another_is_merged_with_that(name: str) -> None:
    assert with_synonym({"Blues": name}).names("Blues") == ("R&B",)
    assert with_synonym({"Blues": name, "Soul-RnB": "Soul"}).names("Blues") == ("Soul",)
    assert with_synonym({}, frozenset(), {"Blues": name}).names("Blues") == ("Blues", "R&B")


def test_a_genre_can_get_its_older_name_back() -> None:
    found = with_synonym({"R&B": "Soul-RnB", "Blues": "R&B"})
    assert found.names("R&B") == found.names("Blues") == ("Soul-RnB",)
    assert with_synonym({"Soul-RnB": "R&B"}).names("R&B") == ("R&B",)


def test_an_older_name_is_written_only_where_an_entry_says_so() -> None:
    assert with_synonym().names("R&B") == ("R&B",)
    assert not with_synonym().changes("Soul-RnB")


# Maps as files


def read(folder: Path, text: str) -> GenreMap:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return maps.read(path, GenreVocabulary(KNOWN))


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        'drop = ["Spoken"]\n[rename]\n"Hip-Hop" = "Rap"\n[parents]\nTrap = "Hip-Hop"\n'
        '[aliases]\nGrime = "Rap"\n',
    )
    assert found.aliases == {"Grime": "Rap"}
    assert found.names("Trap") == ("Trap", "Rap")
    assert found.names("Spoken") == ()


WRONG = {
    "an unknown genre": ('drop = [\n  "Rock",\n  "Rokc",\n]', 3, "Rokc"),
    "an unknown name to rename": ('[rename]\nRock = "Folk"\nFolc = "Rock"', 3, "Folc"),
    "an unknown child of an unknown parent": (
        '[rename]\nRock = "R"\n[parents]\nR = "Rok"\nRoll = "Rollo"',
        5,
        "Roll",
    ),
    "a circle of names": ('# Rock\n[rename]\nRock = "Pop"\nPop = "Rock"', 3, "Rock -> Pop -> Rock"),
    "a circle of parents": (
        '[rename]\nFolk = "Rock"\n\n[parents]\nPop = "Trap"\nRock = "Pop"\nTrap = "Rock"',
        5,
        "Pop -> Trap -> Rock -> Pop",
    ),
    "a circle of a new name and a parent": (
        '[rename]\nRock = "Guitar"\n[parents]\nGuitar = "Folk"\nFolk = "Rock"',
        4,
        "Guitar -> Folk -> Guitar",
    ),
    "two new names for one genre": ('[rename]\nRock = "A"\nrock = "B"', 3, "'rock' has another"),
    "a parent of itself": ('[parents]\nPop = "Folk"\nRock = "rock"', 3, "circle"),
    "an unknown table": ('drop = ["Rock"]\n\n[renames]\nRock = "Pop"', 3, "renames"),
    "a list instead of a table": ('drop = ["Rock"]\nrename = ["Rock"]', 2, "rename"),
    "a number instead of a name": ('[parents]\nPop = "Folk"\n[rename]\nRock = 17', 3, "rename"),
    "a name of which nothing is left": ('[rename]\nPop = "Folk"\nRock = " / "', 3, "' / '"),
    "a number that tags take for a genre": ('[rename]\nRock = "17"', 2, "'17'"),
    "a reference to a genre": ('[parents]\nRock = "(4)Disco"', 2, "(4)Disco"),
    "a name in quotes": ('[rename]\n"Rock" = "Pop"\n"Hip/Hop?!" = "Pop"\n"A B" = "Pop"', 4, "A B"),
    "a table in one line": ('drop = []\nrename = { Rock = "Pop", Rak = "Pop" }', 2, "Rak"),
    "keys with dots": ('rename.Rock = "Pop"\nrename.Rak = "Pop"', 2, "Rak"),
    "an alias for an unknown genre": ('[aliases]\nTrip = "Pop"\nHouse = "Dunce"', 3, "Dunce"),
    "an alias that is no name": ('drop = ["Rock"]\n[aliases]\nHouse = 3', 2, "aliases"),
    "no TOML at all": ('[rename]\nRock = "Pop"\nFolk\nPop = "Folk"', 3, "cannot be read"),
}


@pytest.mark.parametrize("problem", WRONG)
def test_a_wrong_entry_is_refused_with_its_line(problem: str, tmp_path: Path) -> None:
    text, line, words = WRONG[problem]
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert caught.value.code == Code.BAD_MAP
    assert f"line {line}" in caught.value.message
    assert words in caught.value.message and "map.toml" in caught.value.message
    assert "models show" in caught.value.hint


@pytest.mark.parametrize("data", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_refused(data: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        maps.read(path, GenreVocabulary(KNOWN))
    assert caught.value.code == Code.BAD_MAP and str(path) in caught.value.message


# Any map


some = st.sampled_from([*KNOWN, "Rap", "hip hop", "Urban", "A / B", "ROCK", "摇滚"])
texts = st.text(max_size=12)
tables = st.dictionaries(some, some | texts, max_size=5)
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@st.composite
def genre_maps(draw: st.DrawFn) -> GenreMap:
    try:
        return GenreMap(draw(tables), frozenset(draw(st.lists(some, max_size=2))), draw(tables))
    except MapError as error:
        assert error.key in (*KNOWN, *some.elements) and str(error)
        assume(False)
        raise


@given(found=genre_maps(), genre=some | texts)
@relaxed
def test_no_map_makes_a_name_twice_or_one_that_players_split(found: GenreMap, genre: str) -> None:
    assume(player_safe(genre) == genre != "")
    names = found.names(genre)
    assert len({fold_name(name) for name in names}) == len(names)
    assert all(name and player_safe(name) == name for name in names)


@given(found=genre_maps(), genre=some)
@relaxed
def test_what_is_dropped_is_never_written(found: GenreMap, genre: str) -> None:
    dropped = {fold_name(name) for name in found.drop}
    written = {fold_name(name) for name in found.names(genre)}
    # A name that is cut for players may become one that is dropped.
    assume(not any("/" in name for name in (*found.rename.values(), *found.parents.values())))
    assert not written & dropped
    if fold_name(genre) in dropped:
        assert not written


@given(found=genre_maps(), genre=some)
@relaxed
def test_a_name_that_the_map_has_made_stays(found: GenreMap, genre: str) -> None:
    names = found.names(genre)
    assume(names)
    assume(not any(player_safe(name) != name for name in found.rename.values()))
    again = found.names(names[0])
    assert again[:1] in ((), names[:1])


@given(found=genre_maps(), genre=some)
@settings(relaxed, max_examples=30)
@pytest.mark.parametrize("kind", ["MP3", "FLAC", "MP4", "ASF", "WavPack", "WAV"])
def test_what_a_map_makes_can_be_written_and_read_everywhere(
    kind: str, found: GenreMap, genre: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    names = found.names(player_safe(genre))
    path = empty(kind, tmp_path_factory.mktemp("map"))
    tags.write(path, names)
    assert tags.read(path).genres == names


def test_an_older_name_of_a_genre_and_its_own_may_not_get_different_names() -> None:
    synonyms = {"Soul-RnB": "R&B"}
    same = GenreMap({"Soul-RnB": "Soul", "R&B": "Soul"}, synonyms=synonyms)
    assert same.names("R&B") == ("Soul",)
    with pytest.raises(MapError, match="'R&B' has another entry"):
        GenreMap({"Soul-RnB": "Soul", "R&B": "RNB"}, synonyms=synonyms)


def test_a_file_may_use_families_and_older_names(tmp_path: Path) -> None:
    genres = GenreVocabulary(
        ("R&B", "Hip-Hop", "Pop"), dict.fromkeys(("R&B", "Hip-Hop"), "Urban"), {"Soul-RnB": "R&B"}
    )
    path = tmp_path / "map.toml"
    path.write_text(
        'drop = ["Urban"]\n[rename]\nSoul-RnB = "Soul"\n[aliases]\nMotown = "Soul-RnB"\n'
    )
    found = maps.read(path, genres)
    assert found.names("R&B") == ("Soul",) and found.names("Urban") == ()
    assert GenreClasses(genres, found).indices_of(["Motown"]) == (0,)
    assert maps.read(None, genres) == GenreMap(synonyms={"Soul-RnB": "R&B"})
