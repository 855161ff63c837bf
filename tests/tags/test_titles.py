import zlib
from pathlib import Path

import mutagen
import pytest
from audio_files import garbage, write_tone
from mutagen.id3 import TALB, TIT2, TPE1, Encoding
from one_shot import titles

from genretag.errors import FileError
from genretag.library.resources import limited_memory
from genretag.tags import Titles

resource = pytest.importorskip("resource", reason="needs POSIX limits")


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.m4a", "a.opus", "a.ogg"])
def test_title_artist_and_album_are_the_first_in_the_tags(tmp_path: Path, name: str) -> None:
    path = write_tone(tmp_path / name, rate=48000)
    file = mutagen.File(path, easy=True)
    if file.tags is None:
        file.add_tags()
    file["title"], file["artist"], file["album"] = ["Ж", "other"], [" A "], ["B"]
    file.save()
    assert titles(path) == Titles("Ж", "A")


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.wma"])
def test_tags_to_which_mutagen_has_no_easy_interface_are_read_too(
    tmp_path: Path, name: str
) -> None:
    path = write_tone(tmp_path / name)
    file = mutagen.File(path)
    if name == "a.wma":
        file["Title"], file["Author"], file["WM/AlbumTitle"] = ["Ж", "other"], ["A"], ["B"]
    else:
        file.add_tags()
        for kind, texts in ((TIT2, ["Ж", "other"]), (TPE1, ["A"]), (TALB, ["B"])):
            file.tags.add(kind(Encoding.UTF8, texts))
    file.save()
    assert titles(path) == Titles("Ж", "A")


def test_a_text_that_is_missing_hides_no_other(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav")
    file = mutagen.File(path)
    file.add_tags()
    file.tags.add(TIT2(Encoding.UTF8, []))
    file.tags.add(TPE1(Encoding.UTF8, ["A"]))
    file.save()
    assert titles(path) == Titles("", "A")


def test_a_title_that_would_fill_the_memory_is_none(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    packer = zlib.compressobj(1)
    megabyte = b"a" * (1 << 20)
    packed = b"".join(packer.compress(megabyte) for _ in range(600)) + packer.flush()
    frame = b"TIT2" + _synchsafe(len(packed) + 4) + b"\0\x09" + _synchsafe(600 << 20) + packed
    path.write_bytes(b"ID3\4\0\0" + _synchsafe(len(frame)) + frame + path.read_bytes())
    with limited_memory(1 << 28):
        assert titles(path).title == ""
    assert resource.getrlimit(resource.RLIMIT_DATA) == LIMITS


LIMITS = resource.getrlimit(resource.RLIMIT_DATA)


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def test_whatever_cannot_be_read_is_empty(tmp_path: Path) -> None:
    assert titles(garbage(tmp_path / "a.mp3")) == Titles()
    assert titles(write_tone(tmp_path / "a.wav")) == Titles()
    for path in (tmp_path / "none.flac", tmp_path):
        with pytest.raises(FileError):
            titles(path)
