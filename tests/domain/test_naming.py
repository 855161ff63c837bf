"""Names to write: the library's spelling, parents, and a whitelist."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.genre import fold_name, player_safe
from genretag.domain.genre_map import GenreMap
from genretag.domain.naming import Naming, find_spellings
from genretag.domain.placeholder import parse_placeholders
from genretag.domain.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
PLACEHOLDERS = parse_placeholders()


def spelled(*files: tuple[str, ...], naming: Naming | None = None) -> Naming:
    naming = naming or Naming()
    return naming.with_spellings(find_spellings(files, naming, PLACEHOLDERS))


def test_the_spelling_that_most_files_have_is_written() -> None:
    naming = spelled(("Hip Hop",), ("Hip Hop", "Pop"), ("Rap",), ("hip-hop",))
    assert naming.names("Hip-Hop") == ("Hip Hop",)


def test_of_equal_spellings_the_first_by_name_is_written() -> None:
    assert spelled(("Rap",), ("Hip Hop",)).names("Hip-Hop") == ("Hip Hop",)


def test_where_the_library_says_nothing_the_common_name_is_written() -> None:
    assert spelled(("Jazz",)).names("Soul-RnB") == ("R&B",)


def test_genres_that_the_taxonomy_does_not_know_are_spelled_as_well() -> None:
    assert spelled(("Zeuhlish Noises",)).names("zeuhlish-noises") == ("Zeuhlish Noises",)


def test_a_text_with_several_genres_and_a_placeholder_are_no_spellings() -> None:
    naming = spelled(("R&B/Soul",), ("Hip-Hop/Rap",), ("Other",), ("RnB; Pop",))
    assert naming.spellings == {}


def test_odd_spellings_stay_where_they_are() -> None:
    odd = ("hip hop!!!", "[country]", "_jazz_", "=Pop", "#Rock", '"Blues"', "Folk" + "-" * 99 + "k")
    naming = spelled(*[(name,) for name in odd])
    assert naming.spellings == {}


def test_what_a_terminal_cannot_show_is_not_spread() -> None:
    naming = spelled(*[("Hip\nHop",), ("\x1b[31mJazz",), ("\u202ePop",)] * 5, ("hip hop",))
    assert [naming.names(one) for one in ("Hip-Hop", "Jazz", "Pop")] == [
        ("hip hop",), ("Jazz",), ("Pop",),
    ]  # fmt: skip


def test_the_map_goes_before_the_library() -> None:
    naming = Naming(GenreMap(rename={"Hip-Hop": "Beats"}, aliases={"Jazzy": "Jazz"}))
    found = spelled(("Hip Hop",), ("Jazzy",), ("JAZZ",), ("Jazzy",), naming=naming)
    assert found.names("Hip-Hop") == ("Beats",)
    assert found.names("Jazz") == ("JAZZ",)


def test_parents_have_the_spelling_of_the_library_too() -> None:
    naming = spelled(("ELECTRONICA",), ("Hip Hop",), naming=Naming(adds_parents=True))
    assert naming.names("Trip-Hop") == ("Trip-Hop", "ELECTRONICA", "Hip Hop")


def test_a_whitelist_gives_the_spelling() -> None:
    naming = spelled(("Hip Hop",), naming=Naming(only=("HIPHOP", "rock")))
    assert (naming.names("Hip-Hop"), naming.names("Metal")) == (("HIPHOP",), ("rock",))


real = st.sampled_from(sorted({n for one in TAXONOMY for n in (one.name, *one.aliases)}))
libraries = st.lists(st.lists(real, max_size=3).map(tuple), max_size=12)


@given(files=libraries, order=st.randoms(use_true_random=False), genre=real, parents=st.booleans())
def test_spelling_changes_no_genre_and_does_not_depend_on_the_order_of_files(
    files: list[tuple[str, ...]], order: Random, genre: str, parents: bool
) -> None:
    naming = Naming(adds_parents=parents)
    found = spelled(*files, naming=naming)
    order.shuffle(files)
    assert spelled(*files, naming=naming) == found
    plain, written = naming.names(genre), found.names(genre)
    assert all(map(TAXONOMY.is_same, plain, written)) and len(plain) == len(written)
    assert all(player_safe(name) == name for name in written)


@given(
    parents=st.dictionaries(real, real, max_size=4),
    aliases=st.dictionaries(real | st.sampled_from(["Noise X", "Mine"]), real, max_size=4),
)
def test_any_map_that_is_one_extends_the_taxonomy(
    parents: dict[str, str], aliases: dict[str, str]
) -> None:
    extended = TAXONOMY.extend(parents, aliases)
    for alias, name in aliases.items():
        if not {fold_name(alias), fold_name(name)} & set(map(fold_name, aliases.values())):
            assert extended.is_same(alias, name)
    if len(parents) == 1 and not aliases:
        [(child, parent)] = parents.items()
        assert fold_name(child) == fold_name(parent) or extended.is_broader(parent, child)
