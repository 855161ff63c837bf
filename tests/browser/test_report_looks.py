"""Looks of the page of `report`: on screens of any size, light and dark, and on paper."""

from dataclasses import replace
from pathlib import Path

import pytest
from chromium import NARROW, WIDE, Browser
from libraries import library
from selenium.webdriver.common.keys import Keys

from genretag.report.page import render_page

# The least contrast of any text with what is behind it, and which text that is.
CONTRAST = """
const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
  .getContext("2d", { willReadFrequently: true });
const seen = (colours) => {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 1, 1);
  for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const luminance = (colours) => seen(colours).map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0.05);
const grounds = (e) =>
  (e ? [...grounds(e.parentElement), getComputedStyle(e).backgroundColor] : []);
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let least = [99, ""];
while (texts.nextNode()) {
  const text = texts.currentNode, e = text.parentElement;
  if (!text.data.trim() || !e.checkVisibility() || e.matches("option, :disabled")) continue;
  const behind = grounds(e), both = [...behind, getComputedStyle(e).color];
  const [dark, light] = [luminance(behind), luminance(both)].sort((a, b) => a - b);
  const contrast = light / dark;
  if (contrast < least[0]) least = [contrast, text.data];
}
return least;
"""
PAINT = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
SIGN = """
const pen = document.querySelector(".legend canvas").getContext("2d");
return [...pen.getImageData(18, 18, 1, 1).data]
"""
# How far down the label of a cell and its first line stand, by their middles.
TOPS = """
return [...document.querySelectorAll(arguments[0])].map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode());
  const label = getComputedStyle(cell, "::before");
  const [first] = range.getClientRects();
  const top = cell.getBoundingClientRect().top + parseFloat(getComputedStyle(cell).paddingTop);
  return [parseFloat(label.lineHeight) / 2, (first.top + first.bottom) / 2 - top];
});
"""
EDGES = """
return [...document.querySelectorAll(arguments[0])].map((label) =>
  [label.getBoundingClientRect().left, label.lastChild.getBoundingClientRect().left]);
"""


def test_colours_change_by_button_and_by_system(browser: Browser, file: Path) -> None:
    browser.features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.open(file)
    ground = "return getComputedStyle(document.body).backgroundColor"
    dark = browser.run(ground)
    browser.find("#theme").click()
    light = browser.run(ground)
    browser.features = []
    browser.open(file)
    assert browser.run(ground) == light != dark


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(browser: Browser, file: Path, colours: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5."""
    browser.features = [{"name": "prefers-color-scheme", "value": colours}]
    browser.open(file)
    browser.features = []
    browser.find("#units .opener").send_keys(Keys.ENTER)
    browser.click("#units .unit:nth-child(3) .decide > button")
    browser.click("#units .members .decide button")
    contrast, text = browser.run(CONTRAST)  # type: ignore[misc]
    browser.run("localStorage.clear()")
    assert contrast >= 4.5, text


def test_controls_have_the_colours_that_were_chosen(browser: Browser, file: Path) -> None:
    browser.open(file)
    scheme = "return getComputedStyle(document.documentElement).colorScheme"
    assert browser.run(scheme) == "light"
    browser.find("#theme").click()
    assert browser.run(scheme) == "dark" and browser.find("#theme").text == "Light colours"


def test_paper_stays_white(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.find("#theme").click()
    on_screen = browser.run(SIGN)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run(PAINT) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert browser.run(SIGN) != on_screen
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_paper_says_what_of_the_table_it_shows(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.find("#tracks-search").send_keys("album 1")
    browser.run("document.querySelector('[data-filter=unsure]').click()")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    told = browser.find("#tracks [role=status]").text
    assert told.endswith("files, unsure, with “album 1”")


def test_many_failures_are_folded_and_paper_unfolds_them(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "failing.html"
    file.write_text(render_page(library(3000)), "utf-8")
    browser.open(file)
    rows, folded = "#failures > table tbody tr", "#failures details tbody tr"
    assert (len(browser.texts(rows)), len(browser.texts(folded))) == (50, 10)
    assert browser.find("#failures summary").text == "10 more files"
    is_open = "return document.querySelector('#failures details').open"
    assert not browser.run(is_open)
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run(is_open)


def test_one_long_name_leaves_room_for_the_others(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "long.html"
    made = library(60)
    long = replace(made.entries[5], title="x" * 5000, artist="y" * 5000)
    entries = (*made.entries[:5], long, *made.entries[6:])
    file.write_text(render_page(replace(made, entries=entries)), "utf-8")
    browser.open(file)
    widths = "return [...document.querySelectorAll('#tracks th')].map((e) => e.offsetWidth)"
    title, *_, path, _ = browser.run(widths)  # type: ignore[misc]
    assert path > 200 and abs(title - path) < 20


@pytest.mark.parametrize("size", [WIDE, NARROW, (320, 640)])
def test_nothing_is_wider_than_the_screen(browser: Browser, file: Path, size) -> None:
    browser.open(file, size)
    browser.find("#units .opener").send_keys(Keys.ENTER)
    assert browser.run("return document.documentElement.scrollWidth") <= size[0]  # type: ignore[operator]


def test_printing_shows_more_than_a_page_of_the_table(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert len(browser.column("Title")) == 260
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert len(browser.column("Title")) == 100


def test_a_phone_gets_short_pages_of_what_to_decide(browser: Browser, file: Path) -> None:
    browser.open(file, NARROW)
    assert len(browser.texts("#units .opener")) == 10
    assert len(browser.column("Title")) == 20
    browser.click("#units .pages button:last-child")
    assert "11 to 20 shown" in browser.find("#units [role=status]").text
    height = browser.run("return document.querySelector('#units').offsetHeight")
    browser.open(file)
    assert len(browser.texts("#units .opener")) == 25 and height < 8000  # type: ignore[operator]


def test_numbers_and_labels_stand_on_one_line_with_what_they_are_of(
    browser: Browser, file: Path
) -> None:
    """Labels beside their cells on a phone, and those of controls above them on any screen."""
    browser.open(file, NARROW)
    tops = browser.run(TOPS, "#units .unit td:not(:empty)")
    assert all(abs(label - text) <= 3 for label, text in tops), tops  # type: ignore[union-attr]
    for size in (WIDE, NARROW):
        browser.open(file, size)
        edges = browser.run(EDGES, "#units .controls label")
        assert all(left == control for left, control in edges)  # type: ignore[union-attr]
