"""Places for genres, as options, plans and the journal name them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.layout import PLAYERS
from genretag.domain.places import (
    FieldChange,
    Routing,
    fields_from_dict,
    fields_to_dict,
    free_name,
    parse_place,
    parse_routing,
)
from genretag.domain.shown_places import SHOWN, warn_hidden

names = st.lists(st.text(min_size=1), max_size=3).map(tuple)


def test_a_place_alone_is_that_of_the_styles() -> None:
    assert parse_routing(["style"]) == Routing(style="style")
    assert parse_routing(["grouping"]) == parse_routing(["style=grouping"])


def test_each_kind_has_a_place_of_its_own() -> None:
    found = parse_routing([" Family = Grouping ", "style=txxx:my style"])
    assert found == Routing("grouping", "TXXX:MY STYLE")
    assert found.splits and found.places == ("grouping", "TXXX:MY STYLE")


def test_the_default_and_what_says_the_same_is_plain() -> None:
    assert parse_routing([]).is_plain
    assert parse_routing(["family=genre", "style=genre", "style=genre"]).is_plain


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["style=style", "style=grouping"], "two places, style and grouping"),
        (["mood=grouping"], "'mood' is no kind of genre"),
        (["=grouping"], "'' is no kind of genre"),
        (["family"], "'family' is no place"),
        (["style="], "'' is no place"),
        (["style=style=x"], "'style=x' is no place"),
        (["style=lyrics"], "genre, style, grouping, comment or TXXX:NAME"),
        (["TXXX:"], "cannot name a field"),
        (["TXXX:X"], "cannot name a field"),
        (["style=TXXX:a=b"], "cannot name a field"),
        (["TXXX:Stimmung ä"], "cannot name a field"),
        (["TXXX:" + "X" * 41], "cannot name a field"),
        (["TXXX:a\nb"], "cannot name a field"),
        (["TXXX:Style"], "the place style"),
        (["TXXX:Album Artist"], "meaning of its own"),
        (["TXXX:musicbrainz_trackid"], "meaning of its own"),
        (["TXXX:REPLAYGAIN_TRACK_GAIN"], "meaning of its own"),
        (["TXXX:WM/Genre"], "meaning of its own"),
    ],
)
def test_what_is_wrong_is_told(texts: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_routing(texts)


@given(st.text())
def test_any_text_is_a_place_or_refused(text: str) -> None:
    try:
        place = parse_place(text)
    except ValueError:
        return
    assert parse_place(place) == place
    assert free_name(place) is None or free_name(place) == free_name(place).upper()


@given(
    st.dictionaries(st.sampled_from(["style", "grouping", "TXXX:MOOD"]), st.tuples(names, names))
)
def test_changes_of_fields_survive_json(entries: dict[str, tuple[tuple[str, ...], ...]]) -> None:
    fields = tuple(FieldChange(place, *sides) for place, sides in entries.items())
    assert fields_from_dict(json.loads(json.dumps(fields_to_dict(fields)))) == fields


NOTHING: dict[str, list[str]] = {"before": [], "after": []}


@pytest.mark.parametrize(
    "entries", [{"lyrics": NOTHING}, {"style": {}}, {"style": NOTHING, "Style": NOTHING}]
)
def test_other_json_is_refused(entries: dict[str, dict[str, list[str]]]) -> None:
    with pytest.raises((ValueError, KeyError)):
        fields_from_dict(entries)


def test_every_player_says_what_it_shows() -> None:
    assert SHOWN.keys() == PLAYERS.keys()


@pytest.mark.parametrize(
    ("player", "place", "warning"),
    [
        (None, "genre", ""),
        (None, "grouping", ""),
        (None, "style", "only foobar2000"),
        (None, "TXXX:MOOD", "only foobar2000"),
        ("jellyfin", "comment", "jellyfin does not show comment"),
        ("navidrome", "grouping", ""),
        ("navidrome", "style", "navidrome does not show style"),
        ("mpd", "grouping", "TIT1"),
        ("mpd", "comment", "metadata_to_use"),
        ("foobar2000", "TXXX:MOOD", ""),
    ],
)
def test_a_place_that_nobody_sees_is_warned_of(
    player: str | None, place: str, warning: str
) -> None:
    found = list(warn_hidden([place], player))
    assert (warning in found[0]) if warning else not found
