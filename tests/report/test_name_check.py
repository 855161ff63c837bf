"""A check of names: proposals, and how they are shown."""

import io
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from genretag.domain.genre import GenreVocabulary
from genretag.domain.name_check import NameCheck, check_names
from genretag.domain.naming import Naming, find_spellings
from genretag.domain.placeholder import parse_placeholders
from genretag.domain.taxonomy import load_taxonomy
from genretag.library import maps
from genretag.report.name_check import map_lines, placeholder_lines, print_check, to_dict

GENRES = GenreVocabulary(("Rock", "Hip-Hop", "Country"))
PLACEHOLDERS = parse_placeholders()
KNOWN = [name for one in load_taxonomy() for name in (one.name, *one.aliases)]


def check(*files: tuple[str, ...], naming: Naming | None = None) -> NameCheck:
    """Check files that have these genres."""
    naming = naming or Naming()
    naming = naming.with_spellings(find_spellings(files, naming, PLACEHOLDERS))
    paths = (Path(f"{number}.flac") for number in range(len(files)))
    return check_names(zip(paths, files, strict=True), naming, PLACEHOLDERS, GENRES.known)


def propose(found: NameCheck) -> list[str]:
    return map_lines(found.spelled, (*found.unknown, *found.joined))


def shown(found: NameCheck, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_check(found, None, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "genre"),
    [
        ("Swedish Death Metal", "Death Metal"),
        ("Hindustani classical (raga Yaman)", "Hindustani Classical"),
        ("Shoegase", "Shoegaze"),
        ("Jazz Metal", None),
        ("Gloomcore Zydebeat", None),
    ],
)
def test_an_unknown_name_means_what_its_words_or_its_letters_say(
    name: str, genre: str | None
) -> None:
    (one,) = check((name,)).unknown
    assert (one.name, one.genre) == (name, genre)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Other", "placeholder"),
        ("http://music.example.com", "web address"),
        ("www.tunes.net/rock", "web address"),
        ("1994", "year"),
        ("80s", "year"),
        ("(17)", "number"),
        ("***", "no letters"),
        ("x" * 61, "too long"),
    ],
)
def test_what_is_no_genre_is_called_what_it_is(name: str, kind: str) -> None:
    assert [one.kind for one in check((name,)).junk] == [kind]


@pytest.mark.parametrize("name", ["20th Century", "8-Bit", "Oi!", "2-Step", "R&B", "Drum & Bass"])
def test_genres_with_digits_and_signs_are_genres(name: str) -> None:
    found = check((name,))
    assert (found.known, found.known_files) == (1, 1)
    assert not found.junk


@pytest.mark.parametrize(
    ("name", "genre", "is_known"),
    [("R&B/Soul", "R&B", True), ("Blues/Techno", "Blues", False), ("My Own|Jazz", "Jazz", False)],
)
def test_several_genres_in_one_name_are_told_apart(name: str, genre: str, is_known: bool) -> None:
    (one,) = check((name,)).joined
    assert (one.genre, one.is_known) == (genre, is_known)
    assert propose(check((name,))) == ([] if is_known else ["[aliases]", f'"{name}" = "{genre}"'])


@pytest.mark.parametrize("name", ["Hip-Hop/Rap", "Singer/Songwriter", "Old-Time / Historic"])
def test_two_names_of_one_genre_are_one_genre(name: str) -> None:
    assert check((name,)).known == 1


def test_a_genre_with_several_names_is_renamed_to_the_commonest() -> None:
    found = check(("Hip Hop",), ("Hip Hop",), ("Rap",), ("Hip-Hop", "Jazz"))
    (one,) = found.spelled
    assert (one.genre, one.written) == ("Hip-Hop", "Hip Hop")
    assert [(use.name, len(use.files)) for use in one.names] == [
        ("Hip Hop", 2), ("Hip-Hop", 1), ("Rap", 1),
    ]  # fmt: skip
    assert propose(found) == ["[rename]", '"Hip-Hop" = "Hip Hop"']


def test_names_of_the_model_and_of_the_map_are_known() -> None:
    naming = Naming(maps.GenreMap({"Rock": "Loud Guitars"}, aliases={"Dinosaurs": "Rock"}))
    found = check(("Loud Guitars",), ("Dinosaurs",), naming=naming)
    assert (found.known, found.unknown) == (2, ())


names = st.one_of(st.sampled_from(KNOWN), st.text(min_size=1, max_size=20)).flatmap(
    lambda one: st.sampled_from([one, one.upper(), f"{one} Rock", f"{one}/Jazz", f"(({one}"])
)


@given(st.lists(st.lists(names, max_size=3).map(tuple), max_size=8))
def test_scan_takes_whatever_lines_are_proposed_and_then_little_is_left(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, ...]]
) -> None:
    found = check(*files)
    file = tmp_path_factory.getbasetemp() / "map.toml"
    file.write_text("\n".join(propose(found)), "utf-8")
    genre_map = maps.read(file, GENRES)
    assert not placeholder_lines(found.junk) or tomllib.loads(placeholder_lines(found.junk)[0])
    again = check(*files, naming=Naming(genre_map, maps.extend_taxonomy(genre_map)))
    assert [one.name for one in again.unknown if one.genre and one.name.isprintable()] == []
    assert to_dict(found)["map_lines"] == propose(found)
    assert all("\x1b" not in shown(found, width) for width in (20, 80, 120))


def test_long_lists_are_folded_and_lines_are_only_for_what_is_shown() -> None:
    found = check(*((f"Sort {chr(65 + n)} Metal",) for n in range(20)))
    page = shown(found, 80)
    assert page.count('" = "Metal"') == 12
    assert "and 8 more, all of them in --format json" in page
    assert len(to_dict(found)["map_lines"]) == 21


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_but_lines_to_copy_is_wider_than_the_terminal(width: int) -> None:
    page = shown(check(("A" * 70,), ("Some Very Long Name of a Kind of Jazz",), ("Rap",)), width)
    tables, _, _ = page.partition("Lines for a file")
    assert max(map(len, tables.splitlines())) <= width


def test_a_tidy_library_has_nothing_to_do() -> None:
    assert "nothing to do" in shown(check(("Rock",), ("Jazz", "Rock")), 80)
