"""Decisions in a page: they are kept, can be taken back, and leave as a table."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import NARROW, WIDE, Browser
from libraries import HOSTILE, Song, decided, library
from selenium.webdriver.common.keys import Keys

from genretag.domain.decision import COLUMNS, parse_genres
from genretag.domain.placeholder import PLACEHOLDERS
from genretag.report.page import render_page

EXPORT = ".decisions button"
UNIT, TRACK = "#units .unit:nth-child({})", "#tracks tbody tr:nth-child({})"
TYPED = [
    "Trip Hop", "  Trip   Hop;Jazz ", "Rock;rock", "", " ; ", "7", "(17)", "x" * 60, "x" * 61,
    "a\u200bb", "a\u202eb", "Rock\u00a0Pop", "日本", "Ä; ä", "A\u0308", "n/a", "OTHER!", "R&B",
    "; ".join(f"g{'x' * n}" for n in range(1, 21)), "; ".join(f"g{'x' * n}" for n in range(1, 22)),
    *PLACEHOLDERS,
]  # fmt: skip


@pytest.fixture
def page(browser: Browser, albums: Path) -> Iterator[Browser]:
    """A page of albums in which nothing is decided."""
    browser.open(albums)
    browser.run("localStorage.clear()")
    browser.open(albums)
    yield browser
    browser.run("localStorage.clear()")


def told(browser: Browser) -> str:
    return browser.find(".decisions [role=status]").text


def take(browser: Browser, row: str, guess: int = 1) -> None:
    browser.click(f"{row} .decide > button:nth-of-type({guess})")


def write(browser: Browser, row: str, text: str) -> None:
    browser.find(f"{row} .decide input").send_keys(text, Keys.ENTER)


def read_table(file: Path) -> list[dict[str, str]]:
    text = file.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff") and "\r" not in text
    rows = list(csv.DictReader(text[1:].splitlines(keepends=True)))
    assert all(tuple(row) == COLUMNS for row in rows)
    return rows


def test_a_guess_or_a_typed_genre_decides_and_undo_takes_it_back(page: Browser) -> None:
    assert not page.find(".decisions").is_displayed()
    take(page, UNIT.format(1))
    assert told(page) == "1 decision about 10 files"
    assert page.texts("#units .decided") == ["Rock"]
    assert page.run("return document.activeElement.textContent") == "Undo"
    write(page, UNIT.format(2), "Trip Hop; Jazz")
    assert page.texts("#units .decided") == ["Rock", "Trip Hop; Jazz"]
    assert told(page) == "2 decisions about 16 files"
    take(page, UNIT.format(1))  # now it is Undo
    assert page.texts("#units .decided") == ["Trip Hop; Jazz"]
    assert told(page) == "1 decision about 6 files"
    assert page.driver.get_log("browser") == []


def test_a_track_goes_its_own_way_whichever_was_decided_first(page: Browser) -> None:
    page.click("#units .opener")
    own = "#units .members tbody tr:nth-child(3)"
    take(page, own)  # opens what is offered
    write(page, own, "Spoken")
    assert told(page) == "1 decision about 1 file"
    take(page, UNIT.format(1))
    assert told(page) == "2 decisions about 10 files"
    table = page.texts("#units .members .decided")
    assert table.count("Rock, with its album") == 9 and len(table) == 10
    page.find("#units-by option[value=artist]").click()
    write(page, UNIT.format(1), "Pop")  # later, and about more
    assert told(page) == "2 decisions about 19 files"


def test_what_waits_and_what_is_decided_can_be_shown(page: Browser) -> None:
    take(page, UNIT.format(2))
    page.find("#units-filter option[value=open]").click()
    assert page.texts("#units .opener") == ["A / Apart", "<b>B</b> / Wrong"]
    page.find("#units-filter option[value=decided]").click()
    assert page.texts("#units .opener") == ["A / Torn"]
    page.find("#tracks-filter option[value=decided]").click()
    assert page.find("#tracks [role=status]").text == "6 files, decided here"


def test_a_reload_and_another_window_lose_no_decision(page: Browser, albums: Path) -> None:
    take(page, UNIT.format(1))
    page.driver.refresh()
    assert told(page) == "1 decision about 10 files"
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    page.open(albums)
    write(page, UNIT.format(3), "Blues")
    assert told(page) == "2 decisions about 12 files"
    page.driver.close()
    page.driver.switch_to.window(first)
    assert told(page) == "2 decisions about 12 files"
    assert page.texts("#units .decided") == ["Rock", "Blues"]


def test_another_page_has_its_own_decisions(page: Browser, file: Path) -> None:
    take(page, UNIT.format(1))
    page.open(file)
    assert not page.find(".decisions").is_displayed()


def test_where_nothing_is_kept_the_page_says_so(page: Browser) -> None:
    page.run("Storage.prototype.setItem = () => { throw new Error('no') }")
    take(page, UNIT.format(1))
    warning = page.find(".decisions .warn")
    assert warning.is_displayed() and "export before you close" in warning.text
    stopped = "const e = new Event('beforeunload', { cancelable: true }); dispatchEvent(e);"
    assert page.run(f"{stopped} return e.defaultPrevented")
    page.run("decisions.made.clear()")  # or the browser asks whether to leave


@pytest.mark.parametrize("kept", ["{", "[[7]]", '{"a":1}', '[["album 99","x"],["track -1","x"]]'])
def test_what_another_program_kept_there_does_no_harm(
    page: Browser, albums: Path, kept: str
) -> None:
    page.run("localStorage.setItem(decisions.key, arguments[0])", kept)
    page.open(albums)
    assert page.driver.get_log("browser") == []
    assert not page.find(".decisions").is_displayed()


def test_clearing_asks_first(page: Browser) -> None:
    take(page, UNIT.format(1))
    clear = page.find(".decisions button:last-of-type")
    clear.click()
    page.driver.switch_to.alert.dismiss()
    assert told(page) == "1 decision about 10 files"
    clear.click()
    page.driver.switch_to.alert.accept()
    assert not page.find(".decisions").is_displayed() and not page.texts(".decided")


def test_only_genres_that_apply_takes_can_be_typed(page: Browser) -> None:
    for text in TYPED:
        script = "try { return readGenres(arguments[0]) } catch { return null }"
        try:
            expected: str | None = "; ".join(parse_genres(text))
        except ValueError:
            expected = None
        assert page.run(script, text) == expected, text
    write(page, UNIT.format(1), "Other")
    assert page.find("#units .decide [role=alert]").text == "“Other” counts as no genre."
    assert not page.find(".decisions").is_displayed()


def test_the_table_has_what_apply_needs_and_nothing_that_a_spreadsheet_runs(
    page: Browser, tmp_path: Path
) -> None:
    take(page, UNIT.format(1))
    write(page, UNIT.format(2), "+Plus; Ünder")
    first, second = read_table(page.download(EXPORT, tmp_path))
    assert first["genre"] == "Rock" and second["genre"] == "'+Plus; Ünder"
    assert (first["kind"], first["name"], first["tracks"]) == ("album", "A / Apart", "10")
    assert first["folder"] == "/music/<i>/A/Apart" and first["before"] == ""
    assert [first["guess_1"], second["guess_1"]] == ["Rock", "Pop"]
    assert re.fullmatch(r"0\.\d\d", first["score_1"])
    assert json.loads(first["files"]) == [f"/music/<i>/A/Apart/{n:02}.flac" for n in range(3, 13)]
    assert not json.loads(second["files"])[0].startswith(first["folder"])


def test_a_cell_never_gets_longer_than_a_spreadsheet_takes(
    browser: Browser, tmp_path: Path
) -> None:
    song = Song("A" * 200, "X" * 100, "Pop", 0.5)
    file = tmp_path / "long.html"
    file.write_text(render_page(decided(*[song] * 250)), "utf-8")
    browser.open(file)
    browser.find("#units-filter option[value=all]").click()
    take(browser, UNIT.format(1))
    rows = read_table(browser.download(EXPORT, tmp_path))
    files = [json.loads(row["files"]) for row in rows]
    assert len(files) > 2 and max(len(row["files"]) for row in rows) < 32_767
    assert [row["tracks"] for row in rows] == [str(len(one)) for one in files]
    assert len({path for one in files for path in one}) == 250


def test_hostile_names_are_text_in_decisions_too(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_text(render_page(library(60)), "utf-8")
    browser.open(file)
    browser.find("#tracks-filter option[value=all]").click()
    for n in range(1, 7):
        take(browser, TRACK.format(n))
        write(browser, TRACK.format(n), "<img src=x onerror=alert(1)>")
    [row, *_] = read_table(browser.download(EXPORT, tmp_path))
    assert row["genre"] == "<img src=x onerror=alert(1)>" and row["before"] == HOSTILE[0]
    assert browser.run("return document.querySelectorAll('img, main script').length") == 0
    assert browser.driver.title == "Genres in this library"
    assert browser.driver.get_log("browser") == []
    browser.run("localStorage.clear()")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_deciding_fits_on_the_screen_and_hides_no_row(
    page: Browser, albums: Path, size: tuple[int, int]
) -> None:
    page.open(albums, size)
    page.click("#units .opener")
    take(page, "#units .members tbody tr:nth-child(2)")
    take(page, UNIT.format(1))
    assert page.run("return document.documentElement.scrollWidth") <= size[0]  # type: ignore[operator]
    bar = page.find(".decisions")
    assert bar.is_displayed() and bar.size["height"] < size[1] / 4
    page.run("scrollTo(0, document.body.scrollHeight)")
    below = "return document.querySelector('main').getBoundingClientRect().bottom"
    top = "return document.querySelector('.decisions').getBoundingClientRect().top"
    assert page.run(below) <= page.run(top)  # type: ignore[operator]
