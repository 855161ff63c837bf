"""The site: it is built without a warning, has all pages, and fetches nothing from other hosts."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from documents import ROOT, list_pages
from typer.core import TyperGroup, TyperOption

from genretag.cli.app import app

pytest.importorskip("mkdocs")
from command_pages import to_markdown

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and not os.environ.get("CI"),  # in CI a missing browser is a mistake
    reason="chromium and chromium-driver are not installed",
)
SEARCH = "document.querySelector('[data-md-component=search-query]')"
FETCH = """
const done = arguments[0];
document.addEventListener("securitypolicyviolation", (event) => done(event.blockedURI));
fetch("https://other.invalid/").catch(() => {});
"""
IS_WIDER = "const e = document.documentElement; return e.scrollWidth > e.clientWidth"
WIDTHS = (1440, 390)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as CI builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    build = subprocess.run(
        [*command, "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert not build.returncode, build.stdout + build.stderr
    return folder


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Serve the site; return where."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a browser that keeps a log of its requests."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    monkeypatch.setenv("SE_OFFLINE", "true")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    yield driver
    driver.quit()


def get_page(site: Path, page: str) -> Path:
    """Return the file of a page of the repository."""
    from pages import PAGES

    uri = Path(PAGES.get(page) or Path(page).relative_to("docs"))
    folder = uri.parent if uri.stem in ("index", "README") else uri.with_suffix("")
    return site / folder / "index.html"


@pytest.mark.parametrize("page", list_pages())
def test_every_page_is_in_the_site(page: str, site: Path) -> None:
    assert "<h1" in get_page(site, page).read_text("utf-8")


def test_every_option_of_every_command_is_in_its_page(site: Path) -> None:
    def check(command: Any, text: str) -> None:
        for one in command.params:
            if isinstance(one, TyperOption) and not one.hidden:
                assert all(f"<code>{flag}</code>" in text for flag in one.opts), one.opts
        for below in command.commands.values() if isinstance(command, TyperGroup) else ():
            check(below, text)

    for name, command in typer.main.get_command(app).commands.items():
        check(command, (site / "reference/commands" / name / "index.html").read_text("utf-8"))


def test_markup_of_the_help_becomes_markdown() -> None:
    shown = to_markdown(r"See [bold]genretag models list[/]: \[scan] is [bold]not[/] it; <REV>.")
    assert shown == r"See `genretag models list`: \[scan] is **not** it; &lt;REV>."


@needs_browser
def test_pages_and_search_ask_no_other_host_and_could_not(site, address, browser) -> None:
    for path in ("", "how-to/names/", "reference/commands/scan/", "reference/python/", "models/"):
        browser.get(address + path)
    browser.execute_script(f"{SEARCH}.focus(); {SEARCH}.value = 'threshold'")
    browser.execute_script(f"{SEARCH}.dispatchEvent(new Event('keyup'))")
    found = ".md-search-result__item"
    browser.set_script_timeout(20)
    browser.execute_async_script(
        "const [found, done] = arguments;"
        "const look = () => document.querySelector(found) ? done() : setTimeout(look, 50); look()",
        found,
    )
    requests = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    assert len(requests) > 20
    assert not [url for url in requests if not url.startswith((address, "data:"))]
    assert not [line for line in browser.get_log("browser") if "Content Security" in str(line)]
    assert browser.execute_async_script(FETCH) == "https://other.invalid/"


@needs_browser
def test_no_page_is_wider_than_the_window(site, address, browser) -> None:
    pages = [file.parent.relative_to(site).as_posix() for file in site.rglob("index.html")]
    assert len(pages) > 50
    wide = []
    for page in pages:
        browser.get(f"{address}{page}/")
        for width in WIDTHS:
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            if browser.execute_script(IS_WIDER):
                wide.append((page, width))
    assert not wide
