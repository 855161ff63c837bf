"""What players show of genres: the rules that their sources state, and what holds for all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain import layout
from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.players import PLAYERS
from genretag.domain.stored_tags import StoredItem, StoredTag

BY_NAME = {player.name: player for player in PLAYERS}
CONTAINERS = sorted({container for player in PLAYERS for container in player.readings})
NO_SPLIT = ("Jellyfin", "Kodi", "MPD", "foobar2000")


def tag(format_: str, *texts: str, version: str = "", key: str = "key") -> StoredTag:
    """One item with `texts`; none without."""
    items = (StoredItem(key, texts, texts),) if texts else ()
    return StoredTag(format_, format_, version, items, ("title",))


def items(format_: str, *texts: str) -> StoredTag:
    """An item for each text."""
    return StoredTag(format_, format_, "", tuple(StoredItem("key", (t,), (t,)) for t in texts))


def id3(*texts: str, version: str = "2.4") -> StoredTag:
    return tag("ID3v2", *texts, version=version, key="TCON")


def numbered(format_: str, key: str, digits: str, name: str) -> StoredTag:
    return StoredTag(format_, format_, "", (StoredItem(key, (digits,), (name,)),))


V1 = numbered("ID3v1", "genre", "8", "Jazz")
GNRE = numbered("MP4", "gnre", "9", "Jazz")
APE = tag("APEv2", "Old", "Older")


def shown(player: str, container: str, *tags: StoredTag) -> tuple[str, ...]:
    return BY_NAME[player].shows(container, tags)


@pytest.mark.parametrize(
    ("player", "text", "names"),
    [
        ("Navidrome", "Rock; Pop/Folk, Jazz", ("Rock", "Pop", "Folk", "Jazz")),
        ("Jellyfin", "Rock; Pop/Folk", ("Rock; Pop/Folk",)),
        ("Kodi", "Rock / Pop", ("Rock", "Pop")),
        ("Kodi", "Rock/Pop; Folk", ("Rock/Pop; Folk",)),
        ("iTunes", "Rock; Pop", ("Rock; Pop",)),
        ("MPD", "Rock; Pop/Folk", ("Rock; Pop/Folk",)),
        ("foobar2000", "Rock; Pop", ("Rock; Pop",)),
    ],
)
@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_a_text_is_split_where_the_player_does(player, text, names, version) -> None:
    assert shown(player, "MP3", id3(text, version=version)) == names


def test_kodi_splits_a_value_only_where_it_is_alone() -> None:
    assert shown("Kodi", "FLAC", items("Vorbis comments", "Rock / Pop", "Jazz")) == (
        "Rock / Pop",
        "Jazz",
    )


@pytest.mark.parametrize("player", BY_NAME)
def test_several_values_of_id3v24_are_shown_all_except_by_itunes(player) -> None:
    expected = ("Rock",) if player == "iTunes" else ("Rock", "Pop")
    assert shown(player, "MP3", id3("Rock", "Pop")) == expected


@pytest.mark.parametrize("player", BY_NAME)
def test_nulls_in_id3v23_end_the_text_for_libid3tag_and_separate_for_others(player) -> None:
    expected = ("Rock",) if player in ("iTunes", "MPD") else ("Rock", "Pop")
    assert shown(player, "MP3", id3("Rock", "Pop", version="2.3")) == expected


@pytest.mark.parametrize(
    ("player", "version", "text", "names"),
    [
        *((player, "2.4", "17", ("Rock",)) for player in BY_NAME),
        *((player, "2.3", "(17)", ("Rock",)) for player in BY_NAME),
        *((player, "2.3", "(17)Alt", ("Rock", "Alt")) for player in ("Navidrome", *NO_SPLIT)),
        *((player, "2.3", "(17)Rock", ("Rock",)) for player in BY_NAME),
        *((player, "2.3", "(4)(17)", ("Disco", "Rock")) for player in ("Navidrome", *NO_SPLIT)),
        # TagLib keeps the letters and drops other brackets.
        *((player, "2.3", "(RX)Alt", ("RX", "Alt")) for player in ("Navidrome", "Kodi")),
        *((player, "2.4", "(live)Alt", ("Alt",)) for player in ("Navidrome", "Kodi")),
        *((player, "2.4", "((live)", ()) for player in ("Navidrome", "Kodi")),
        # ATL takes brackets for separators.
        ("Jellyfin", "2.4", "Alt (live) 17", ("Alt", "live", "17")),
        ("Jellyfin", "2.4", "RX", ("RX",)),
        # libid3tag reads brackets before v2.4 alone.
        ("MPD", "2.3", "(RX)Alt", ("Remix", "Alt")),
        ("MPD", "2.3", "((live)", ("(live)",)),
        ("MPD", "2.4", "(17)Alt", ("(17)Alt",)),
        ("MPD", "2.4", "CR", ("Cover",)),
        *((player, "2.3", "(RX)", ("Remix",)) for player in ("iTunes", "foobar2000")),
    ],
)
def test_references_are_understood_as_the_library_does(player, version, text, names) -> None:
    assert shown(player, "MP3", id3(text, version=version)) == names


@pytest.mark.parametrize("player", [name for name in BY_NAME if name != "iTunes"])
def test_a_number_in_comments_is_a_genre_for_kodi_alone(player) -> None:
    comments = tag("Vorbis comments", "17")
    assert shown(player, "FLAC", comments) == (("Rock",) if player == "Kodi" else ("17",))


@pytest.mark.parametrize("player", BY_NAME)
def test_numbers_of_id3v1_and_gnre_are_shown_by_name(player) -> None:
    assert shown(player, "MP3", V1) == shown(player, "MP4", GNRE) == ("Jazz",)


@pytest.mark.parametrize(
    ("player", "names"),
    [
        ("Navidrome", ("Rock",)), ("Jellyfin", ("Rock",)), ("Kodi", ("Rock",)),
        ("iTunes", ("Rock",)), ("MPD", ("Old", "Older")), ("foobar2000", ("Rock",)),
    ],
)  # fmt: skip
def test_apev2_wins_over_id3v2_for_mpd_alone(player, names) -> None:
    assert shown(player, "MP3", id3("Rock"), APE) == names


@pytest.mark.parametrize(
    ("player", "names"),
    [
        ("Navidrome", ()),  # properties are those of the first tag
        ("Jellyfin", ("Old", "Older")),
        ("Kodi", ("Jazz",)),  # APEv2 counts without ID3v2 only
        ("iTunes", ("Jazz",)),
        ("MPD", ()),  # it looks for APEv2 at the very end
    ],
)
def test_an_id3v2_tag_without_genre_hides_others_or_not(player, names) -> None:
    assert shown(player, "MP3", id3(), V1, APE) == names


def test_mpd_reads_id3v1_only_without_id3v2() -> None:
    assert shown("MPD", "MP3", id3(), V1) == () and shown("MPD", "MP3", V1) == ("Jazz",)


@pytest.mark.parametrize(
    ("player", "names"),
    [
        ("Navidrome", ("Rock",)), ("Jellyfin", ("Alt",)), ("Kodi", ("Rock",)),
        ("iTunes", ()), ("MPD", ("Rock",)), ("foobar2000", ("Rock",)),
    ],
)  # fmt: skip
def test_id3v2_before_flac_wins_for_atl_alone(player, names) -> None:
    assert shown(player, "FLAC", tag("Vorbis comments", "Rock"), id3("Alt")) == names


@pytest.mark.parametrize(
    ("player", "names"),
    [
        ("Navidrome", ("Rock", "Pop")), ("Jellyfin", ("Rock", "Pop")), ("Kodi", ("Rock", "Pop")),
        ("iTunes", ("Rock",)), ("MPD", ("Rock",)), ("foobar2000", ("Rock",)),
    ],
)  # fmt: skip
def test_of_several_values_in_an_atom_some_show_the_first(player, names) -> None:
    assert shown(player, "MP4", tag("MP4", "Rock", "Pop")) == names


def test_of_several_atoms_taglib_takes_the_first_and_ffmpeg_the_last() -> None:
    both = StoredTag("MP4", "MP4", "", (*tag("MP4", "Rock", key="©gen").items, *GNRE.items))
    assert shown("Navidrome", "MP4", both) == shown("Kodi", "MP4", both) == ("Rock",)
    assert shown("MPD", "MP4", both) == ("Jazz",)


def test_of_several_id3_frames_kodi_takes_the_first() -> None:
    frames = items("ID3v2", "Rock", "Pop")
    assert shown("Kodi", "MP3", frames) == ("Rock",)
    assert shown("Navidrome", "MP3", frames) == ("Rock", "Pop")


def test_ffmpeg_takes_the_first_value_and_any_number_at_its_start_for_mpd() -> None:
    assert shown("MPD", "TTA", id3("(17)Alt", "Pop")) == ("Rock",)
    assert shown("MPD", "TTA", id3("80s Pop")) == ("Folk",)
    assert shown("MPD", "TTA", id3("Rock"), tag("APEv2")) == ()
    assert shown("MPD", "Monkey's Audio", APE) == ("Old",)
    assert shown("MPD", "Monkey's Audio", id3("Rock"), V1, APE) == ("Rock",)
    assert shown("MPD", "Speex", items("Vorbis comments", "Rock", "Pop")) == ("Rock;Pop",)


def test_info_lists_come_after_id3_except_for_mpd() -> None:
    tags = (id3("Rock"), tag("RIFF INFO", "Pop", key="IGNR"))
    assert shown("Navidrome", "WAV", *tags) == shown("Jellyfin", "WAV", *tags) == ("Rock",)
    assert shown("MPD", "WAV", *reversed(tags)) == ("Pop",) and shown("Kodi", "WAV", tags[1]) == ()


def named(format_: str, *others: str) -> StoredTag:
    """A tag without a genre."""
    return StoredTag(format_, format_, "", (), others)


@pytest.mark.parametrize("name", ["INAM", "IART", "ICRD", "IPRD"])
def test_mpd_shows_nothing_of_id3_in_wav_where_info_says_what_it_takes(name: str) -> None:
    rock = id3("Rock")
    assert shown("MPD", "WAV", rock, named("RIFF INFO", "ISFT", name)) == ()
    assert shown("MPD", "WAV", rock, named("RIFF INFO", "ISFT", "ICMT")) == ("Rock",)
    assert shown("MPD", "AIFF", rock, named("AIFF text", "NAME")) == ()
    assert shown("MPD", "AIFF", rock) == ("Rock",)


def test_an_empty_tag_hides_no_other() -> None:
    empty = StoredTag("Vorbis comments", "Vorbis comments", "", ())
    for player in ("Navidrome", "MPD"):
        assert shown(player, "FLAC", empty, id3("Rock")) == ("Rock",)
        assert shown(player, "FLAC", named("Vorbis comments", "TITLE"), id3("Rock")) == ()


def test_a_player_shows_nothing_of_what_it_does_not_read() -> None:
    assert shown("iTunes", "FLAC", tag("Vorbis comments", "Rock")) == ()
    assert all(shown(name, "OptimFROG", APE) == () for name in ("Navidrome", "Kodi", "MPD"))
    assert shown("Navidrome", "TTA", APE) == () and shown("Kodi", "TTA", V1) == ()
    assert all(player.shows("no such container", [APE]) == () for player in PLAYERS)


TEXTS = st.text(st.sampled_from("aB179;/, ()RX"), max_size=9)
TAGS = st.builds(
    tag,
    st.sampled_from(["ID3v2", "ID3v1", "APEv2", "Vorbis comments", "MP4", "ASF", "RIFF INFO"]),
    *(TEXTS, TEXTS),
    version=st.sampled_from(["2.2", "2.3", "2.4"]),
)


@given(st.sampled_from(CONTAINERS), st.lists(st.one_of(TAGS, st.just(tag("APEv2"))), max_size=3))
def test_whatever_is_shown_stands_in_a_tag_or_has_a_number(
    container: str, tags: list[StoredTag]
) -> None:
    texts = [text for one in tags for item in one.items for text in item.texts]
    known = ("Remix", "Cover", *ID3V1_GENRES)
    for player in PLAYERS:
        names = player.shows(container, tags)
        assert len({name.casefold() for name in names}) == len(names)
        for name in names:
            assert name == name.strip() != ""
            # MPD's only name that is put together: FFmpeg joins several.
            parts = re.split(";", name) if player.name == "MPD" else [name]
            whole = {part for one in known for part in re.split("/", one)} | set(known)
            assert all(any(p in text for text in texts) or p in whole for p in parts)


@given(st.sampled_from(CONTAINERS), st.text(max_size=20), st.sampled_from(["2.3", "2.4", ""]))
def test_no_text_is_too_odd_to_be_shown(container: str, text: str, version: str) -> None:
    for player in PLAYERS:
        assert all(player.shows(container, [tag("ID3v2", text, version=version)]))


def test_the_players_are_those_for_whom_genres_are_laid_out() -> None:
    assert sorted(player.name.casefold() for player in PLAYERS) == sorted(layout.PLAYERS)
