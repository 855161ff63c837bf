"""Ogg pages stay where they are and keep their numbers as long as they can."""

from io import BytesIO
from pathlib import Path

import mutagen
import pytest
from fixtures import COMMENT_FILES, empty, payload
from mutagen.ogg import OggPage

from genretag import tags

OGG_FILES = [name for name in COMMENT_FILES if name != "FLAC"]
several = pytest.mark.parametrize("name", OGG_FILES)


def pages(path: Path) -> list[OggPage]:
    file = BytesIO(path.read_bytes())
    found = []
    while file.tell() < len(file.getvalue()):
        found.append(OggPage(file))
    return found


@several
def test_a_small_change_moves_no_page_number(name: str, tmp_path: Path) -> None:
    path = empty(name, tmp_path)
    count = len(pages(path))
    tags.write(path, ("Rock", "Pop"))
    assert len(pages(path)) == count


@several
def test_a_large_change_numbers_all_pages_in_order(name: str, tmp_path: Path) -> None:
    path = empty(name, tmp_path)
    sound = payload(path, name)
    wish = tuple(f"{n:02} " + "x" * 9000 for n in range(20))
    tags.write(path, wish)
    assert [page.sequence for page in pages(path)] == list(range(len(pages(path))))
    assert tags.read(path).genres == wish
    assert payload(path, name) == sound
    size = path.stat().st_size
    tags.write(path, ("Rock",))
    assert path.stat().st_size == size  # what was a genre is padding now
    assert mutagen.File(path).tags["genre"] == ["Rock"]
    assert payload(path, name) == sound


@several
def test_what_follows_the_last_page_survives(name: str, tmp_path: Path) -> None:
    path = empty(name, tmp_path)
    path.write_bytes(path.read_bytes() + b"TAG and something else")
    tags.write(path, ("Rock",))
    assert path.read_bytes().endswith(b"TAG and something else")
    assert tags.read(path).genres == ("Rock",)


def test_data_after_opus_comments_survives(tmp_path: Path) -> None:
    path = empty("Opus", tmp_path)
    first, comments, *sound = pages(path)
    comments.packets[0] += b"\x01kept by RFC 7845"
    path.write_bytes(b"".join(page.write() for page in (first, comments, *sound)))
    tags.write(path, ("Rock",))
    assert b"\x01kept by RFC 7845" in path.read_bytes()
    assert tags.read(path).genres == ("Rock",)
