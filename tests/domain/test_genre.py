"""Names of genres: compared by meaning, and safe to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.genre import Family, GenreVocabulary, distinct, fold_name, player_safe

texts = st.text(max_size=40)
SPLITTING = ";/,\0"


@given(name=texts)
def test_no_player_splits_a_safe_name(name: str) -> None:
    safe = player_safe(name)
    assert not set(safe) & set(SPLITTING)
    assert safe == safe.strip()


@given(name=texts)
def test_a_safe_name_is_a_part_of_the_name_and_stays_as_it_is(name: str) -> None:
    safe = player_safe(name)
    assert safe in name
    assert player_safe(safe) == safe


@given(name=texts)
def test_only_a_name_of_nothing_but_separators_has_no_safe_part(name: str) -> None:
    says_something = any(not (letter in SPLITTING or letter.isspace()) for letter in name)
    assert bool(player_safe(name)) == says_something


def test_a_safe_name_is_the_first_part_that_says_anything() -> None:
    assert player_safe(" / ; Drum & Bass, Jungle") == "Drum & Bass"


@given(name=texts)
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


@given(name=texts)
def test_only_an_empty_name_folds_to_nothing(name: str) -> None:
    assert bool(fold_name(name)) == bool(name)


@given(words=st.lists(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=4))
def test_case_spaces_and_punctuation_do_not_make_another_genre(words: list[str]) -> None:
    spellings = ["".join(words), " ".join(words).upper(), "-".join(words), "_".join(words).lower()]
    assert len({fold_name(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize("name", ["Música", "Chanson française", "Schlager für Älteré"])
def test_composed_and_decomposed_letters_mean_one_genre(name: str) -> None:
    assert fold_name(unicodedata.normalize("NFC", name)) == fold_name(
        unicodedata.normalize("NFD", name)
    )


@pytest.mark.parametrize(("one", "other"), [("R&B", "Rock"), ("C-Pop", "K-Pop"), ("!!!", "???")])
def test_different_genres_stay_different(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


@given(names=st.lists(texts, max_size=8))
def test_distinct_keeps_the_first_spelling_of_each_genre_in_order(names: list[str]) -> None:
    kept = distinct(names)
    assert [fold_name(name) for name in kept] == list(
        dict.fromkeys(fold_name(name) for name in names)
    )
    assert all(name == next(n for n in names if fold_name(n) == fold_name(name)) for name in kept)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ((), "two genres"),
        (("Rock",), "two genres"),
        (("Rock", "Pop", "Rock"), "twice"),
        (("Hip-Hop", "hip hop"), "twice"),
        (("Rock", "Old-Time / Historic"), "split"),
        (("Rock", "R&B; Soul"), "split"),
        (("Rock", "Folk, World"), "split"),
        (("Rock", "Pop\0"), "split"),
        (("Rock", " Pop"), "split"),
        (("Rock", ""), "split"),
        (("Rock", "Po\x1b[31mp"), "cannot be shown"),
        (("Rock", "Po\np"), "cannot be shown"),
    ],
)
def test_a_vocabulary_that_players_or_people_would_mix_up_is_refused(
    names: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        GenreVocabulary(names)


def test_a_parent_for_a_genre_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="Polka"):
        GenreVocabulary(("Rock", "Pop"), {"Polka": "Folk"})


def test_a_vocabulary_keeps_the_order_of_the_model() -> None:
    vocabulary = GenreVocabulary(("Rock", "Ambient", "Pop"), {"Ambient": "Electronic"})
    assert vocabulary.names == ("Rock", "Ambient", "Pop")
    assert len(vocabulary) == 3


@pytest.mark.parametrize("parent", ["", " ", " / "])
def test_a_parent_without_a_name_is_refused(parent: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        GenreVocabulary(("Rock", "Pop"), {"Rock": parent})


def test_a_family_has_a_name_that_players_show() -> None:
    parents = {"Rock": "Loud / Louder", "Metal": "Loud / Louder"}
    assert [one.name for one in GenreVocabulary(("Rock", "Metal"), parents).families] == ["Loud"]


def test_a_family_is_spelled_as_its_genre_or_else_as_its_first_parent() -> None:
    rock = GenreVocabulary(("Rock", "Metal", "Punk"), {"Metal": "rock", "Punk": "ROCK"})
    assert rock.families == (Family("Rock", ("Metal", "Punk", "Rock")),)
    world = GenreVocabulary(("Folk", "Reggae"), {"Folk": "The World", "Reggae": "the world"})
    assert world.families == (Family("The World", ("Folk", "Reggae")),)


@pytest.mark.parametrize(
    ("aliases", "why"),
    [
        ({"Soul": "Blues"}, "Blues"),
        ({"hip hop": "R&B"}, "hip hop"),
        ({"urban": "R&B"}, "urban"),
        ({"Rap": "Hip-Hop", "rap": "R&B"}, "rap"),
    ],
)
def test_an_alias_that_means_no_genre_or_is_another_name_is_refused(
    aliases: dict[str, str], why: str
) -> None:
    names = ("R&B", "Hip-Hop")
    with pytest.raises(ValueError, match=why):
        GenreVocabulary(names, dict.fromkeys(names, "Urban"), aliases)


def test_genres_families_and_aliases_are_known() -> None:
    found = GenreVocabulary(
        ("R&B", "Hip-Hop"), dict.fromkeys(("R&B", "Hip-Hop"), "Urban"), {"Soul-RnB": "R&B"}
    )
    assert found.known == ("R&B", "Hip-Hop", "Urban", "Soul-RnB")
