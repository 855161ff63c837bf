"""`genretag apply` writes decisions made in the page of `genretag report`."""

import csv
import json
import os
import sys
from pathlib import Path

import pytest
from chromium import Browser, open_browser
from test_albums import HIGH, LOW, MIXED, home, song  # noqa: F401
from test_report import data

from genretag import tags

NAMES = ['Ä, "q"; =1', "'x'", "+plus", "日本 <b>", "two\nlines", "\u202egnp"]
ODD_BYTES = b"caf\xe9"


@pytest.fixture
def library(music: Path) -> Path:
    """An album of odd names that the model is torn over, and one with odd genres in its tags."""
    for name in NAMES:
        song(music / "Ünsure; =" / name, MIXED, artist="=1+1", album="-Album")
    if sys.platform == "linux":
        odd = music / "Ünsure; =" / "bytes.flac"
        odd.rename(song(odd.with_suffix(""), MIXED, artist="=1+1", album="-Album"))
        odd.rename(odd.with_name(os.fsdecode(ODD_BYTES) + ".flac"))
    for n, genre in enumerate(('+Odd, "genre"', "Jazz; Funk", "@home")):
        song(music / "Tagged" / f"{n}", LOW, artist="T", album="T")
        tags.write(music / "Tagged" / f"{n}.flac", genre.split("; "))
    song(music / "Other" / "1", HIGH, artist="O", album="O")
    return music


def decide(browser: Browser, search: str, genre: str = "") -> None:
    """Find a row of what to decide, and take the first guess, or type a genre."""
    browser.run("units.choose('all', false)")
    browser.run("units.words = arguments[0]; units.restart()", search)
    assert len(browser.texts("#units .unit")) == 1
    script = "const i = document.querySelector('#units .decide input'); i.value = arguments[0]"
    browser.run(script, genre)
    browser.click(f"#units .decide {'.typed' if genre else ''} button")


def test_apply_writes_into_every_file_what_was_decided_in_the_page(
    genretag, library: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert genretag("report", library, "-o", page).returncode == 0
    with open_browser() as browser:
        browser.open(page)
        decide(browser, "-Album")
        decide(browser, "funk", "Trip Hop; Downtempo")
        browser.run("tracks.words = 'plus'; tracks.restart()")
        browser.click("#tracks .decide button")
        script = "const i = document.querySelector('#tracks .decide input'); i.value = 'Own'"
        browser.run(script)
        browser.click("#tracks .decide .typed button")
        table = browser.download(".decisions button", tmp_path)
        assert browser.driver.get_log("browser") == []
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines(keepends=True)))
    decided = {Path(file): row for row in rows for file in json.loads(row["files"])}
    assert all(file.is_absolute() and file.exists() for file in decided)
    assert set(decided) == {
        file for folder in library.iterdir() if folder.name != "Other" for file in folder.iterdir()
    }
    assert {row["name"] for row in rows} == {"'=1+1 / -Album", "T / T", "'+plus.flac"}
    [before] = {row["before"] for row in rows if row["name"] == "T / T"}
    assert before == '\'+Odd, "genre"; Jazz; Funk; @home'

    run = genretag("apply", table, "--yes")
    assert run.returncode == 0, run.stderr
    written = {file: tags.read(file).genres for file in decided}
    expected = {"Tagged": ("Trip Hop", "Downtempo"), "Ünsure; =": ("Low",)}
    own = library / "Ünsure; =" / "+plus.flac"
    assert written.pop(own) == ("Own",)
    assert all(genres == expected[file.parent.name] for file, genres in written.items())
    assert tags.read(library / "Other" / "1.flac").genres == ()

    genretag("report", library, "-o", page)
    again = data(page)
    sources = [again["names"][place] for place in again["rows"]["source"]]
    assert sources.count("you") == len(decided)


def test_a_file_that_got_a_genre_after_the_page_was_made_keeps_it(
    genretag, library: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    genretag("report", library, "-o", page)
    with open_browser() as browser:
        browser.open(page)
        decide(browser, "-Album")
        table = browser.download(".decisions button", tmp_path)
    changed = library / "Ünsure; =" / "+plus.flac"
    tags.write(changed, ["Polka"])
    run = genretag("apply", table, "--yes", "--format", "jsonl")
    outcomes = [json.loads(line) for line in run.stdout.splitlines()]
    left = [one["path"] for one in outcomes if one["reason"] == "got a genre meanwhile"]
    assert left == [str(changed)] and tags.read(changed).genres == ("Polka",)
