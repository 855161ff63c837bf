"""Genres written into every container are there for whoever reads them."""

from pathlib import Path

import pytest
from audio_files import CRAFTED, RECIPES, make

from genretag import tags

FILES = [name for name in (*RECIPES, *CRAFTED) if name not in ("Matroska", "WebM")]
WISHES = [
    ("Rock",),
    ("Rock", "Café", "摇滚"),
    tuple(f"Genre {n}" for n in range(20)),
    ('"Quoted" & «more»', "Drum & Bass 🥁", "x" * 1000),
    (),
]


@pytest.mark.parametrize("container", FILES)
def test_what_is_written_is_read_back(container: str, tmp_path: Path) -> None:
    path = make(container, tmp_path)
    for wish in WISHES:
        tags.write(path, wish)
        assert tags.read(path).genres == wish


@pytest.mark.parametrize("container", ["Matroska", "WebM"])
def test_a_container_without_a_place_for_genres_is_told_apart(
    container: str, tmp_path: Path
) -> None:
    assert tags.read(make(container, tmp_path)).container is None
