"""The page of `report` in a real browser, opened from disk."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import SEARCH, Browser
from libraries import HOSTILE, Song, decided, library
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from genretag.domain.genre import Family
from genretag.domain.tagging import TagPolicy
from genretag.report.page import render_page, to_dict

FOUND = {"song 123": 1, "ARTIST of song 245": 1, "album 25/": 10, "nowhere": 0}
CONTROLS = "button, input, select, canvas[tabindex]"
NAMELESS = """
return [...document.querySelectorAll(arguments[0])].filter((e) => !(
    e.textContent.trim() || e.getAttribute("aria-label") || (e.labels && e.labels.length))).length
"""
TIMED = {
    "first search, ms": SEARCH.format("tracks", "song 1777"),
    "next search, ms": SEARCH.format("tracks", "song 17"),
    "sorting, ms": "tracks.search.value = ''; tracks.words = ''; tracks.sort(6)",
    "map, ms": "chart.draw()",
    "artists, ms": "units.group('artist')",
    "sorting albums, ms": "units.group('album'); units.sort(3)",
    "searching albums, ms": SEARCH.format("units", "rock"),
}


def test_it_draws_itself_without_a_word_or_a_request(browser: Browser, file: Path) -> None:
    browser.open(file)
    assert browser.driver.get_log("browser") == []
    assert browser.requests() == [file.as_uri()]
    assert browser.texts("section h2")[-1] == "All tracks"
    assert browser.texts(".numbers b")[0] == "260"


def test_hostile_names_are_text_and_do_nothing(browser: Browser, file: Path) -> None:
    browser.open(file)
    time.sleep(0.2)
    assert browser.driver.title == "Genres in this library"
    shown = "\n".join(browser.column("Title"))
    assert all(title in shown for title in HOSTILE[:5])
    assert "\\u202e" in shown and "\x1b" not in shown
    assert browser.run("return document.querySelectorAll('img, b b, main script').length") == 0


def test_the_policy_is_in_force(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.run(
        "const s = document.createElement('script'); s.textContent = 'document.title = `owned`';"
        "document.body.append(s);"
        "const i = new Image(); i.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';"
        "document.body.append(i);"
    )
    assert browser.driver.title == "Genres in this library"
    told = " ".join(entry["message"] for entry in browser.driver.get_log("browser"))
    assert ("script-src" in told and "default-src" in told) or "img-src" in told


def test_searching_finds_titles_artists_genres_and_paths(browser: Browser, file: Path) -> None:
    browser.open(file)
    search = browser.find("#tracks-search")
    for words, found in FOUND.items():
        search.clear()
        search.send_keys(words)
        assert browser.find("#tracks [role=status]").text.startswith(f"{found} file")
        assert len(browser.column("Title")) == found
    search.clear()
    search.send_keys("<script>")
    assert HOSTILE[0] in browser.column("Title")[0]


def test_headings_sort_by_click_and_by_key(browser: Browser, file: Path) -> None:
    browser.open(file)
    heading = browser.find("#tracks th:nth-child(7) button")
    browser.run("arguments[0].scrollIntoView()", heading)
    heading.click()
    paths = browser.column("File")
    head = browser.find("#tracks th:nth-child(7)")
    assert head.get_attribute("aria-sort") == "ascending" and paths[0].startswith("album 0/")
    heading.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "descending"
    assert browser.column("File")[0].startswith("album 25/")
    browser.find("#tracks th:nth-child(3) button").click()
    browser.find("#tracks th:nth-child(3) button").click()
    scores = [int(text.split()[1].rstrip("%")) for text in browser.column("Score")]
    assert scores == sorted(scores, reverse=True)


def test_pages_and_filters_show_every_file_once(browser: Browser, file: Path) -> None:
    browser.open(file)
    seen = browser.column("File")
    while browser.find("#tracks .pages button:last-child").is_enabled():
        browser.run("document.querySelector('#tracks .pages button:last-child').click()")
        seen += browser.column("File")
    assert len(seen) == len(set(seen)) == 260
    for key in ("planned", "unchanged", "unsure", "failed"):
        browser.click(f"[data-filter={key}]")
        assert set(browser.column("Status")) == {key}
        assert browser.find(f"[data-filter={key}]").get_attribute("aria-pressed") == "true"


def test_albums_to_look_at_come_first_and_say_why(browser: Browser, albums: Path) -> None:
    browser.open(albums)
    assert browser.texts("#units .opener") == ["A / Apart", "A / Torn", "<b>B</b> / Wrong"]
    apart, torn, wrong = browser.texts("#units td[data-label=Why]")
    alone = "tracks by themselves: "
    assert apart == (f"contradictorysome tracks keep another genre{alone}Rock\xa09, Spoken\xa01")
    assert torn.startswith("doubtfulPop 4") and torn.endswith(
        f"are nearly equal{alone}Pop\xa03, Rock\xa03"
    )
    assert wrong.startswith("contradictorysounds like Jazz 9")
    assert wrong.endswith(f", tags say Blues\xa02{alone}Jazz\xa02")
    before, after = (browser.texts(f"#units td[data-label={key}]") for key in ("Before", "After"))
    assert before == ["no genre\xa010", "no genre\xa06", "Blues\xa02"]
    assert after[0] == "Rock\xa09, Spoken\xa01" and after[2] == "Blues\xa02"
    assert browser.texts("#units td[data-label=Tracks]") == ["10", "6", "2"]


def test_a_card_says_which_windows_are_likeliest_of_what(browser: Browser, file: Path) -> None:
    browser.open(file)
    card = browser.find(".card")
    told = browser.texts(".card li")[0]
    assert re.fullmatch(r"[\w-]+ \d+% in all windows, at 0:00, 0:30, 1:00, 1:30", told)
    assert "is needed" in card.text or "is sure of" in card.text
    best = browser.texts(".card:first-child .best")
    assert len(best) == 4 and {f"{text}%" for text in best} == {told.split()[1]}
    row = card.get_attribute("id")
    browser.click(f"#tracks a[href='#{row}']")
    assert browser.run("return document.activeElement.id") == row


def test_a_row_of_an_album_shows_its_tracks_by_click_and_by_key(
    browser: Browser, albums: Path
) -> None:
    browser.open(albums)
    tracks = "#units .members td[data-label=Track]"
    opener = browser.find("#units .opener")
    assert opener.get_attribute("aria-expanded") == "false" and not browser.texts(tracks)
    opener.send_keys(Keys.ENTER)
    assert opener.get_attribute("aria-expanded") == "true" and len(browser.texts(tracks)) == 10
    scores = browser.texts("#units .members td[data-label=Score]")
    assert scores[0] == "Rock 99%by itself Rock 97%" and scores[9].startswith("Spoken")
    sources = browser.texts("#units .members td[data-label=Source]")
    assert sources == ["album"] * 9 + ["heard"]
    opener.send_keys(Keys.ENTER)
    assert opener.get_attribute("aria-expanded") == "false" and not browser.texts(tracks)
    browser.find("#units .unit:nth-child(2) td[data-label=After]").click()
    assert len(browser.texts(tracks)) == 6
    browser.run("units.sort(0)")  # what is open stays open
    assert len(browser.texts(tracks)) == 6


def test_albums_are_searched_filtered_sorted_and_grouped_by_artist(
    browser: Browser, albums: Path
) -> None:
    browser.open(albums)
    names = "#units .opener"
    browser.find("#units-search").send_keys("jazz wrong")
    assert browser.texts(names) == ["<b>B</b> / Wrong"]
    browser.run(SEARCH.format("units", ""))
    for key, found in (("doubtful", ["A / Torn"]), ("planned", ["A / Apart"])):
        browser.find(f"#units-filter option[value={key}]").click()
        assert browser.texts(names) == found
    browser.find("#units-filter option[value=all]").click()
    browser.find("#units th:nth-child(3) button").send_keys(Keys.ENTER)
    assert browser.texts("#units td[data-label=Tracks]") == ["2", "3", "6", "10"]
    browser.find("#units-by option[value=artist]").click()
    assert browser.texts(names) == ["<b>B</b>", "A"]
    assert browser.find("#units [role=status]").text == "2 artists"


def test_tracks_show_the_score_that_decided_and_their_own(browser: Browser, albums: Path) -> None:
    browser.open(albums)
    assert browser.column("Score")[2:4] == ["Rock 97%", "Rock 99%by itself Rock 97%"]
    assert browser.column("Source")[2:4] == ["tags", "album"]
    assert "--by album" in browser.find("#about").text


def test_tracks_and_albums_show_the_family_that_decided(browser: Browser, tmp_path: Path) -> None:
    torn = Song("A", "X", "Blues", 0.5, next="Jazz", next_score=0.47)
    policy = TagPolicy(threshold=0.8, families=(Family("Blues & <i>", ("Blues", "Jazz")),))
    file = tmp_path / "families.html"
    file.write_text(render_page(decided(torn, torn, replace(torn, artist="B"), policy=policy)))
    browser.open(file)
    albums, alone = browser.column("Score")[:2], browser.column("Score")[2]
    assert alone == "Blues & <i> 97%" and browser.column("Status") == ["planned"] * 3
    assert all(one.startswith("Blues & <i> 9") and "itself Blues 50%" in one for one in albums)
    browser.find("#units-filter option[value=all]").click()
    guesses = browser.texts("#units .decide > button")
    assert guesses[0].startswith("Blues & <i> 9") and guesses[1].startswith("Blues ")
    assert browser.texts('#units td[data-label="Why"]')[0] == ""


def test_there_is_a_line_for_each_threshold(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "two.html"
    file.write_text(render_page(replace(library(260), unit_threshold=0.65)), "utf-8")
    browser.open(file)
    assert browser.texts("#confidence .limit th") == ["70 to 80%", "60 to 65%"]
    assert "0.80 for a track by itself and 0.65" in browser.find("#confidence .hint").text


def test_the_line_lies_at_the_threshold(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "odd.html"
    made = replace(library(260), threshold=0.83, unit_threshold=0.83)
    file.write_text(render_page(made), "utf-8")
    browser.open(file)
    scores = browser.texts("#confidence th[scope=row]")
    assert scores[:3] == ["90 to 100%", "83 to 90%", "80 to 83%"]
    assert browser.texts("#confidence .limit th") == ["80 to 83%"]
    files = sum(int(text.split()[0]) for text in browser.texts("#confidence .share"))
    assert files == sum(best >= 0 for best in to_dict(library(260))["rows"]["best"])


def test_choosing_by_key_takes_the_reader_along(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.find("[data-filter=unsure]").send_keys(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "tracks"
    browser.find(".map canvas").send_keys(Keys.ARROW_RIGHT, Keys.ENTER)
    assert browser.run("return document.activeElement.className") == "found"
    assert browser.find("#tracks-filter").get_attribute("value") == "all"


def test_the_legend_hides_a_genre(browser: Browser, file: Path) -> None:
    browser.open(file)
    shown = "return chart.shown.length"
    all_shown = browser.run(shown)
    box = browser.find(".legend input")
    hidden = int(browser.texts(".legend label")[0].split("(")[1].rstrip(")"))
    browser.run("arguments[0].scrollIntoView({block: 'center'})", box)
    box.send_keys(Keys.SPACE)
    assert browser.run(shown) == all_shown - hidden  # type: ignore[operator]


def test_the_map_names_tracks_by_pointer_and_by_key(browser: Browser, file: Path) -> None:
    browser.open(file)
    canvas = browser.find(".map canvas")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    webdriver.ActionChains(browser.driver).move_to_element(canvas).perform()
    first = browser.find("#named").text
    assert "%" in first
    canvas.send_keys(Keys.ARROW_RIGHT)
    second = browser.find("#named").text
    assert second != first and "%" in second
    canvas.send_keys(Keys.ENTER)
    assert browser.find("#tracks tr.found td").text in second.replace("\n", " ")
    boxes = browser.texts(".legend label")
    assert len(boxes) > 3 and all("(" in box for box in boxes)


def test_every_control_has_a_name_and_every_chart_a_table(browser: Browser, file: Path) -> None:
    browser.open(file)
    assert browser.run(NAMELESS, CONTROLS) == 0
    assert browser.run("return document.querySelectorAll('th:not([scope])').length") == 0
    levels = browser.run("return [...document.querySelectorAll('h1,h2,h3')].map((e) => e.tagName)")
    assert levels[0] == "H1" and levels.count("H1") == 1  # type: ignore[index, union-attr]


def test_an_empty_library_says_so_and_nothing_else(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "empty.html"
    file.write_text(render_page(library(0)), "utf-8")
    browser.open(file)
    assert browser.driver.get_log("browser") == []
    told = browser.find("#about").text
    assert told.startswith("No music was found in /music/<i>") and "7 other files left out" in told
    assert not browser.texts("section, nav a")


@pytest.mark.parametrize("size", [1, 2])
def test_one_or_two_files_get_no_charts_that_say_nothing(
    browser: Browser, tmp_path: Path, size: int
) -> None:
    file = tmp_path / "tiny.html"
    song = Song("A", "X", "Pop", 0.5, next="Rock", next_score=0.4)
    file.write_text(render_page(decided(*[song] * size, least=1)), "utf-8")
    browser.open(file)
    assert browser.driver.get_log("browser") == []
    assert browser.texts("section h2") == ["Numbers", "What to decide", "All tracks"]
    number = browser.find("[data-filter=all]").text.split()
    assert number == [str(size), "file" if size == 1 else "files"]
    assert browser.texts("#units .opener") == ["Song 0 by A" if size == 1 else "A / X"]


def test_genres_beyond_the_twenty_most_frequent_are_folded_away(
    browser: Browser, tmp_path: Path
) -> None:
    songs = [
        Song("A", f"X {n}", "Rock", 0.5, (f"Genre {n}",)) for n in range(25) for _ in range(1 + n)
    ]
    file = tmp_path / "many.html"
    file.write_text(render_page(decided(*songs)), "utf-8")
    browser.open(file)
    shown = browser.texts("#genres > table th[scope=row]")
    assert len(shown) == 20 and shown[0] == "Genre 24"
    assert browser.find("#genres summary").text == "5 more genres"
    assert browser.texts("#genres details th[scope=row]") == [f"Genre {4 - n}" for n in range(5)]


def test_twenty_thousand_files_stay_usable(browser: Browser, tmp_path: Path) -> None:
    """`pytest -rP` prints what it took; only that everything is there is asserted."""
    file = tmp_path / "large.html"
    file.write_text(render_page(library(20_000)), "utf-8")
    took = {"size, MB": file.stat().st_size / 1e6}
    began = time.monotonic()
    browser.open(file)
    took["opened, s"] = time.monotonic() - began
    for name, script in TIMED.items():
        timed = f"const t = performance.now(); {script}; return performance.now() - t"
        took[name] = float(browser.run(timed))  # type: ignore[arg-type]
    print({name: round(value, 2) for name, value in took.items()})
    assert browser.find("#tracks [role=status]").text == "20,000 files, 1 to 100 shown"
    assert browser.driver.get_log("browser") == []
