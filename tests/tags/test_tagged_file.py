"""One open file answers everything about its tags, and is read anew once it is written."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from audio_files import make
from fixtures import full

from genretag import tags
from genretag.errors import Code, FileError

_opened: list[str] | None = None

JAZZ = {"genre": ("Jazz",)}


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(str(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def opens_of(path: Path) -> Iterator[list[str]]:
    """Collect each time that somebody opens `path` in the block."""
    global _opened
    _opened, found = [], []
    try:
        yield found
    finally:
        found += [name for name in _opened if name == str(path)]
        _opened = None


containers = pytest.mark.parametrize("name", ["MP3", "FLAC", "MP4", "WAV", "Opus", "ASF"])


@containers
def test_a_file_is_opened_once_to_read(name: str, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    with opens_of(path) as opens, tags.open(path) as file:
        raw = file.raw_genres()
        answers = (
            file.track, file.stored_tags(), file.stale_tags(JAZZ), file.write_costs(JAZZ),
            file.other_fields(), file.other_fields_after_write(JAZZ),
            file.other_fields_after_restore(raw), file.audio_span,
        )  # fmt: skip
    assert answers[0].genres[0] == "Old Genre" and answers[0].artist == "Ärtist"
    assert len(opens) == 1


@containers
def test_a_file_is_opened_once_to_write_and_then_read_anew(name: str, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    with opens_of(path) as opens, tags.open(path, writing=True) as file:
        raw, expected = file.raw_genres(), file.other_fields_after_write(JAZZ)
        file.write(JAZZ)
        assert (file.genres, file.other_fields()) == (("Jazz",), expected)
        file.restore(raw)
        assert file.raw_genres() == raw
    assert len(opens) == 1
    assert tags.read(path).genres == raw.names


def test_a_file_in_no_known_container_has_no_tags(tmp_path: Path) -> None:
    with tags.open(make("Matroska", tmp_path)) as file:
        assert (file.container, file.genres, file.track.title) == (None, (), "")
        for question in (file.stored_tags, file.stale_tags, file.raw_genres, file.other_fields):
            with pytest.raises(FileError) as caught:
                question()
            assert caught.value.code == Code.TAGS_UNWRITABLE


def test_names_that_would_be_read_otherwise_cannot_be_stored() -> None:
    assert tags.can_store({"genre": ("Rock", "Drum & Bass")})
    for genres in (("Rock; Pop",), ("(17)",), ("Rock", "rock"), ("Ro\0ck",), (" Rock",)):
        assert not tags.can_store({"genre": genres})
