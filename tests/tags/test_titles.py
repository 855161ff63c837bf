from pathlib import Path

import mutagen
import pytest
from audio_files import garbage, write_tone

from genretag.tags.titles import Titles, titles


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.m4a", "a.opus", "a.ogg"])
def test_title_artist_and_album_are_the_first_in_the_tags(tmp_path: Path, name: str) -> None:
    path = write_tone(tmp_path / name, rate=48000)
    file = mutagen.File(path, easy=True)
    if file.tags is None:
        file.add_tags()
    file["title"], file["artist"], file["album"] = ["Ж", "other"], [" A "], ["B"]
    file.save()
    assert titles(path) == Titles("Ж", "A", "B")


def test_whatever_cannot_be_read_is_empty(tmp_path: Path) -> None:
    for path in (garbage(tmp_path / "a.mp3"), tmp_path / "none.flac", tmp_path):
        assert titles(path) == Titles()
    assert titles(write_tone(tmp_path / "a.wav")) == Titles()
