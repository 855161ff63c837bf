"""A genre is understood in every form in which taggers have ever stored it."""

import zlib
from pathlib import Path

import pytest
from fixtures import OLD, empty, frame, id3, unparseable, with_id3
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.mp4 import MP4
from one_shot import raw_genres, restore

from genretag import tags
from genretag.tags.formats.names import parse_genres


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Rock", ("Rock",)),
        ("(17)", ("Rock",)),
        ("17", ("Rock",)),
        ("(4)Eurodisco", ("Disco", "Eurodisco")),
        ("(51)(39)", ("Techno-Industrial", "Noise")),
        ("(17)Rock", ("Rock",)),
        ("RX", ("Remix",)),
        ("(CR)", ("Cover",)),
        ("((escaped)", ("(escaped)",)),
        ("(live)", ("(live)",)),
        ("Rock\0Pop\0rock", ("Rock", "Pop")),
        ("Rock; Pop;Jazz", ("Rock", "Pop", "Jazz")),
        ("R&B/Soul", ("R&B/Soul",)),
        ("(255)", ()),
        ("", ()),
        (" ;  ; ", ()),
        ("Hip-Hop; hip hop", ("Hip-Hop",)),
    ],
)
def test_old_forms_become_names(text: str, names: tuple[str, ...], tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    with_id3(path, "MP3", id3(frame(b"TCON", b"\0" + text.encode("latin-1"))))
    assert tags.read(path).genres == names


@pytest.mark.parametrize(
    "content", [b"\1\xff\xfeC\0a\0f\0\xe9\0", b"\0Caf\xe9", b"\1\xfe\xff\0C\0a\0f\0\xe9\0\0"]
)
def test_encodings_of_id3_are_told_apart(content: bytes, tmp_path: Path) -> None:
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(frame(b"TCON", content)))
    assert tags.read(path).genres == ("Café",)


def test_a_slash_in_id3v24_belongs_to_the_name(tmp_path: Path) -> None:
    content = b"\3Pop/Funk\0Rock"
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(frame(b"TCON", content), major=4))
    assert tags.read(path).genres == ("Pop/Funk", "Rock")


def test_id3v22_is_read(tmp_path: Path) -> None:
    tag = id3(b"TT2\0\0\6\0Title", b"TCO\0\0\5\0(17)", major=2)
    assert tags.read(with_id3(empty("MP3", tmp_path), "MP3", tag)).genres == ("Rock",)


def test_compressed_frames_are_read(tmp_path: Path) -> None:
    content = (5).to_bytes(4, "big") + zlib.compress(b"\0Rock")
    tag = id3(frame(b"TCON", content, b"\0\x80"))
    assert tags.read(with_id3(empty("MP3", tmp_path), "MP3", tag)).genres == ("Rock",)


def test_an_encrypted_genre_is_none(tmp_path: Path) -> None:
    tag = id3(frame(b"TCON", b"\1secret", b"\0\x40"))
    assert tags.read(with_id3(empty("MP3", tmp_path), "MP3", tag)).genres == ()


def test_an_old_mp4_number_is_read_and_superseded(tmp_path: Path) -> None:
    path = empty("MP4", tmp_path)
    audio = MP4(path)
    audio["\xa9lyr"] = ["xx"]
    audio.save()
    data = path.read_bytes()  # a lyrics atom becomes gnre, number 18 for Rock
    at = data.index(b"\xa9lyr")
    data = data[:at] + b"gnre" + data[at + 4 :]
    data = data[: at + 20] + b"\0\x12" + data[at + 22 :]
    path.write_bytes(data)
    assert tags.read(path).genres == ("Rock",)
    before = raw_genres(path)
    tags.write(path, ("Jazz",))
    assert b"gnre" not in path.read_bytes()
    assert tags.read(path).genres == ("Jazz",)
    restore(path, before)
    assert tags.read(path).genres == ("Rock",)
    assert raw_genres(path) == before


def test_numbers_mean_themselves_outside_id3(tmp_path: Path) -> None:
    path = empty("FLAC", tmp_path)
    audio = FLAC(path)
    audio["GENRE"] = ["80", "(17)"]
    audio.save()
    assert tags.read(path).genres == ("80", "Rock")


def test_repeated_and_joined_values_are_one_list(tmp_path: Path) -> None:
    path = empty("FLAC", tmp_path)
    audio = FLAC(path)
    audio["GENRE"] = ["Rock; Pop", "Jazz", "ROCK"]
    audio.save()
    assert tags.read(path).genres == ("Rock", "Pop", "Jazz")


def test_values_that_are_not_utf8_are_read_as_latin1(tmp_path: Path) -> None:
    path = empty("WavPack", tmp_path)
    tag = APEv2()
    tag["Genre"] = "Cafe!"
    tag.save(path)
    path.write_bytes(path.read_bytes().replace(b"Cafe!", b"Caf\xe9!"))
    assert tags.read(path).genres == ("Café!",)


@pytest.mark.parametrize("name", ["MP3", "FLAC", "Ogg Vorbis", "MP4", "ASF", "WavPack"])
def test_a_genre_beside_tags_that_do_not_decode_is_read(name: str, tmp_path: Path) -> None:
    assert tags.read(unparseable(name, tmp_path)).genres[0] == OLD


def test_nothing_is_understood_as_nothing() -> None:
    assert parse_genres([]) == ()
