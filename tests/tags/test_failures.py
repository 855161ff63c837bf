"""What cannot be done is told by a code of its own, and the file is left as it was."""

import os
from pathlib import Path

import pytest
from audio_files import garbage, make, truncated
from fixtures import empty, frame, full, id3, with_id3
from one_shot import other_fields, raw_genres, restore

from genretag import tags
from genretag.errors import Code, FileError, RunError
from genretag.tags.failures import translate_errors


def refused(path: Path, code: Code) -> None:
    """Reading or writing fails with `code`, and nothing changes."""
    data = path.read_bytes()
    with pytest.raises(FileError) as caught:
        tags.write(path, ("Rock",))
    assert caught.value.code == code
    assert str(path) in caught.value.message
    assert path.read_bytes() == data


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        tags.read(tmp_path / "gone.mp3")
    assert caught.value.code == Code.NOT_FOUND


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        tags.read(tmp_path)
    assert caught.value.code == Code.READ_FAILED


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe.mp3")
    with pytest.raises(FileError, match="it is a pipe") as caught:
        tags.open(pipe)
    assert caught.value.code == Code.READ_FAILED


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_must_not_be_written(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    path.chmod(0o444)
    refused(path, Code.NO_PERMISSION)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_the_run() -> None:
    path = Path("/dev/full")
    with (
        pytest.raises(RunError) as caught,
        translate_errors(path, writing=True),
        path.open("wb") as file,
    ):
        file.write(b"x" * 100_000)
    assert caught.value.code == Code.DISK_FULL


@pytest.mark.parametrize("name", ["Matroska", "WebM"])
def test_a_container_without_a_place_for_genres(name: str, tmp_path: Path) -> None:
    refused(make(name, tmp_path), Code.TAGS_UNWRITABLE)


def test_an_empty_file_and_garbage_are_no_container(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp3"
    path.touch()
    assert tags.read(path).container is None
    for seed in range(50):
        assert tags.read(garbage(path, 1 << 16, seed)).container is None
    refused(path, Code.TAGS_UNWRITABLE)


TITLE = frame(b"TIT2", b"\0Title")
BROKEN = {
    "a frame that is longer than the tag": id3(TITLE, b"TALB\0\0\1\0\0\0\0short"),
    "text where a frame must be": id3(TITLE, b"\xfenot a frame at all"),
    "a version that does not exist": id3(TITLE, major=7),
    "a header that ends too soon": id3(TITLE, b"TALB\0"),
    "a compressed ID3v2.2 tag": id3(b"TT2\0\0\2\0T", major=2, flags=0x40),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_broken_id3_is_refused(problem: str, tmp_path: Path) -> None:
    refused(with_id3(empty("MP3", tmp_path), "MP3", BROKEN[problem]), Code.TAGS_UNREADABLE)


def test_id3_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp3"
    path.write_bytes(id3(TITLE, padding=1000)[:500])
    refused(path, Code.TAGS_UNREADABLE)


@pytest.mark.parametrize(
    ("name", "before", "size"),
    [
        ("FLAC", -4, 4),  # the length of a comment
        ("MP4", -4, 2),  # the size of the genre atom
        ("WavPack", -8, 2),  # the length of an item
    ],
)
def test_a_length_that_cannot_be_is_refused(
    name: str, before: int, size: int, tmp_path: Path
) -> None:
    path = full(name, tmp_path)
    data = path.read_bytes()
    mark = {"FLAC": b"GENRE=", "MP4": b"\xa9gen", "WavPack": b"genre\0"}[name]
    at = data.lower().index(mark.lower()) + before
    path.write_bytes(data[:at] + b"\xff" * size + data[at + size :])
    refused(path, Code.TAGS_UNREADABLE)


@pytest.mark.parametrize("name", ["MP3", "FLAC", "MP4", "ASF", "Ogg Vorbis", "WAV", "AIFF"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.9])
def test_a_truncated_file_is_never_damaged_further(name: str, share: float, tmp_path: Path) -> None:
    path = truncated(full(name, tmp_path), share)
    data = path.read_bytes()
    try:
        others = other_fields(path)
        tags.write(path, ("Rock",))
    except FileError:
        assert path.read_bytes() == data
    else:
        assert other_fields(path) == others


def test_a_wav_file_whose_last_chunk_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = empty("WAV", tmp_path)
    data = path.read_bytes() + b"cue " + (1000).to_bytes(4, "little") + b"cut off"
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    refused(path, Code.TAGS_UNWRITABLE)


def test_a_name_with_odd_bytes_is_no_problem(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path).rename(tmp_path / os.fsdecode(b"\xff\xfe caf\xe9.mp3"))
    tags.write(path, ("Rock",))
    assert tags.read(path).genres == ("Rock",)


def test_raw_genres_of_another_container_are_refused(tmp_path: Path) -> None:
    other = raw_genres(empty("FLAC", tmp_path))
    path = empty("MP3", tmp_path)
    with pytest.raises(FileError) as caught:
        restore(path, other)
    assert caught.value.code == Code.TAGS_UNWRITABLE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 9, "container": "MP3", "tags": []}'])
def test_text_that_is_no_raw_genres_is_told_apart(text: str) -> None:
    with pytest.raises(ValueError):
        tags.RawGenres.from_json(text)
