"""A page keeps searches, filters and sorting in its address."""

from pathlib import Path

import pytest
from chromium import SEARCH, Browser
from selenium.webdriver.common.keys import Keys


def shown(browser: Browser) -> tuple[list[str], str, str]:
    return (
        browser.column("File"),
        browser.find("#tracks [role=status]").text,
        browser.find("#units [role=status]").text,
    )


def test_a_reload_and_a_link_find_what_was_asked_for(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.find("#units-by option[value=artist]").click()
    browser.find("#units-filter option[value=contradictory]").click()
    browser.find("#tracks-filter option[value=unchanged]").click()
    browser.find("#tracks-search").send_keys("album 1 & song")
    browser.run(SEARCH.format("tracks", "SONG 1"))
    browser.find("#tracks-order option[value='6']").click()
    browser.find("#tracks th:nth-child(7) button").send_keys(Keys.ENTER)
    before, address = shown(browser), browser.driver.current_url
    assert browser.address() == (
        "tracks?units.show=contradictory&units.by=artist"
        "&tracks.show=unchanged&tracks.search=SONG+1&tracks.sort=File+falling"
    )
    assert before[0]
    browser.driver.refresh()
    assert shown(browser) == before
    browser.go(file.as_uri())
    assert shown(browser) != before
    browser.go(address)
    assert shown(browser) == before
    assert browser.find("#tracks-search").get_attribute("value") == "SONG 1"
    assert browser.find("#units-by").get_attribute("value") == "artist"


def test_back_and_forward_lead_through_what_was_asked_for(browser: Browser, file: Path) -> None:
    browser.open(file)
    first = shown(browser)
    browser.click("[data-filter=unsure]")
    unsure = shown(browser)
    browser.find("#tracks-search").send_keys("song 1")  # letter by letter, and one step
    searched = shown(browser)
    browser.click("#units .pages button:last-child")
    browser.click("nav a[href='#map']")
    assert browser.address() == "map?units.page=2&tracks.show=unsure&tracks.search=song+1"
    assert len({*map(str, (first, unsure, searched))}) == 3
    browser.driver.back()
    browser.driver.back()
    assert shown(browser) == searched
    browser.driver.back()
    assert shown(browser) == unsure
    browser.driver.back()
    assert shown(browser) == first and browser.address() == ""
    browser.driver.forward()
    assert shown(browser) == unsure


def test_a_link_to_a_section_keeps_what_was_asked_for_and_leads_there(
    browser: Browser, file: Path
) -> None:
    browser.open(file)
    browser.find("#units-filter option[value=doubtful]").click()
    browser.click("nav a[href='#map']")
    assert browser.address() == "map?units.show=doubtful"
    assert browser.run("return document.activeElement.id") == "map"
    browser.driver.get("about:blank")
    browser.go(f"{file.as_uri()}#tracks")
    assert browser.run("return document.activeElement.id") == "tracks"


@pytest.mark.parametrize(
    "address", ["nowhere", "tracks?tracks.show=<b>&tracks.sort=x&tracks.page=-9&units.by=name"]
)
def test_an_address_that_makes_no_sense_does_no_harm(
    browser: Browser, file: Path, address: str
) -> None:
    browser.open(file)
    first = shown(browser)
    browser.go(f"{file.as_uri()}#{address}")
    assert shown(browser) == first and browser.driver.get_log("browser") == []
