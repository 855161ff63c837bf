from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import Browser, open_browser
from libraries import Song, decided, library

from genretag.report.page import render_page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_browser() as found:
        yield found


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "library.html"
    file.write_text(render_page(library(260)), "utf-8")
    return file


@pytest.fixture(scope="session")
def albums(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of albums that were decided: two contradict themselves, one is in doubt."""
    rock, pop = Song("A", "Apart", "Rock", 0.97), Song("A", "Torn", "Pop", 0.55)
    jazz = Song("<b>B</b>", "Wrong", "Jazz", 0.95, ("Blues",))
    even = replace(rock, album="Even", tags=("Rock",))
    songs = [*[even] * 3, *[rock] * 9, replace(rock, genre="Spoken", score=0.999999)]
    songs += [*[pop] * 3, *[replace(pop, genre="Rock")] * 3, *[jazz] * 2]
    file = tmp_path_factory.mktemp("page") / "albums.html"
    file.write_text(render_page(decided(*songs)), "utf-8")
    return file
