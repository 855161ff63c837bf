"""The taxonomy: what comes with genretag, and any other that can be made."""

import csv
import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.genre import fold_name, player_safe
from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.placeholder import PLACEHOLDERS
from genretag.domain.taxonomy import Taxonomy, TaxonomyGenre, load_taxonomy
from genretag.inference import session, store

TAXONOMY = load_taxonomy()
CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips.csv"

FMA = (
    "Electronic", "Experimental", "Folk", "Hip-Hop", "Instrumental", "International", "Pop",
    "Rock", "Blues", "Classical", "Country", "Easy Listening", "Jazz", "Old-Time / Historic",
    "Soul-RnB", "Spoken",
)  # fmt: skip

NO_GENRES = {"Other", "Sound Clip", "Cult", "Revival", "Primus", "Eclectic"}
"""Names of ID3v1 that say nothing, or nothing that is one kind of music."""

SHOPS = {
    "Hip-Hop/Rap": "Hip-Hop", "R&B/Soul": "R&B", "Singer/Songwriter": "Singer-Songwriter",
    "Alternative & Punk": "Alternative Rock", "Children's Music": "Children's",
    "Books & Spoken": "Spoken", "Christian & Gospel": "Religious", "Vocal": "Vocal",
    "Klassik": "Classical", "Schlager": "Schlager", "Chanson": "Chanson", "Hörspiel": "Audio Drama",
    "Banda sonora": "Soundtrack", "OST": "Soundtrack", "Música Popular Brasileira": "MPB",
    "DnB": "Drum & Bass", "RnB": "R&B", "Rap": "Hip-Hop", "Electronica": "Electronic",
}  # fmt: skip


def test_there_are_many_genres_in_few_families() -> None:
    families = [one.name for one in TAXONOMY if not one.parents]
    assert len(TAXONOMY) >= 600
    assert len(families) <= 25
    assert {family for one in TAXONOMY for family in TAXONOMY.families(one.name)} == set(families)


def test_every_name_and_alias_finds_its_genre_however_it_is_written() -> None:
    for one in TAXONOMY:
        for name in (one.name, *one.aliases):
            for spelling in (name, name.upper(), name.lower(), name.replace(" ", "_")):
                assert TAXONOMY.find(spelling) == one.name, spelling


def test_players_show_every_name_whole_and_no_alias_is_idle() -> None:
    for one in TAXONOMY:
        assert player_safe(one.name) == one.name
        folded = [fold_name(name) for name in (one.name, *one.aliases)]
        assert len(set(folded)) == len(folded), one.name
        assert len(set(one.parents)) == len(one.parents), one.name


def test_no_placeholder_is_a_genre() -> None:
    assert [name for name in PLACEHOLDERS if TAXONOMY.find(name)] == []


def test_ancestors_go_up_to_families_and_never_round() -> None:
    for one in TAXONOMY:
        ancestors = TAXONOMY.ancestors(one.name)
        assert one.name not in ancestors
        assert set(TAXONOMY.families(one.name)) <= {one.name, *ancestors}
        for parent in one.parents:
            assert TAXONOMY.is_broader(parent, one.name)
            assert not TAXONOMY.is_broader(one.name, parent)
            assert one.name in TAXONOMY.children(parent)


def test_names_of_id3v1_are_found() -> None:
    assert {name for name in ID3V1_GENRES if not TAXONOMY.find(name)} == NO_GENRES


@pytest.mark.parametrize("name", FMA)
def test_names_of_fma_are_found(name: str) -> None:
    assert TAXONOMY.find(name)


@pytest.mark.parametrize(("name", "genre"), SHOPS.items())
def test_names_of_shops_and_of_other_languages_are_found(name: str, genre: str) -> None:
    assert TAXONOMY.find(name) == genre


def test_the_genres_of_the_default_model_are_common_names_and_its_families_not_narrow() -> None:
    genres = session.load(store.list_bundled()[store.DEFAULT], "cpu").manifest.genres
    assert [TAXONOMY.find(name) for name in genres.names] == list(genres.names)
    for family in genres.families:
        assert TAXONOMY.find(family.name) in (None, "Rock", "World")


@pytest.mark.real
@pytest.mark.skipif(not CLIPS.exists(), reason="needs the labelled clips")
def test_what_people_call_their_genres_is_found() -> None:
    """In whole, or each part of a value that holds several; few names are left."""
    with CLIPS.open(encoding="utf-8") as rows:
        labels = {row["label"] for row in csv.DictReader(rows)}
    labels = {re.sub(r" \(.*\)$", "", label) for label in labels}
    unknown = [
        label
        for label in labels
        if not TAXONOMY.find(label) and not all(map(TAXONOMY.find, re.split("[,/]", label)))
    ]
    assert len(unknown) <= 0.05 * len(labels), json.dumps(unknown)


@pytest.mark.parametrize(
    ("name", "ancestors"),
    [
        ("Melodic Death Metal", ("Death Metal", "Metal", "Rock")),
        ("Deep House", ("House", "Electronic", "Dance")),
        ("Trip-Hop", ("Electronic", "Hip-Hop")),
        ("Folk Rock", ("Rock", "Folk")),
        ("Jazz Fusion", ("Jazz", "Rock")),
        ("Disco", ("Electronic", "R&B")),
        ("Gospel", ("Religious", "R&B")),
        ("Rock", ()),
        ("Nothing of the kind", ()),
    ],
)
def test_the_nearest_ancestors_come_first(name: str, ancestors: tuple[str, ...]) -> None:
    assert TAXONOMY.ancestors(name) == ancestors


def test_related_genres_are_the_same_or_narrower_or_broader() -> None:
    assert TAXONOMY.is_related("hip hop", "Rap") and TAXONOMY.is_same("hip hop", "Rap")
    assert TAXONOMY.is_related("Metal", "Death Metal") and TAXONOMY.is_related("Shoegaze", "Rock")
    assert not TAXONOMY.is_related("Death Metal", "Black Metal")
    assert TAXONOMY.is_same("My Own", "my-own") and not TAXONOMY.is_related("My Own", "Rock")


@pytest.mark.parametrize(
    ("name", "among", "nearest"),
    [
        ("Rap", ["Rock", "hip hop"], ("hip hop",)),
        ("Melodic Death Metal", ["Rock", "METAL", "Jazz"], ("METAL",)),
        ("Trip-Hop", ["Rap", "Electronica", "Jazz"], ("Electronica", "Rap")),
        ("Shoegaze", ["Jazz", "Blues"], ()),
        ("My Own", ["my own"], ("my own",)),
    ],
)
def test_the_nearest_of_some_names_is_the_narrowest_that_fits(
    name: str, among: list[str], nearest: tuple[str, ...]
) -> None:
    assert TAXONOMY.nearest(name, among) == nearest


def test_a_person_extends_it_with_names_of_their_own() -> None:
    mine = TAXONOMY.extend({"Rainy Days": "Shoegaze"}, {"Noisy Guitars": "Shoegaze"})
    assert mine.find("noisy guitars") == "Shoegaze"
    assert mine.ancestors("rainy-days") == ("Shoegaze", "Alternative Rock", "Rock")
    assert TAXONOMY.find("noisy guitars") is None and len(mine) == len(TAXONOMY) + 1


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="two genres"):
        Taxonomy([TaxonomyGenre("Rock"), TaxonomyGenre("Pop", aliases=("ROCK",))])
    with pytest.raises(ValueError, match="no genres"):
        Taxonomy([TaxonomyGenre("Metal", ("Rock",))])
    with pytest.raises(ValueError, match="own ancestor"):
        Taxonomy([TaxonomyGenre("A", ("B",)), TaxonomyGenre("B", ("A",))])


@st.composite
def taxonomies(draw: st.DrawFn) -> Taxonomy:
    """Draw genres whose parents are among those before them, so that there is no circle."""
    names = draw(st.lists(st.text(string.ascii_lowercase, min_size=1), min_size=1, unique=True))
    genres = [TaxonomyGenre(names[0])]
    for n, name in enumerate(names[1:], start=1):
        parents = draw(st.lists(st.sampled_from(names[:n]), unique=True, max_size=3))
        genres.append(TaxonomyGenre(name, tuple(parents)))
    return Taxonomy(genres)


@given(taxonomies(), st.data())
def test_nearest_is_the_genre_itself_or_an_ancestor_with_none_nearer(
    taxonomy: Taxonomy, data: st.DataObject
) -> None:
    names = [one.name for one in taxonomy]
    name = data.draw(st.sampled_from(names))
    among = data.draw(st.lists(st.sampled_from(names), unique=True))
    nearest = taxonomy.nearest(name, among)
    lineage = (name, *taxonomy.ancestors(name))
    assert set(nearest) <= set(lineage) & set(among)
    assert bool(nearest) == bool(set(lineage) & set(among))
    if name in among:
        assert nearest == (name,)


@given(taxonomies())
def test_broader_is_an_order(taxonomy: Taxonomy) -> None:
    for one in taxonomy:
        for broad in taxonomy.ancestors(one.name):
            assert taxonomy.is_broader(broad, one.name)
            assert not taxonomy.is_broader(one.name, broad)
            assert set(taxonomy.ancestors(broad)) <= set(taxonomy.ancestors(one.name))


def test_the_file_is_ordered_by_families_each_genre_below_its_first_parent() -> None:
    branch: list[str] = []
    for one in TAXONOMY:
        while branch and branch[-1:] != list(one.parents[:1]):
            branch.pop()
        assert bool(branch) == bool(one.parents), one.name
        branch.append(one.name)
