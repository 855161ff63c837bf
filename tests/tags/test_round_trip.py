"""Genres written into every container are there for whoever reads them, and nothing else moves."""

import shutil
from pathlib import Path

import pytest
from audio_files import make
from fixtures import FIXTURES, empty, full, payload
from one_shot import other_fields, raw_genres, restore
from readers import FILES, READERS, in_readme, seen, table, versions

from genretag import tags

WISHES = {
    "one": ("Rock",),
    "three": ("Café", "摇滚", 'Drum & Bass 🥁 "live"'),
    "twenty": tuple(f"Genre {n}" for n in range(20)),
    "long": ("x" * 1000,),
    "none": (),
}

everywhere = pytest.mark.parametrize("name", FILES)
fixtures = pytest.mark.parametrize("fixture", FIXTURES)
ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")


@everywhere
@fixtures
def test_what_is_written_is_read_back_and_nothing_else_changes(
    name: str, fixture: str, tmp_path: Path
) -> None:
    path = FIXTURES[fixture](name, tmp_path)
    others, sound = other_fields(path), payload(path, name)
    for wish in WISHES.values():
        tags.write(path, wish)
        assert tags.read(path).genres == wish
        assert other_fields(path) == others
        assert payload(path, name) == sound


@everywhere
@fixtures
def test_raw_genres_are_restored_exactly(name: str, fixture: str, tmp_path: Path) -> None:
    path = FIXTURES[fixture](name, tmp_path)
    before, others = raw_genres(path), other_fields(path)
    kept = tags.RawGenres.from_json(before.to_json())
    assert kept == before
    for wish in WISHES.values():
        tags.write(path, wish)
        restore(path, kept)
        assert raw_genres(path) == before
        assert other_fields(path) == others


@everywhere
@fixtures
def test_writing_what_is_there_changes_no_byte(name: str, fixture: str, tmp_path: Path) -> None:
    path = FIXTURES[fixture](name, tmp_path)
    tags.write(path, ("Rock", "Pop"))
    data = path.read_bytes()
    tags.write(path, ("Rock", "Pop"))
    assert path.read_bytes() == data


@everywhere
@pytest.mark.parametrize("fixture", ["empty", "full"])
@pytest.mark.parametrize(
    "reader", [r if r != "ffprobe" else pytest.param(r, marks=ffprobe) for r in READERS]
)
def test_foreign_readers_see_what_is_written(
    name: str, fixture: str, reader: str, tmp_path: Path
) -> None:
    path = FIXTURES[fixture](name, tmp_path)
    joined = ("one text, `;` between",)
    expected = _cells(reader).get(name, "")
    for wish in WISHES.values():
        tags.write(path, wish)
        found = seen(reader, path, wish)
        if expected == "cannot open it":
            assert found == expected
        elif not wish:
            assert found == "all"
        elif expected == "nothing":
            assert found == expected
        elif len(wish) == 1:
            assert found == "all"
        else:
            assert found in (expected, *joined)


@ffprobe
def test_the_table_in_the_readme_is_what_is_measured(tmp_path: Path) -> None:
    written = in_readme()
    if not all(versions(reader) in written for reader in READERS):
        pytest.skip("the table was measured with other versions of the readers")
    assert table(tmp_path) == written


def _cells(reader: str) -> dict[str, str]:
    """What the table says that `reader` sees, by file."""
    lines = [line.strip("| ").split(" | ") for line in in_readme().splitlines()]
    column = 1 + list(READERS).index(reader)
    return {cells[0]: cells[column] for cells in lines[2:]}


@everywhere
def test_the_extension_does_not_matter(name: str, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    genres = tags.read(path)
    renamed = path.rename(tmp_path / "file.xyz")
    assert tags.read(renamed).container == genres.container
    assert tags.read(renamed).genres == genres.genres


@pytest.mark.parametrize("container", ["Matroska", "WebM"])
def test_a_container_without_a_place_for_genres_is_told_apart(
    container: str, tmp_path: Path
) -> None:
    assert tags.read(make(container, tmp_path)).container is None


@everywhere
def test_every_row_is_made_and_recognised(name: str, tmp_path: Path) -> None:
    container = tags.read(empty(name, tmp_path)).container
    assert container is not None
    assert name.startswith(container) or name == "MP2"


def test_every_container_has_a_file() -> None:
    assert set(tags.CONTAINERS) <= set(FILES)
