"""MPEG audio is known behind junk, and nothing else is taken for it."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from audio_files import Recipe, encode, make, tone
from fixtures import empty, frame, id3, payload
from hypothesis import given, settings
from hypothesis import strategies as st
from one_shot import raw_genres, restore
from readers import READERS

from genretag import tags
from genretag.tags import mpeg

JUNK = {
    "ones": lambda size: bytes([1]) * size,
    "zeros": bytes,
    "random": lambda size: random.Random(3).randbytes(size),
    "text": lambda size: (b"<html>not found</html>\n" * (size // 20))[:size],
}
TITLE = id3(frame(b"TIT2", b"\0Title"))


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("size", [500, 3000, 20_000, 60_000])
@pytest.mark.parametrize("tag", [b"", TITLE], ids=["bare", "ID3"])
@pytest.mark.parametrize("name", ["MP3", "MP2"])
def test_mp3_behind_junk_is_tagged_and_shown_by_all(
    junk: str, size: int, tag: bytes, name: str, tmp_path: Path
) -> None:
    path = make(name, tmp_path, seconds=1.0)
    path.write_bytes(tag + JUNK[junk](size) + path.read_bytes())
    before, sound = path.read_bytes(), payload(path, name)
    kept = raw_genres(path)
    tags.write(path, ("Rock",))
    assert [read(path) for read in READERS.values()] == [["Rock"]] * len(READERS)
    assert path.read_bytes().endswith(before[len(tag) :]) and payload(path, name) == sound
    restore(path, kept)
    assert raw_genres(path) == kept


@pytest.mark.parametrize("tag", [b"", TITLE], ids=["bare", "ID3"])
@pytest.mark.parametrize("size", [70_000, 81_920, 163_839, 900_000])
def test_any_number_of_zeros_may_come_before_mp3(size: int, tag: bytes, tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    path.write_bytes(tag + bytes(size) + path.read_bytes())
    assert tags.read(path).container == "MP3"
    tags.write(path, ("Rock",))
    assert READERS["TagLib"](path) == READERS["mutagen"](path) == ["Rock"]


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_a_file_of_zeros_is_nothing(size: int, tmp_path: Path) -> None:
    path = tmp_path / "zeros.mp3"
    path.write_bytes(bytes(size))
    assert tags.read(path).container is None


def test_a_tag_behind_junk_is_not_hidden_by_another(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    path.write_bytes(bytes([1]) * 500 + TITLE + path.read_bytes())
    assert tags.read(path).container is None


MUXERS = (
    "avi",
    "mov",
    "matroska",
    "flv",
    "mpegts",
    "mpeg",
    "nut",
    "swf",
    "w64",
    "rm",
    "wtv",
    "mp4",
)


@pytest.mark.parametrize("muxer", MUXERS)
@pytest.mark.parametrize("codec", ["libmp3lame", "mp2"])
def test_mpeg_audio_in_another_container_is_not_taken_for_a_stream(
    muxer: str, codec: str, tmp_path: Path
) -> None:
    format_ = "fltp" if codec == "libmp3lame" else "s16"
    path = tmp_path / "file.mp3"
    try:
        encode(path, tone(3.0), Recipe("mp3", muxer, codec, format_))
    except (ValueError, OSError):
        pytest.skip("FFmpeg puts no such sound into it")
    assert tags.read(path).container in (None, "MP4")


@pytest.mark.parametrize("archive", ["zip", "tar", "rf64", "mov without ftyp"])
def test_mp3_in_an_archive_is_not_taken_for_a_stream(archive: str, tmp_path: Path) -> None:
    sound = make("MP3", tmp_path, seconds=1.0)
    packed = io.BytesIO()
    if archive == "zip":
        with zipfile.ZipFile(packed, "w") as file:
            file.write(sound, "song.mp3")
    elif archive == "tar":
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(sound, "song.mp3")
    else:
        head = b"RF64" + bytes([255] * 4) + b"WAVE" if archive == "rf64" else b"\0\1\0\0mdat"
        packed.write(head + bytes(100) + sound.read_bytes())
    path = tmp_path / "packed.mp3"
    path.write_bytes(packed.getvalue())
    assert tags.read(path).container is None


@given(st.integers(0, 1 << 32), st.booleans())
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_no_stream(seed: int, tagged: bool) -> None:
    head = random.Random(seed).randbytes(80_000)
    assert not mpeg.is_mpeg(head, 10 * tagged) and not mpeg.is_adts(head, 10 * tagged)


@given(st.integers(0, 1 << 32), st.integers(1, 64), st.booleans())
@settings(max_examples=200, deadline=None)
def test_quiet_sound_without_compression_is_no_stream(seed: int, loud: int, big: bool) -> None:
    """Small negative numbers look like the start of a frame."""
    noise = np.random.default_rng(seed).normal(0, loud, 40_000).astype(">i2" if big else "<i2")
    head = noise.tobytes()
    assert not mpeg.is_mpeg(head, 0) and not mpeg.is_adts(head, 0)
