"""AAC files that mutagen opens, it still opens once they have a genre, and nothing is hidden."""

from pathlib import Path
from typing import Any

import mutagen
import pytest
import taglib
from audio_files import RECIPES, Recipe, encode, tone
from fixtures import frame, id3, payload
from mutagen.apev2 import APEv2
from one_shot import raw_genres, restore
from readers import READERS, by_ffprobe

from genretag import tags

AAC = RECIPES["AAC"]
ID3V1 = b"TAG" + b"T\xf6".ljust(30, b"\0") + b"Artist".ljust(30) + bytes(64) + bytes([17])


def made(path: Path, rate: int, channels: int, mpeg2: bool) -> Path:
    options = {"write_mpeg2": str(int(mpeg2))}
    recipe = Recipe(AAC.suffix, AAC.muxer, AAC.codec, AAC.format, rate, options, 64_000)
    return encode(path, tone(1.0, rate, channels=channels), recipe)


def with_apev2(path: Path) -> None:
    tag = APEv2()
    tag["Title"], tag["Replaygain_Track_Gain"] = "T\xf6", "-6 dB"
    tag.save(path)


def with_id3v1(path: Path) -> None:
    path.write_bytes(path.read_bytes() + ID3V1)


def with_both(path: Path) -> None:
    with_apev2(path)
    with_id3v1(path)


def shown(path: Path) -> dict[str, list[str]]:
    with taglib.File(path) as file:
        return {key: values for key, values in file.tags.items() if key != "GENRE"}


streams = pytest.mark.parametrize(
    ("rate", "channels", "mpeg2"),
    [(44100, 2, False), (44100, 1, True), (48000, 2, True), (22050, 1, False), (8000, 2, False)],
)


@streams
@pytest.mark.parametrize("fill", [lambda path: None, with_apev2, with_id3v1, with_both])
@pytest.mark.parametrize("genres", [("Rock",), ("Rock", "Pop")])
def test_mutagen_still_opens_what_it_opened(
    rate: int, channels: int, mpeg2: bool, fill: Any, genres: tuple[str, ...], tmp_path: Path
) -> None:
    path = made(tmp_path / "a.aac", rate, channels, mpeg2)
    assert path.read_bytes()[1] >> 3 & 1 == mpeg2
    fill(path)
    before, sound = shown(path), payload(path, "AAC")
    assert mutagen.File(path) is not None
    kept, data = raw_genres(path), path.read_bytes()
    tags.write(path, genres)
    assert list(mutagen.File(path).tags["Genre"]) == list(genres)
    assert READERS["TagLib"](path) == list(genres)
    assert by_ffprobe(path) == ["Rock"]
    assert shown(path) == before
    assert payload(path, "AAC") == sound
    restore(path, kept)
    assert path.read_bytes() == data


@streams
def test_an_id3_tag_that_is_there_keeps_the_genre(
    rate: int, channels: int, mpeg2: bool, tmp_path: Path
) -> None:
    path = made(tmp_path / "a.aac", rate, channels, mpeg2)
    path.write_bytes(id3(frame(b"TIT2", b"\0Title"), padding=99) + path.read_bytes())
    tags.write(path, ("Rock",))
    assert READERS["TagLib"](path) == by_ffprobe(path) == ["Rock"]
    assert b"APETAGEX" not in path.read_bytes()
