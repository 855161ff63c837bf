"""The texts by which tracks belong together are read from every tag, and harm no file."""

import subprocess
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mutagen
import mutagen.id3
import pytest
from audio_files import make
from fixtures import (
    APE_FILES,
    COMMENT_FILES,
    ID3_FILES,
    MP4_FILES,
    empty,
    frame,
    id3,
    unparseable,
    with_id3,
)  # fmt: skip
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mutagen.apev2 import APEv2, APEValue
from mutagen.asf import ASF, ASFBoolAttribute
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.mp4 import MP4, MP4FreeForm
from readers import FILES

from genretag import tags
from genretag.domain.track import Track
from genretag.errors import GenretagError

Values = Mapping[str, list[str]]
"""Values by the fields of a track; of `is_compilation` the digits."""

SONG: Values = {
    "title": ["Tïtle 摇滚", "Another"],
    "artist": [" Ärtist ", "Guest"],
    "album_artist": ["Various Artists"],
    "album": ["Ålbum"],
    "album_id": ["d1b8b4a6-2f6f-4f4e-9d3b-4a6f2f6f4f4e"],
    "is_compilation": ["1"],
}
FIELDS = tuple(SONG)
RELEASE_ID = "MusicBrainz Album Id"


def texts(path: Path) -> dict[str, Any]:
    """The texts of the track at `path`."""
    track = tags.read(path)
    return {field: getattr(track, field) for field in FIELDS}


NONE = {field: getattr(Track(Path(), None), field) for field in FIELDS}
KNOWN: dict[str, Any] = {field: values[0].strip() for field, values in SONG.items()}
KNOWN["is_compilation"] = True


def write(path: Path, name: str, values: Values, major: int = 4) -> Path:
    """Write `values` with mutagen, as editors of tags do."""
    writer = next(writer for names, writer in WRITERS.items() if name in names)
    writer(path, name, values, major)
    return path


def _write_id3(path: Path, name: str, values: Values, major: int) -> None:
    of = mutagen.id3
    tag = ID3()
    if name in ("WAV", "AIFF", "DSF"):
        holder: Any = mutagen.File(path)
        holder.add_tags()
        tag = holder.tags
    kinds = (of.TIT2, of.TPE1, of.TPE2, of.TALB, None, of.TCMP)  # TXXX has a name
    for other in ("Acoustid Id", "MusicBrainz Album Artist Id"):
        tag.add(of.TXXX(1, other, ["another"]))
    for kind, field in zip(kinds, FIELDS, strict=True):
        if found := values[field]:
            tag.add(kind(1, found) if kind else of.TXXX(1, RELEASE_ID, found))
    tag.save(path, v2_version=major, v23_sep=None)


def _write_comments(path: Path, name: str, values: Values, _: int) -> None:
    audio: Any = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    keys = ("title", "Artist", "ALBUMARTIST", "album", "MUSICBRAINZ_ALBUMID", "COMPILATION")
    for key, field in zip(keys, FIELDS, strict=True):
        audio[key] = values[field]
    audio.save()


def _write_apev2(path: Path, name: str, values: Values, _: int) -> None:
    tag = APEv2()
    keys = ("TITLE", "Artist", "Album Artist", "Album", "MUSICBRAINZ_ALBUMID", "compilation")
    for key, field in zip(keys, FIELDS, strict=True):
        tag[key] = values[field]
    tag["Cover Art (Front)"] = APEValue(b"\0", 1)
    tag.save(path)


def _write_mp4(path: Path, name: str, values: Values, _: int) -> None:
    audio = MP4(path)
    for key, field in zip(("\xa9nam", "\xa9ART", "aART", "\xa9alb"), FIELDS, strict=False):
        audio[key] = values[field]
    audio["----:com.apple.iTunes:MusicBrainz Artist Id"] = [MP4FreeForm(b"another")]
    free = [MP4FreeForm(value.encode()) for value in values["album_id"]]
    audio[f"----:com.apple.iTunes:{RELEASE_ID}"] = free
    audio["cpil"] = values["is_compilation"] == ["1"]
    audio.save()


def _write_asf(path: Path, name: str, values: Values, _: int) -> None:
    audio = ASF(path)
    keys = ("Title", "Author", "WM/AlbumArtist", "WM/AlbumTitle", "MusicBrainz/Album Id")
    for key, field in zip(keys, FIELDS, strict=False):
        audio[key] = values[field]
    audio["WM/IsCompilation"] = [ASFBoolAttribute(values["is_compilation"] == ["1"])]
    audio.save()


WRITERS: Mapping[tuple[str, ...], Callable[[Path, str, Values, int], None]] = {
    ID3_FILES: _write_id3,
    COMMENT_FILES: _write_comments,
    APE_FILES: _write_apev2,
    MP4_FILES: _write_mp4,
    ("ASF",): _write_asf,
}
ONE_OF_EACH = ("MP3", "Opus", "WavPack", "MP4", "ASF", "WAV")


@pytest.mark.parametrize("name", FILES)
def test_the_first_values_that_an_editor_wrote_are_read(name: str, tmp_path: Path) -> None:
    path = write(empty(name, tmp_path), name, SONG)
    assert texts(path) == KNOWN
    tags.write(path, ["Rock"])
    assert texts(path) == KNOWN
    tags.write(path, [])
    assert texts(path) == KNOWN


@pytest.mark.parametrize("name", ID3_FILES)
def test_id3_before_v24_is_read_too(name: str, tmp_path: Path) -> None:
    assert texts(write(empty(name, tmp_path), name, SONG, major=3)) == KNOWN
    old = b"".join(
        key + len(text).to_bytes(3, "big") + text
        for key, text in (
            (b"TXX", b"\0Other\0No"), (b"TXX", b"\0MUSICBRAINZ ALBUM ID\0id"), (b"TT2", b"\0T\0"),
            (b"TP1", b"\1\xff\xfe\x16\x04\0\0"), (b"TP2", b"\0AA"), (b"TAL", b"\0L"),
            (b"TCP", b"\x001\0"),
        )
    )  # fmt: skip
    path = with_id3(empty(name, tmp_path), name, id3(old, major=2))
    assert texts(path) == dict(zip(FIELDS, ("T", "Ж", "AA", "L", "id", True), strict=True))


BY_FFMPEG: Mapping[str, tuple[str, ...]] = {
    "MP3": FIELDS[:4], "FLAC": FIELDS[:4] + FIELDS[5:], "MP4": FIELDS[:4],
    "Opus": FIELDS[:4] + FIELDS[5:], "Ogg Vorbis": FIELDS[:4], "WAV": ("title", "artist", "album"),
    "AIFF": FIELDS[:4], "ASF": FIELDS[:4], "WavPack": FIELDS[:4], "TTA": FIELDS[:4],
}  # fmt: skip
"""What FFmpeg writes into each container."""


@pytest.mark.parametrize("name", BY_FFMPEG)
def test_what_ffmpeg_wrote_is_read(name: str, tmp_path: Path) -> None:
    source = make(name, tmp_path)
    path = source.with_name(f"written{source.suffix}")
    asked = {"title": "Tïtle", "artist": "Ärtist", "album_artist": "AA", "album": "Ålbum"}
    options = [f"{key}={text}" for key, text in (asked | {"compilation": "1"}).items()]
    command = ["ffmpeg", "-v", "error", "-i", source, "-c", "copy", "-write_id3v2", "1"]
    if name not in ("MP3", "AIFF"):
        command = command[:-2]
    for option in options:
        command += ["-metadata", option]
    subprocess.run([*command, path], check=True, stdin=subprocess.DEVNULL)
    wanted = {field: asked.get(field, True) for field in BY_FFMPEG[name]}
    assert {field: text for field, text in texts(path).items() if field in wanted} == wanted


def id3v1(title: bytes, artist: bytes, album: bytes) -> bytes:
    """An ID3v1 tag."""
    texts = b"".join(text.ljust(30, b"\0") for text in (title, artist, album))
    return b"TAG" + texts + b"1999" + bytes(30) + b"\xff"


def test_texts_are_those_of_the_first_tag_that_has_them_and_id3v1_is_the_last(
    tmp_path: Path,
) -> None:
    path = empty("FLAC", tmp_path)
    audio = FLAC(path)
    audio["TITLE"] = ["FLAC"]
    audio.save()
    ape = APEv2()
    ape["Title"], ape["Artist"], ape["Album"] = "APE", "APE", "APE"
    ape.save(path)
    front = id3(frame(b"TIT2", b"\0ID3v2"), frame(b"TPE1", b"\0ID3v2"))
    path.write_bytes(front + path.read_bytes() + id3v1(b"ID3v1", b"ID3v1", b"ID3v1"))
    shown = NONE | {"title": "FLAC", "artist": "ID3v2", "album": "APE"}
    assert texts(path) == shown
    # Once the first has a genre, tags are loaded as far as the first with an artist or album.
    tags.write(path, ["Rock"])
    assert texts(path) == shown | {"album": ""}


def test_id3v1_and_the_texts_of_wav_and_aiff_are_read(tmp_path: Path) -> None:
    wanted = NONE | {"title": "Title", "artist": "Artist", "album": "Album"}
    mp3, aiff, wav = (empty(name, tmp_path) for name in ("MP3", "AIFF", "WAV"))
    mp3.write_bytes(mp3.read_bytes() + id3v1(b"Title", b"Artist", b"Album   "))
    assert texts(mp3) == wanted
    with_chunks(aiff, "big", b"NAME\0\0\0\5Title\0AUTH\0\0\0\6Artist")
    assert texts(aiff) == wanted | {"album": ""}
    info = b"INFOINAM\6\0\0\0Title\0IART\6\0\0\0ArtistIPRD\5\0\0\0Album\0"
    with_chunks(wav, "little", b"LIST" + len(info).to_bytes(4, "little") + info)
    assert texts(wav) == wanted


def with_chunks(path: Path, order: Any, chunks: bytes) -> None:
    """Append chunks to a WAV or AIFF file."""
    data = path.read_bytes() + chunks
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, order) + data[8:])


def broken_apev2(path: Path) -> Path:
    """Put an APEv2 tag whose items are cut off behind the sound."""
    footer = b"APETAGEX" + b"".join(n.to_bytes(4, "little") for n in (2000, 42, 1, 0)) + bytes(8)
    path.write_bytes(path.read_bytes() + b"\xff\0\0\0\0\0\0\0Ti" + footer)
    return path


@pytest.mark.parametrize("values", [SONG, {field: [] for field in FIELDS}])
def test_no_tag_that_is_wanted_for_texts_alone_makes_a_file_fail(
    tmp_path: Path, values: Values
) -> None:
    path = write(empty("MP3", tmp_path), "MP3", values)
    tags.write(path, ["Rock"])
    track = tags.read(broken_apev2(path))
    assert track.genres == ("Rock",)
    assert texts(path) == (KNOWN if values is SONG else NONE)


def test_a_later_tag_is_not_loaded_where_an_earlier_one_has_texts(tmp_path: Path) -> None:
    path = write(empty("MP3", tmp_path), "MP3", SONG | {"album": []})
    tags.write(path, ["Rock"])
    ape = APEv2()
    ape["Album"] = "Never read"
    ape.save(path)
    assert texts(path)["album"] == ""
    tags.write(path, [])
    assert texts(path)["album"] == "Never read"


odd = st.text(st.characters(codec="utf-8"), max_size=20)
several = st.lists(odd, min_size=1, max_size=3)


@pytest.mark.parametrize("name", ONE_OF_EACH)
@given(found=st.fixed_dictionaries(dict.fromkeys(FIELDS[:5], several)))
@example({field: ["", " \t ", "x" * 501, "y"] for field in FIELDS[:5]})
@example({field: [" 𝄞" * 600] for field in FIELDS[:5]})
@settings(max_examples=15)
def test_the_first_value_that_says_anything_is_read_stripped_and_cut(
    name: str, found: dict[str, list[str]]
) -> None:
    # Nulls stand between values, and mutagen refuses some values that nobody could write.
    clean = {
        field: [value.replace("\0", "").replace("\ufeff", "") for value in values]
        for field, values in found.items()
    }
    with TemporaryDirectory() as folder:
        path = write(empty(name, Path(folder)), name, clean | {"is_compilation": ["0"]})
        wanted = {
            field: next(filter(None, map(str.strip, values)), "")[:500].rstrip()
            for field, values in clean.items()
        }
        assert texts(path) == {**wanted, "is_compilation": False}


def test_what_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    shown = texts(unparseable("MP3", tmp_path))
    assert shown["title"] == "An ID of ID3v2.2" and shown["album"] == ""
    half = frame(b"TPE1", b"\3\xe2\x82") + frame(b"TALB", b"\3" + "Ж".encode())
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(half))
    assert texts(path) == NONE | {"album": "Ж"}


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_megabytes_of_text_are_no_text(name: str, tmp_path: Path) -> None:
    long = "x" * (1 << 15 if name == "ASF" else 1 << 21)
    values = {field: [long] for field in FIELDS[:5]} | {"album": ["Album"], "is_compilation": ["1"]}
    if name == "ASF":
        values |= {"title": [long[: 1 << 14]], "artist": [long[: 1 << 14]]}
    path = write(empty(name, tmp_path), name, values)
    assert texts(path) == NONE | {"album": "Album", "is_compilation": True}


def test_a_title_that_would_fill_the_memory_is_none(tmp_path: Path) -> None:
    packed = zlib.compress(bytes(1 << 23), 9)
    size = (len(packed) + 4).to_bytes(4, "big")
    bomb = b"TIT2" + size + b"\0\x80" + (1 << 23).to_bytes(4, "big") + packed
    tag = id3(bomb, frame(b"TPE1", b"\0A"))
    assert len(packed) < 1 << 14
    assert texts(with_id3(empty("MP3", tmp_path), "MP3", tag)) == NONE | {"artist": "A"}


@pytest.mark.parametrize("name", ONE_OF_EACH)
@given(data=st.data())
@settings(max_examples=25)
def test_a_damaged_file_whose_genres_can_be_read_has_a_track(
    name: str, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        path = write(empty(name, Path(folder)), name, SONG)
        content = bytearray(path.read_bytes())
        texts_at = max(content.find("摇滚".encode(coding)) for coding in ("utf-8", "utf-16-le"))
        for _ in range(data.draw(st.integers(1, 6))):
            at = data.draw(st.integers(max(0, texts_at - 100), texts_at + 300))
            content[min(at, len(content) - 1)] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
        with tags.open(path) as file:
            try:
                genres = file.genres
            except GenretagError:
                return
            assert file.track.genres == genres


def test_a_file_without_texts_has_empty_ones(tmp_path: Path) -> None:
    assert texts(empty("WAV", tmp_path)) == texts(make("Matroska", tmp_path)) == NONE
