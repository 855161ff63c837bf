from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from genretag.report.paths import common_folder, relative_path, shorten


def test_paths_are_relative_to_the_folder_that_holds_them_all(tmp_path: Path) -> None:
    for name in ("a/x", "b"):
        (tmp_path / name).mkdir(parents=True)
    one, other = tmp_path / "a", tmp_path / "b"
    assert common_folder([one]) == one
    assert common_folder([one, other]) == tmp_path
    assert common_folder([one / "x", one / "x" / "song.mp3"]) == one / "x"
    assert common_folder([one / "song.mp3"]) == one
    assert relative_path(one / "x" / "song.mp3", one) == "x/song.mp3"


def test_where_no_folder_holds_them_all_paths_stay_as_they_are() -> None:
    assert common_folder([]) is None
    assert common_folder([Path("/a/x.mp3"), Path("/b/x.mp3")]) is None
    assert common_folder([Path("/a/x.mp3"), Path("b/x.mp3")]) is None
    assert (
        relative_path(Path("/a/x.mp3"), None)
        == relative_path(Path("/a/x.mp3"), Path("/b"))
        == "/a/x.mp3"
    )
    assert relative_path(Path("/a"), Path("/a")) == "/a"


def test_relative_paths_are_relative_to_what_was_typed(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    assert common_folder([Path()]) == Path()
    assert common_folder([Path("sub")]) == Path("sub")
    assert relative_path(Path("sub/a.mp3"), Path()) == "sub/a.mp3"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "Artist/An Album/01 A Title.flac"),
        (30, "Artist/An Alb…/01 A Title.flac"),
        (17, "…/01 A Title.flac"),
        (12, "Art…tle.flac"),
        (1, "…"),
    ],
)
def test_the_name_of_the_file_stays_as_long_as_it_fits(width: int, shown: str) -> None:
    assert shorten("Artist/An Album/01 A Title.flac", width) == shown


def test_the_name_of_an_album_stays_as_long_as_it_fits() -> None:
    """Not as in `Some Ar…/ An Album`, which reads as a path."""
    assert shorten("Some Artist / An Album", 20) == "Some Art… / An Album"
    assert shorten("Some Artist / An Album", 12) == "… / An Album"


@given(st.text(st.sampled_from("ab/ 久石ö\u0301🎵-.")), st.integers(1, 40))
def test_what_is_shortened_fits_and_keeps_its_end(text: str, width: int) -> None:
    short = shorten(text, width)
    assert cell_len(short) <= width or short == text
    if cell_len(text) <= width:
        assert short == text
    else:
        assert text.endswith(short.partition("…")[2])
