import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import GENRES, HOSTILE, entry, library, prediction

from genretag.domain.library import Library, interesting
from genretag.report.page import as_json, as_object, page
from genretag.report.text import visible


class Elements(HTMLParser):
    """All elements of a page, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._in: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag if tag in self.texts else None

    def handle_endtag(self, tag: str) -> None:
        self._in = None

    def handle_data(self, data: str) -> None:
        if self._in:
            self.texts[self._in].append(data)


def test_the_policy_allows_the_script_and_the_style_of_the_page_and_nothing_else() -> None:
    elements = Elements(page(library(20)))
    [policy] = [a["content"] for _, a in elements.tags if a.get("http-equiv")]
    assert policy is not None and policy.startswith("default-src 'none'; ")
    for kind, text in (
        ("script", elements.texts["script"][-1]),
        ("style", elements.texts["style"][0]),
    ):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy and "http" not in policy


def test_the_page_loads_nothing() -> None:
    elements = Elements(page(library(20)))
    assert not [a for _, a in elements.tags if "src" in a or a.get("href", "#")[:1] != "#"]
    assert not [a for _, a in elements.tags if any(name.startswith("on") for name in a)]
    assert "http://" not in page(library(20)) and "https://" not in page(library(20))


def test_what_comes_from_files_makes_no_element() -> None:
    """The page of a hostile library has the elements of one without any file."""
    quiet, hostile = Elements(page(library(0))), Elements(page(library(60)))
    assert hostile.tags == quiet.tags
    assert json.loads(hostile.texts["script"][0])["rows"]["title"][0] == HOSTILE[0]


@given(st.text(max_size=80))
def test_any_title_stays_itself_or_is_spelled_out(title: str) -> None:
    one = entry(Path("/music/a.flac"), np.full(len(GENRES), 1 / len(GENRES)), title)
    text = as_json(with_entries(one))
    assert not re.search(r"[<>&\u2028\u2029]", text)
    found = json.loads(text)["rows"]["title"][0]
    assert found == visible(title)


def with_entries(*entries: object) -> Library:
    made = library(0)
    places = np.full((len(entries), 2), np.nan)
    return Library(made.roots, made.made, made.model, made.genres, made.mode, made.threshold,
                   entries, 0, places)  # type: ignore[arg-type]  # fmt: skip


def test_rows_say_what_was_heard() -> None:
    told = as_object(library(60))
    rows = told["rows"]
    assert all(len(column) == 60 for column in rows.values())
    assert rows["status"][49] == "failed" and rows["status"][50] == "silent"
    assert rows["x"][49] is None and rows["best"][50] == -1
    for n in range(49):
        assert (rows["status"][n] == "sure") == (rows["score"][n] >= 800)
        assert rows["score"][n] >= rows["nextScore"][n]
    assert rows["path"][10].startswith("album 1/")
    [failure] = told["failures"]
    assert failure == {
        "row": 49, "code": "not-audio", "message": "nothing in <b>it</b>", "hint": "Look at it."
    }  # fmt: skip


def test_genres_are_counted_however_they_are_written() -> None:
    even = np.full(len(GENRES), 1 / len(GENRES))
    entries = [entry(Path(f"/{n}"), even, "t", name) for n, name in
               enumerate(["Hip-Hop", "hip hop", "hip hop", "Jazz"])]  # fmt: skip
    told = as_object(with_entries(*entries))
    assert told["distribution"] == [("hip hop", 3, 3), ("Jazz", 1, 1)]


def test_disagreements_come_first_then_what_it_is_torn_over() -> None:
    def track(score: float, *before: str) -> object:
        scores = np.full(len(GENRES), (1 - score) / (len(GENRES) - 1))
        scores[7] = score
        return entry(Path("/a"), scores, "t", *before)

    entries = [
        track(0.85, "Jazz"),
        track(0.99, "rock"),
        track(0.95, "Jazz"),
        track(0.5),
        track(0.2),
    ]
    assert interesting(entries) == [2, 0, 4, 3]  # type: ignore[arg-type]
    assert [one.disagrees for one in entries] == [True, False, True, False, False]


@pytest.mark.parametrize("windows", [1, 7, 90])
def test_a_long_timeline_is_told_in_ten_columns(windows: int) -> None:
    from genretag.domain.timeline import Timeline
    from genretag.domain.window import Excerpt

    scores = np.zeros((windows, len(GENRES)), np.float32)
    scores[:, 7] = 1
    none = np.zeros((windows, 0), np.float32)
    excerpts = tuple(Excerpt(3.0 * n, 3.0) for n in range(windows))
    track = Timeline(GENRES, excerpts, (), scores, none, none, prediction(scores[0], windows))
    one = entry(Path("/a"), scores[0], "t")
    made = with_entries(one)
    object.__setattr__(made, "timelines", ((0, track),))
    [told] = as_object(made)["timelines"]
    assert len(told["starts"]) == min(windows, 10) and told["starts"][0] == "0:00"
    assert told["genres"][0] == "Rock" and set(told["scores"][0]) == {1000}
