"""The page of `report` in a real browser, opened from disk."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from libraries import HOSTILE, Song, decided, library
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from genretag.domain.genre import Family
from genretag.domain.tagging import TagPolicy
from genretag.report.page import render_page, to_dict

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# In CI a missing browser is a mistake, elsewhere a reason to skip.
if not (CHROMIUM and DRIVER) and not os.environ.get("CI"):
    pytest.skip("chromium and chromium-driver are not installed", allow_module_level=True)

FOUND = {"song 123": 1, "ARTIST of song 245": 1, "album 25/": 10, "nowhere": 0}
CONTROLS = "button, input, select, canvas[tabindex]"
NAMELESS = """
return [...document.querySelectorAll(arguments[0])].filter((e) => !(
    e.textContent.trim() || e.getAttribute("aria-label") || (e.labels && e.labels.length))).length
"""
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
SEARCH = "{0}.search.value = '{1}'; {0}.search.dispatchEvent(new Event('input'))"
TIMED = {
    "first search, ms": SEARCH.format("tracks", "song 1777"),
    "next search, ms": SEARCH.format("tracks", "song 17"),
    "sorting, ms": "tracks.search.value = ''; tracks.words = ''; tracks.sort(6)",
    "map, ms": "chart.draw()",
    "artists, ms": "units.group('artist')",
    "sorting albums, ms": "units.group('album'); units.sort(3)",
    "searching albums, ms": SEARCH.format("units", "rock"),
}
WIDE, NARROW = (1440, 900), (390, 844)
Show = Callable[..., "Browser"]


class Browser:
    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(str(DRIVER)))
        self.features: list[dict[str, str]] = []

    def open(self, file: Path, size: tuple[int, int] = WIDE) -> None:
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        # A click on what still scrolls would miss.
        still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [*still, *self.features]}
        )
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.driver.get(file.as_uri())
        assert self.run("return document.documentElement.dataset.drawn") == "yes"

    def run(self, script: str, *arguments: object) -> object:
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return self.run(script, selector)  # type: ignore[return-value]

    def column(self, label: str) -> list[str]:
        return self.texts(f'#tracks td[data-label="{label}"]')

    def requests(self) -> list[str]:
        log = self.driver.get_log("performance")
        messages = [json.loads(entry["message"])["message"] for entry in log]
        sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [message["request"]["url"] for message in sent]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = Browser()
    yield found
    found.driver.quit()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "library.html"
    file.write_text(render_page(library(260)), "utf-8")
    return file


@pytest.fixture(scope="module")
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
    scores = [int(text.split()[-1].rstrip("%")) for text in browser.column("Score")]
    assert scores == sorted(scores, reverse=True)


def test_pages_and_filters_show_every_file_once(browser: Browser, file: Path) -> None:
    browser.open(file)
    seen = browser.column("File")
    while browser.find("#tracks .pages button:last-child").is_enabled():
        browser.run("document.querySelector('#tracks .pages button:last-child').click()")
        seen += browser.column("File")
    assert len(seen) == len(set(seen)) == 260
    for key in ("sure", "unsure", "silent", "failed"):
        browser.run(f"document.querySelector('[data-filter={key}]').click()")
        assert set(browser.column("Status")) == {key}
        assert browser.find(f"[data-filter={key}]").get_attribute("aria-pressed") == "true"


def test_albums_to_look_at_come_first_and_say_why(browser: Browser, albums: Path) -> None:
    browser.open(albums)
    assert browser.texts("#units .opener") == [
        "A / Apart", "<b>B</b> / Wrong", "A / Torn", "A / Even"
    ]  # fmt: skip
    why = browser.texts("#units td[data-label=Why]")
    assert [text.removesuffix("%")[:-2] for text in why][1] == "contradictorysounds like Jazz "
    assert why[0] == "contradictorysome tracks keep another genre" and why[3] == ""
    assert why[2] == "doubtfulPop and Rock nearly equal"
    before, after = (browser.texts(f"#units td[data-label={key}]") for key in ("Before", "After"))
    assert before[:2] == ["no genre\xa010", "Blues\xa02"]
    assert after[:2] == ["Rock\xa09, Spoken\xa01", "Blues\xa02"]
    assert browser.texts("#units td[data-label=Source]") == [
        "album, heard",
        "tags",
        "album",
        "tags",
    ]


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
    browser.find("#units .unit:nth-child(3) td[data-label=Score]").click()
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
    for key, found in (("doubtful", ["A / Torn"]), ("changed", ["A / Apart"])):
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
    assert alone == "Blues & <i> 97%" and browser.column("Status") == ["sure"] * 3
    assert all(one.startswith("Blues & <i> 9") and "itself Blues 50%" in one for one in albums)
    assert browser.texts('#units td[data-label="Score"]')[0].startswith("Blues & <i> 9")
    assert browser.texts('#units td[data-label="Why"]')[0] == ""


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
    contrast, text = browser.run(CONTRAST)  # type: ignore[misc]
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
    title, *_, path = browser.run(widths)  # type: ignore[misc]
    assert path > 200 and abs(title - path) < 20


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


def test_an_empty_library_is_a_page_too(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "empty.html"
    file.write_text(render_page(library(0)), "utf-8")
    browser.open(file)
    assert browser.driver.get_log("browser") == []
    assert "There is no map" in browser.find("#map").text


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
