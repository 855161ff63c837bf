"""A real browser that opens pages of `report` from disk."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
WIDE, NARROW = (1440, 900), (390, 844)
SEARCH = "{0}.search.value = '{1}'; {0}.search.dispatchEvent(new Event('input'))"


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

    def go(self, address: str) -> None:
        """Reload the page, or open it with another address."""
        self.driver.get(address)
        assert self.run("return document.documentElement.dataset.drawn") == "yes"

    def address(self) -> str:
        return unquote(self.driver.current_url.partition("#")[2])

    def click(self, selector: str) -> None:
        self.run("document.querySelector(arguments[0]).click()", selector)

    def download(self, selector: str, folder: Path) -> Path:
        """Click what saves a file, and return that file."""
        behaviour = {"behavior": "allow", "downloadPath": str(folder), "eventsEnabled": True}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
        self.click(selector)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            saved = folder / "decisions.csv"
            if saved.exists() and saved.stat().st_size and not list(folder.glob("*.crdownload")):
                return saved
            time.sleep(0.05)
        raise AssertionError("nothing was saved")

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


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield a browser; the test is skipped where there is none."""
    # In CI a missing one is a mistake.
    if not (CHROMIUM and DRIVER) and not os.environ.get("CI"):
        pytest.skip("chromium and chromium-driver are not installed")
    browser = Browser()
    try:
        yield browser
    finally:
        browser.driver.quit()
