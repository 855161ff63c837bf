"""Names that say no genre count as none, unless a person or a model says otherwise."""

import pytest

from genretag.domain.genre import fold_name
from genretag.domain.genre_map import GenreMap
from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.placeholder import PLACEHOLDERS, drop_placeholders, parse_placeholders


@pytest.mark.parametrize(
    "name",
    [
        "Other", "other", "Unknown", "<unknown>", "(Unknown)", "Unknown Genre", "unknown_genre",
        "Unclassified", "None", "No Genre", "Misc", "misc.", "Miscellaneous", "Music", "Genre",
        "255", "(255)", "default", "n/a", "N.A.", "undefined", "[Unassigned]", "?", "-",
        "People & Blogs", "Sonstige", "Andere", "Autre", "Inconnu", "Desconocido", "Altro",
        "Ge\u0301nero desconocido", "Неизвестно", "その他",
    ],
)  # fmt: skip
def test_what_taggers_write_for_want_of_a_genre_is_none(name: str) -> None:
    assert drop_placeholders((name,), parse_placeholders()) == ()


def test_no_genre_of_id3v1_but_other_is_a_placeholder() -> None:
    assert [name for name in ID3V1_GENRES if fold_name(name) in parse_placeholders()] == ["Other"]


def test_a_real_genre_beside_a_placeholder_stays() -> None:
    assert drop_placeholders(("Other", "Rock", "Unknown"), parse_placeholders()) == ("Rock",)
    assert drop_placeholders(("Other Music", "Unknown Pleasures"), parse_placeholders()) != ()


def test_no_name_is_listed_twice() -> None:
    assert len({fold_name(name) for name in PLACEHOLDERS}) == len(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("told", "some", "others"),
    [
        ("Pop, My Music", ("pop", "mymusic"), ("other",)),
        ("+Pop,My Music", ("pop", "mymusic", "other"), ()),
        ("-Other, Music", ("unknown",), ("other", "music", "-Other")),
        ("", (), ("other",)),
        (" , ", (), ("other",)),
    ],
)
def test_a_list_replaces_adds_to_or_takes_from_the_usual_ones(
    told: str, some: tuple[str, ...], others: tuple[str, ...]
) -> None:
    found = parse_placeholders(told)
    assert set(some) <= found and found.isdisjoint(others)


def test_what_the_model_or_the_map_calls_a_genre_is_none() -> None:
    genre_map = GenreMap(rename={"Spoken": "Misc"}, aliases={"Unknown": "Rock"})
    found = parse_placeholders(None, ("Music", "Speech", "Rock", "Spoken"), genre_map)
    assert found.isdisjoint({"music", "misc", "unknown"}) and "other" in found
