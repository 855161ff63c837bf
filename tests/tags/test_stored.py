"""Genres as they are stored are told tag by tag, before anybody interprets them.

What players are said to show of them is held to the libraries that the players use.
"""

import shutil
from pathlib import Path

import mutagen
import pytest
from fixtures import empty, frame, full, id3, with_id3
from mutagen.apev2 import APEv2
from mutagen.id3 import TCON
from one_shot import stale_tags, stored_tags
from readers import FILES, by_ffprobe, by_taglib

from genretag import tags
from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.layout import PLAYERS as LAYOUTS
from genretag.domain.layout import Layout
from genretag.domain.players import FFMPEG, PLAYERS, TAGLIB
from genretag.domain.stored_tags import StoredTag
from genretag.errors import FileError
from genretag.tags.formats import atoms
from genretag.tags.formats.handler import Item, Tag
from genretag.tags.mp4 import Mp4

NAMES = ("Rock", "Hip-Hop", "Jazz")
KEYS = {
    "ID3v2": "TCON", "ID3v1": "genre", "APEv2": "Genre", "Vorbis comments": "GENRE",
    "MP4": "\xa9gen", "ASF": "WM/Genre", "RIFF INFO": "IGNR",
}  # fmt: skip

everywhere = pytest.mark.parametrize("name", FILES)


def saying(path: Path) -> list[StoredTag]:
    """The tags that have a genre."""
    return [tag for tag in stored_tags(path) if tag.items]


def texts(tag: StoredTag) -> tuple[str, ...]:
    return tuple(text for item in tag.items for text in item.texts)


@everywhere
@pytest.mark.parametrize("layout", [Layout(), Layout(id3="v2.3"), Layout(id3="v2.4")])
def test_what_was_written_is_what_is_stored(name: str, layout: Layout, tmp_path: Path) -> None:
    path = empty(name, tmp_path)
    assert saying(path) == []
    tags.write(path, NAMES, layout)
    [tag] = saying(path)
    joined = tag.version == "2.3"
    assert texts(tag) == (("; ".join(NAMES),) if joined else NAMES)
    assert tag.names == texts(tag)
    assert {item.key for item in tag.items} == {KEYS[tag.format]}
    assert tag.name == tag.format and (tag.version != "") is (tag.format == "ID3v2")


@everywhere
def test_a_tag_without_genre_is_told_without_items(name: str, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    tags.write(path, ())
    assert stored_tags(path) and saying(path) == []


@everywhere
def test_all_that_is_read_is_stored_and_stale_tags_are_among_it(name: str, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    tags.write(path, ("Synthwave",))
    stored = {tag.name: tag for tag in stored_tags(path)}
    first = next(tag for tag in stored.values() if tag.names)
    assert tags.read(path).genres == first.names
    assert {stale.tag for stale in stale_tags(path)} <= {tag.name for tag in saying(path)}


def test_a_container_without_a_place_for_genres_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("no music")
    with pytest.raises(FileError):
        stored_tags(path)


def _id3v1(number: int) -> bytes:
    return b"TAG" + b"Title".ljust(30, b"\0") + bytes(94) + bytes([number])


def with_second_tags(
    path: Path, v2: tuple[str, ...] | None, ape: tuple[str, ...] | None, v1: int | None
) -> Path:
    """A file with tags of three formats, each with a title, and with a genre if one is given."""
    if ape is not None:
        items = APEv2()
        items["Title"] = "Title"
        if ape:
            items["Genre"] = list(ape)
        items.save(path)
    if v1 is not None:
        path.write_bytes(path.read_bytes() + _id3v1(v1))
    if v2 is not None:
        title = frame(b"TIT2", b"\0Title")
        genre = frame(b"TCON", b"\3" + "\0".join(v2).encode()) if v2 else b""
        path.write_bytes(id3(title, genre, major=4) + path.read_bytes())
    return path


def test_all_tags_of_a_file_are_told_in_the_order_of_reading(tmp_path: Path) -> None:
    path = with_second_tags(empty("MP3", tmp_path), ("Rock",), ("Old", "Older"), 17)
    assert [(tag.name, tag.version, texts(tag), tag.names) for tag in stored_tags(path)] == [
        ("ID3v2", "2.4", ("Rock",), ("Rock",)),
        ("APEv2", "", ("Old", "Older"), ("Old", "Older")),
        ("ID3v1", "", ("17",), ("Rock",)),
    ]


@pytest.mark.parametrize(
    ("number", "told"), [(0, ("0",)), (191, ("191",)), (200, ("200",)), (255, ())]
)
def test_the_number_of_id3v1_is_told_as_it_is(number, told, tmp_path: Path) -> None:
    [tag] = stored_tags(with_second_tags(empty("MP3", tmp_path), None, None, number))
    assert texts(tag) == told
    assert tag.names == ID3V1_GENRES[number : number + 1]


def test_the_genres_with_numbers_are_those_of_mutagen() -> None:
    assert tuple(TCON.GENRES) == ID3V1_GENRES


@pytest.mark.parametrize("major", [2, 3, 4])
def test_references_are_told_as_stored_and_in_words(major: int, tmp_path: Path) -> None:
    genre = b"\0(17)Alt\0" + b"4"
    part = b"TCO" + len(genre).to_bytes(3, "big") + genre if major == 2 else frame(b"TCON", genre)
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(part, major=major))
    [tag] = stored_tags(path)
    assert tag.version == f"2.{major}"
    assert tag.items[0].key == ("TCO" if major == 2 else "TCON")
    assert texts(tag) == ("(17)Alt", "4") and tag.names == ("Rock", "Alt", "Disco")


def with_atoms(path: Path, *atoms_: Item) -> Path:
    """An MP4 file with these genre atoms in this order."""
    handler = Mp4()
    tags.write(path, ("Old",))
    with path.open("r+b") as file:
        handler.store(file, Tag(atoms_))
    return path


def gen(*names: str) -> Item:
    return Mp4().encode(names, Tag())[0]


def gnre(number: int) -> Item:
    data = atoms.render(b"data", bytes(8) + number.to_bytes(2, "big"))
    return Item("gnre", atoms.render(b"gnre", data))


def test_both_atoms_of_mp4_are_told(tmp_path: Path) -> None:
    [tag] = stored_tags(with_atoms(empty("MP4", tmp_path), gnre(18), gen("A", "B")))
    assert [(item.key, item.texts, item.names) for item in tag.items] == [
        ("gnre", ("18",), ("Rock",)), ("\xa9gen", ("A", "B"), ("A", "B")),
    ]  # fmt: skip


def by_rule(table, path: Path) -> list[str]:
    return list(table[tags.read(path).container].genres(stored_tags(path)))


def distinct(genres: list[str]) -> list[str]:
    """As players show them: none empty, none twice."""
    return list(dict.fromkeys(genre.strip() for genre in genres if genre.strip()))


REFERENCES = (
    "17", "(17)", "(17)Rock", "(17)Alt", "(51)(39)", "(51)(39)Alt", "(17)(RX)", "RX", "(RX)Alt",
    "CR", "(live)Alt", "((live)", "((17)Alt", "(199)", "199", "(17", "(", "()", " 17", "017",
    "80s Pop", "Rock/Pop", "Rock; Pop", "Rock\0Pop", "17\0Pop", "(17)\0(4)Alt", "Alt (17)",
)  # fmt: skip


@pytest.mark.parametrize("text", REFERENCES)
@pytest.mark.parametrize("major", [3, 4])
def test_the_rules_for_references_are_those_of_taglib_and_ffmpeg(
    text: str, major: int, tmp_path: Path
) -> None:
    genre = frame(b"TCON", b"\0" + text.encode())
    path = with_id3(empty("TTA", tmp_path), "TTA", id3(genre, major=major))
    assert by_rule(TAGLIB, path) == distinct(by_taglib(path))
    if shutil.which("ffprobe"):
        assert by_rule(FFMPEG, path) == distinct(by_ffprobe(path))


@pytest.mark.parametrize(
    "name", ["MP3", "AAC", "FLAC", "TTA", "WavPack", "Musepack", "Monkey's Audio"]
)
@pytest.mark.parametrize("v2", [None, (), ("Two", "Second")])
@pytest.mark.parametrize("ape", [None, (), ("Ape", "17")])
@pytest.mark.parametrize("v1", [None, 255, 17])
def test_the_rules_for_second_tags_are_those_of_taglib_and_ffmpeg(
    name: str, v2, ape, v1: int | None, tmp_path: Path
) -> None:
    path = with_second_tags(empty(name, tmp_path), v2, ape, v1)
    if name == "FLAC" and (v2 or v1):
        _title(path)
    assert by_rule(TAGLIB, path) == distinct(by_taglib(path))
    if name in FFMPEG and shutil.which("ffprobe"):
        assert by_rule(FFMPEG, path) == distinct(by_ffprobe(path))


def _title(path: Path) -> None:
    """Vorbis comments that are not empty, as TagLib passes over others."""
    file = mutagen.File(path)
    file["title"] = "Title"
    file.save()


@everywhere
@pytest.mark.parametrize("fixture", [empty, full])
@pytest.mark.parametrize("genres", [("Rock",), NAMES])
def test_what_was_written_is_read_by_the_rules_of_taglib_and_ffmpeg(
    name: str, fixture, genres: tuple[str, ...], tmp_path: Path
) -> None:
    path = fixture(name, tmp_path)
    tags.write(path, genres)
    container = tags.read(path).container
    if container in TAGLIB:
        assert by_rule(TAGLIB, path) == by_taglib(path)
    if container in FFMPEG and shutil.which("ffprobe"):
        assert by_rule(FFMPEG, path) == by_ffprobe(path)


@pytest.mark.parametrize("first", ["gen", "gnre", "both", "both reversed", "two"])
def test_the_rules_for_several_atoms_are_those_of_taglib_and_ffmpeg(
    first: str, tmp_path: Path
) -> None:
    stored = {
        "gen": (gen("A", "B"),), "gnre": (gnre(18),), "both": (gen("A", "B"), gnre(18)),
        "both reversed": (gnre(18), gen("A", "B")), "two": (gen("A", "B"), gen("C")),
    }[first]  # fmt: skip
    path = with_atoms(empty("MP4", tmp_path), *stored)
    assert by_rule(TAGLIB, path) == by_taglib(path)
    if shutil.which("ffprobe"):
        assert by_rule(FFMPEG, path) == by_ffprobe(path)


def test_the_order_of_id3v2_and_info_in_wav_is_that_of_taglib(tmp_path: Path) -> None:
    path = empty("WAV", tmp_path)
    info = b"INFOIGNR" + (4).to_bytes(4, "little") + b"Pop\0"
    data = path.read_bytes() + b"LIST" + len(info).to_bytes(4, "little") + info
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    assert by_rule(TAGLIB, path) == by_taglib(path) == ["Pop"]
    with_id3(path, "WAV", id3(frame(b"TIT2", b"\0Title")))
    assert by_rule(TAGLIB, path) == by_taglib(path) == []


@everywhere
def test_each_player_shows_one_genre_that_is_laid_out_for_it(name: str, tmp_path: Path) -> None:
    path = empty(name, tmp_path)
    for player in PLAYERS:
        tags.write(path, ("Rock",), LAYOUTS[player.name.casefold()])
        container = tags.read(path).container
        shown = player.shows(container, stored_tags(path))
        # iTunes reads no APEv2, which is what AAC gets.
        unread = container not in player.readings or (name, player.name) == ("AAC", "iTunes")
        assert shown == (() if unread else ("Rock",))
