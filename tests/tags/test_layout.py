"""Each player gets the layout that it shows right."""

from pathlib import Path
from typing import Any

import pytest
from fixtures import empty, full
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from one_shot import fields_after_write, other_fields
from readers import FILES

from genretag import tags
from genretag.domain.layout import PLAIN, PLAYERS, Layout

GENRES = ("Rock", "Pop")


@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("name", FILES)
def test_every_layout_is_read_back_in_every_container(
    player: str, name: str, tmp_path: Path
) -> None:
    path = full(name, tmp_path)
    layout = PLAYERS[player]
    expected = fields_after_write(path, GENRES, layout)
    tags.write(path, GENRES, layout)
    assert tags.read(path).genres == GENRES
    assert other_fields(path) == expected


@pytest.mark.parametrize("player", ["itunes", "foobar2000"])
def test_players_that_read_one_atom_get_one_text(player: str, tmp_path: Path) -> None:
    path = empty("MP4", tmp_path)
    tags.write(path, GENRES, PLAYERS[player])
    assert MP4(path)["\xa9gen"] == ["Rock; Pop"]


@pytest.mark.parametrize("player", ["kodi", "mpd", "jellyfin", "foobar2000"])
def test_players_that_split_no_text_get_id3_lists(player: str, tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    tags.write(path, GENRES, PLAYERS[player])
    tag = ID3(path, translate=False)
    assert (tag.version, tag["TCON"].genres) == ((2, 4, 0), ["Rock", "Pop"])


def test_itunes_gets_one_text_and_no_other_version(tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    tags.write(path, GENRES, PLAYERS["itunes"])
    tag = ID3(path, translate=False)
    assert (tag.version, tag["TCON"].genres) == ((2, 3, 0), ["Rock; Pop"])


@pytest.mark.parametrize("wrong", [{"id3": "v2.2"}, {"joined": frozenset({"MP3"})}])
def test_a_layout_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Layout(**wrong)


def test_the_plain_layout_changes_no_version() -> None:
    assert PLAIN.id3 == "keep"
    assert not PLAIN.id3_lists
