"""Genres as they are stored are told tag by tag, before anybody interprets them."""

from pathlib import Path

import mutagen.apev2
import mutagen.id3
import pytest
from audio_files import CRAFTED, RECIPES, make, write_tone

from genretag import tags
from genretag.domain.layout import PLAYERS as LAYOUTS
from genretag.domain.players import PLAYERS

NAMES = ("Rock", "Hip-Hop", "Jazz")


@pytest.mark.parametrize("container", [*RECIPES, *CRAFTED])
def test_what_was_written_is_what_is_stored(tmp_path: Path, container: str) -> None:
    path = make(container, tmp_path)
    if tags.read(path).container is None:
        pytest.skip("genretag knows no place for a genre in it")
    assert not any(tag.items for tag in tags.stored(path))
    tags.write(path, NAMES)
    [tag] = [tag for tag in tags.stored(path) if tag.items]
    assert sorted(tag.names) == sorted(NAMES)
    assert all(item.key for item in tag.items)


@pytest.mark.parametrize("container", [*RECIPES, *CRAFTED])
def test_each_player_shows_what_is_laid_out_for_it(tmp_path: Path, container: str) -> None:
    path = make(container, tmp_path)
    if tags.read(path).container is None:
        pytest.skip("genretag knows no place for a genre in it")
    for player in PLAYERS:
        tags.write(path, NAMES, LAYOUTS[player.name.casefold()])
        found = tags.read(path)
        shown = player.shows(found.container or "", tags.stored(path))
        if player.reads and found.container not in player.reads:
            assert shown == ()
        elif player.name == "iTunes":
            assert shown == ("; ".join(NAMES),)
        elif player.first & {tag.format for tag in tags.stored(path)}:
            assert shown in (("; ".join(NAMES),), NAMES[:1])
        else:
            assert sorted(shown) == sorted(NAMES)


def test_references_are_told_as_stored_and_in_words(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    frames = mutagen.id3.ID3()
    frames.add(mutagen.id3.TCON(encoding=0, text=["(17)Alt", "4"]))
    frames.save(path, v2_version=4)
    [tag] = tags.stored(path)
    assert (tag.name, tag.version) == ("ID3v2", "2.4")
    assert tag.items[0].key == "TCON" and tag.items[0].texts == ("(17)Alt", "4")
    assert tag.names == ("Rock", "Alt", "Disco")


def test_all_tags_of_a_file_are_told(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    ape = mutagen.apev2.APEv2()
    ape["Genre"] = ["Old", "Older"]
    ape.save(path)
    frames = mutagen.id3.ID3()
    frames.add(mutagen.id3.TCON(encoding=3, text=["Rock"]))
    frames.save(path, v1=2)
    assert [(tag.format, tag.names) for tag in tags.stored(path)] == [
        ("ID3v2", ("Rock",)),
        ("ID3v1", ("Rock",)),
        ("APEv2", ("Old", "Older")),
    ]
