import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.players import PLAYERS
from genretag.domain.stored import StoredItem, StoredTag

BY_NAME = {player.name: player for player in PLAYERS}
FORMATS = st.sampled_from(["ID3v2", "ID3v1", "APEv2", "Vorbis comments", "MP4", "ASF", "RIFF INFO"])
NAMES = st.text(st.sampled_from("aB;/, "), min_size=1)


def tag(format_: str, *names: str) -> StoredTag:
    items = (StoredItem("key", names, names),) if names else ()
    return StoredTag(format_, format_, "", items)


@pytest.mark.parametrize(
    ("player", "container", "tags", "shown"),
    [
        ("Navidrome", "FLAC", [tag("Vorbis comments", "Rock", "Pop; Jazz")],
         ("Rock", "Pop", "Jazz")),
        ("Navidrome", "MP3", [tag("ID3v2", "Rock/Pop, Jazz")], ("Rock", "Pop", "Jazz")),
        ("Jellyfin", "MP3", [tag("ID3v2", "Rock; Pop", "Jazz")], ("Rock; Pop", "Jazz")),
        ("Kodi", "FLAC", [tag("Vorbis comments", "Rock / Pop; Jazz")], ("Rock", "Pop; Jazz")),
        ("Kodi", "MP3", [tag("ID3v2"), tag("ID3v1", "Rock")], ()),
        ("MPD", "MP3", [tag("ID3v2"), tag("ID3v1", "Rock")], ("Rock",)),
        ("MPD", "ASF", [tag("ASF", "Rock", "Pop")], ("Rock",)),
        ("iTunes", "MP4", [tag("MP4", "Rock", "Pop")], ("Rock",)),
        ("iTunes", "MP3", [tag("ID3v2", "Rock; Pop")], ("Rock; Pop",)),
        ("iTunes", "FLAC", [tag("Vorbis comments", "Rock")], ()),
        ("foobar2000", "MP4", [tag("MP4", "Rock", "Pop")], ("Rock",)),
        ("foobar2000", "MP3", [tag("ID3v2", "Rock", "Pop"), tag("APEv2", "Old")], ("Rock", "Pop")),
    ],
)  # fmt: skip
def test_what_a_player_shows(player: str, container: str, tags: list[StoredTag], shown) -> None:
    assert BY_NAME[player].shows(container, tags) == shown


@given(st.lists(st.tuples(FORMATS, st.lists(NAMES, max_size=3)), max_size=3))
def test_whatever_is_shown_stands_in_a_tag(found: list[tuple[str, list[str]]]) -> None:
    tags = [tag(format_, *names) for format_, names in found]
    for player in PLAYERS:
        shown = player.shows("MP3", tags)
        assert all(
            name and any(name in text for one in tags for text in one.names) for name in shown
        )
        assert len(set(shown)) == len(shown)


def test_the_players_are_those_for_whom_genres_are_laid_out() -> None:
    from genretag.domain import layout

    assert sorted(player.name.casefold() for player in PLAYERS) == sorted(layout.PLAYERS)
