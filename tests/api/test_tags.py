"""Genres that the API writes are read back, journalled, and taken back by `genretag undo`."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from audio_files import garbage, make
from rights import nobody

from genretag import Code, FileError, RunError, UsageError, read_genres, write_genres

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    (tmp_path / "music").mkdir()
    return make("FLAC", tmp_path / "music")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody reaches, which pytest's own are not."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.parametrize("container", ["FLAC", "MP3", "MP4", "Opus", "WAV"])
def test_written_read_and_taken_back(container: str, tmp_path: Path, command: Command) -> None:
    song = make(container, tmp_path)
    assert read_genres(song) == ()
    written = write_genres(song, ["Jazz", "Blues"])
    assert (written.path, written.before, written.after) == (song, (), ("Jazz", "Blues"))
    assert read_genres(str(song)) == ("Jazz", "Blues")
    assert "write_genres" in command("history").stdout
    assert command("undo", str(written.run)).returncode == 0
    assert read_genres(song) == ()


def test_each_call_is_a_run_of_its_own(song: Path, command: Command) -> None:
    assert write_genres(song, "Rock").run == 1
    assert write_genres(song, "Jazz").run == 2
    command("undo")
    assert read_genres(song) == ("Rock",)


def test_one_name_is_one_genre(song: Path) -> None:
    assert write_genres(song, "Rock").after == ("Rock",)


def test_no_names_take_the_genre_out(song: Path, command: Command) -> None:
    write_genres(song, "Rock")
    assert write_genres(song, ()).before == ("Rock",)
    assert read_genres(song) == ()
    command("undo")
    assert read_genres(song) == ("Rock",)


def test_a_file_that_has_these_genres_is_not_touched(song: Path) -> None:
    write_genres(song, "Rock")
    status = song.stat()
    assert write_genres(song, "Rock").run is None
    assert song.stat() == status


def test_options(song: Path, tmp_path: Path) -> None:
    os.utime(song, ns=(10**18, 10**18))
    write_genres(song, "Rock", keep_mtime=True)
    assert song.stat().st_mtime_ns == 10**18
    film = make("MP4", tmp_path)
    write_genres(film, ["Rock", "Pop"], player="itunes")
    assert b"Rock; Pop" in film.read_bytes()
    with pytest.raises(UsageError, match="no player 'gramophone'"):
        write_genres(song, "Jazz", player="gramophone")


def test_what_a_person_should_know_is_in_the_notes(song: Path) -> None:
    song.with_name("other.flac").hardlink_to(song)
    assert write_genres(song, "Rock").notes == ("it had 2 names; the others keep the old file",)


@pytest.mark.parametrize("genres", [["Rock", "rock"], ["a;b"], [" Rock"]])
def test_names_that_would_be_read_otherwise_are_refused(genres: list[str], song: Path) -> None:
    before = song.read_bytes()
    with pytest.raises(FileError) as error:
        write_genres(song, genres)
    assert error.value.code == Code.TAGS_UNWRITABLE
    assert song.read_bytes() == before


def test_a_file_that_is_read_only(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENRETAG_DATA_DIR", str(open_folder / "data"))
    song = make("MP3", open_folder)
    song.chmod(0o444)
    before = song.read_bytes()
    with nobody(), pytest.raises(FileError) as error:
        write_genres(song, "Rock")
    assert error.value.code == Code.NO_PERMISSION
    assert song.read_bytes() == before


@pytest.mark.parametrize("call", [read_genres, lambda path: write_genres(path, "Rock")])
def test_files_without_tags_to_read_or_write(call, tmp_path: Path) -> None:
    for path, code in {
        tmp_path / "gone.mp3": Code.NOT_FOUND,
        garbage(tmp_path / "garbage.mp3"): Code.TAGS_UNREADABLE,
        make("Matroska", tmp_path): Code.TAGS_UNREADABLE,
    }.items():
        with pytest.raises(FileError) as error:
            call(path)
        assert error.value.code == code
        assert str(path) in error.value.message


def test_without_a_journal_nothing_is_written(song: Path, data: Path) -> None:
    data.write_text("in the way of the folder")
    before = song.read_bytes()
    with pytest.raises(RunError) as error:
        write_genres(song, "Rock")
    assert error.value.code == Code.JOURNAL_FAILED
    assert song.read_bytes() == before
