import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import GENRES, HOSTILE, Song, decided, entry, library, library_of, prediction, unpack

from genretag.domain.genre import Family
from genretag.domain.library import select_interesting
from genretag.domain.tagging import TagPolicy
from genretag.domain.timeline import Timeline
from genretag.domain.window import Excerpt
from genretag.report.page import render_page, to_dict, to_json
from genretag.report.page.text import pack
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
    elements = Elements(render_page(library(20)))
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
    elements = Elements(render_page(library(20)))
    assert not [a for _, a in elements.tags if "src" in a or a.get("href", "#")[:1] != "#"]
    assert not [a for _, a in elements.tags if any(name.startswith("on") for name in a)]
    assert "http://" not in render_page(library(20)) and "https://" not in render_page(library(20))


def test_what_comes_from_files_makes_no_element() -> None:
    """The page of a hostile library has the elements of one without any file."""
    quiet, hostile = Elements(render_page(library(0))), Elements(render_page(library(60)))
    assert hostile.tags == quiet.tags
    told = json.loads(hostile.texts["script"][0])["rows"]["title"]
    assert unpack(*told)[: len(HOSTILE)] == list(map(visible, HOSTILE))


@given(st.text(max_size=80))
def test_any_title_stays_itself_or_is_spelled_out(title: str) -> None:
    one = entry(Path("/music/a.flac"), np.full(len(GENRES), 1 / len(GENRES)), title)
    text = to_json(library_of([one]))
    assert not re.search(r"[<>&\u2028\u2029]", text)
    [found] = unpack(*json.loads(text)["rows"]["title"])
    assert found == visible(title)


@given(st.lists(st.text("aå😀日", max_size=6), max_size=6))
def test_texts_that_begin_alike_come_back_whole(texts: list[str]) -> None:
    assert unpack(*pack(texts)) == texts


def test_rows_say_what_was_heard() -> None:
    told = to_dict(library(60))
    rows = told["rows"]
    assert all(len(column) == 60 for column in rows.values())
    status = [told["names"][place] for place in rows["status"]]
    assert (status[49], rows["best"][49]) == ("failed", -2)
    assert (status[50], rows["best"][50]) == ("unsure", -1)
    assert rows["x"][49] is None
    for n in range(49):
        if not rows["before"][n]:
            assert status[n] == ("planned" if rows["score"][n] >= 800 else "unsure")
        assert rows["score"][n] >= rows["nextScore"][n]
    assert rows["path"][10].startswith("album 1/")
    [failure] = told["failures"]
    assert failure == {
        "row": 49, "code": "not-audio", "message": "nothing in <b>it</b>", "hint": "Look at it."
    }  # fmt: skip


def test_scores_lie_on_the_side_of_the_threshold_that_the_status_says() -> None:
    told = to_dict(library(3000))
    rows, names = told["rows"], told["names"]
    sides = zip(rows["status"], rows["score"], rows["best"], strict=True)
    shown = [(names[status], score) for status, score, best in sides if best >= 0]
    assert {"planned", "unsure"} < {status for status, _ in shown}
    assert not any((status == "planned") != (score >= 800) for status, score in shown
                   if status != "unchanged")  # fmt: skip
    at = np.array([0.8, 0.2, *np.zeros(len(GENRES) - 2)])
    [score] = to_dict(library_of([entry(Path("/music/a.flac"), at, "t")]))["rows"]["score"]
    assert score == 800


def test_no_text_of_a_tag_is_longer_than_a_few_lines() -> None:
    one = entry(Path("/music/a.flac"), np.full(len(GENRES), 1 / len(GENRES)), "x" * 9999, "y" * 999)
    told = to_dict(library_of([one]))
    assert told["rows"]["title"] == ["x" * 200 + "…"]
    assert told["names"][told["rows"]["before"][0]] == "y" * 200 + "…"
    assert told["distribution"][0][0] == "y" * 200 + "…"


def test_paths_say_under_which_of_several_folders_they_are() -> None:
    folders = [Path(f"/music/{n}") for n in range(7)]
    files = [entry(folder / "01.mp3", None, "t") for folder in folders]
    made = replace(library_of(files), roots=tuple(folders))
    told = to_dict(made)
    assert told["rows"]["path"] == [f"{n}/01.mp3" for n in range(7)]
    assert told["about"]["roots"] == [*map(str, folders[:5]), "2 more"]
    one = to_dict(replace(made, roots=(Path("/music"),)))
    assert one["rows"]["path"] == told["rows"]["path"]
    alone = to_dict(replace(made, roots=(folders[0] / "01.mp3",)))
    assert alone["rows"]["path"][0] == "/music/0/01.mp3"


@pytest.mark.parametrize(
    ("name", "ground"), [("COLOURS", "#ffffff"), ("COLOURS_IN_THE_DARK", "#201f1d")]
)
def test_points_of_the_map_stand_out_on_their_ground(name: str, ground: str) -> None:
    """WCAG 2.2, 1.4.11: what is needed to understand a chart has a contrast of 3."""
    script, style = (
        files("genretag.report.page").joinpath(part).read_text("utf-8")
        for part in ("page.js", "page.css")
    )
    assert f"--raised: {ground};" in style
    [listed] = re.findall(rf"const {name} = \[(.*?)\]", script)
    colours = re.findall(r"#\w{6}", listed)
    assert len(set(colours)) == 7
    for colour in colours:
        dark, light = sorted((luminance(colour), luminance(ground)))
        assert (light + 0.05) / (dark + 0.05) >= 3


def luminance(colour: str) -> float:
    parts = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_genres_are_counted_however_they_are_written() -> None:
    even = np.full(len(GENRES), 1 / len(GENRES))
    entries = [entry(Path(f"/{n}"), even, "t", name) for n, name in
               enumerate(["Hip-Hop", "hip hop", "hip hop", "Jazz"])]  # fmt: skip
    told = to_dict(library_of(entries))
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
    assert select_interesting(entries) == [2, 0, 4, 3]  # type: ignore[arg-type]
    assert [one.disagrees for one in entries] == [True, False, True, False, False]


def test_a_track_has_the_score_that_decided_and_its_own() -> None:
    sure, other = Song("A", "X", "Rock", 0.97), Song("A", "X", "Pop", 0.5)
    told = to_dict(decided(*[sure] * 5, other, Song("B", "Y", "Jazz", 0.9, ("Jazz",))))
    rows, genres = told["rows"], told["genres"]
    assert genres[rows["best"][5]] == "Rock" and rows["score"][5] >= 800
    assert genres[rows["own"][5]] == "Pop" and rows["ownScore"][5] == 500
    assert [told["names"][rows[key][5]] for key in ("source", "status")] == ["album", "planned"]
    assert rows["own"][6] == rows["best"][6] and rows["ownScore"][6] == rows["score"][6] == 900
    assert told["names"][rows["source"][6]] == ""  # it keeps what it has


def test_genres_that_only_tags_know_are_told_by_name() -> None:
    polka = Song("A", "X", "Rock", 0.3, ("Polka",))
    told = to_dict(decided(*[polka] * 3, replace(polka, tags=())))
    best = told["rows"]["best"][3]
    assert told["genres"][best] == "Polka" and best >= len(GENRES)
    assert told["names"][told["rows"]["source"][3]] == "library"
    assert told["units"]["album"]["best"] == [best]


def test_albums_and_artists_name_their_rows() -> None:
    told = to_dict(library(260))
    for kind, step in (("album", 10), ("artist", 100)):
        units = told["units"][kind]
        assert len({len(column) for column in units.values()}) == 1
        assert sorted(n for members in units["members"] for n in members) == list(range(260))
        assert max(map(len, units["members"])) == step


def told_timeline(scores: np.ndarray, starts: list[float], silent: int = 0) -> dict[str, object]:
    none = np.zeros((len(scores), 0), np.float32)
    excerpts = tuple(Excerpt(start, 3.0) for start in starts)
    silence = tuple(Excerpt(start, 3.0) for start in range(silent))
    heard = prediction(scores.mean(axis=0), len(scores))
    track = Timeline(GENRES, excerpts, silence, scores, none, none, heard)
    made = library_of([entry(Path("/a"), scores[0], "t")], timelines=((0, track),))
    [told] = to_dict(made)["timelines"]
    return told


@pytest.mark.parametrize("windows", [1, 7, 90])
def test_a_long_timeline_is_told_in_ten_columns(windows: int) -> None:
    scores = np.zeros((windows, len(GENRES)), np.float32)
    scores[:, 7] = 1
    told = told_timeline(scores, [3.0 * n for n in range(windows)])
    assert len(told["starts"]) == min(windows, 10) and told["starts"][0] == "0:00"
    assert told["genres"][0] == "Rock" and set(told["scores"][0]) == {1000}
    end = f"{3 * windows // 60}:{3 * windows % 60:02}"
    assert told["said"] == [
        ["Rock", windows, 1000, ["0:00" if windows == 1 else f"0:00 to {end}"], 0]
    ]


def test_a_timeline_says_which_windows_are_likeliest_of_which_genre() -> None:
    """Those that follow each other are one stretch, and what is many is counted."""
    jazz = [n not in (1, 4, 5) for n in range(20)]
    scores = np.full((20, len(GENRES)), 0.01, np.float32)
    scores[range(20), [4 if one else 7 for one in jazz]] = [0.8 if one else 0.6 for one in jazz]
    told = told_timeline(scores, [3.0, 30.0, 60.0, 90.0, 120.0, 123.0, *range(200, 1600, 100)], 2)
    first = ["0:03", "1:00", "1:30", "3:20", "5:00", "6:40"]
    assert told["said"] == [
        ["Jazz", 17, 800, first, 11], ["Rock", 3, 600, ["0:30", "2:00 to 2:06"], 0]
    ]  # fmt: skip
    assert (told["windows"], told["silent"]) == (20, 2)


def test_a_row_and_an_album_that_a_family_decided_show_it_and_count_as_sure() -> None:
    torn = Song("A", "X", "Blues", 0.5, next="Jazz", next_score=0.47)
    single = replace(torn, artist="B", album="")
    policy = TagPolicy(threshold=0.8, families=(Family("Old <b>", ("Blues", "Jazz")),))
    told = to_dict(decided(torn, torn, single, replace(single, artist="C", tags=("Jazz",)),
                           policy=policy))  # fmt: skip
    rows, [unit] = told["rows"], told["units"]["album"]["best"]
    family = told["genres"].index("Old <b>")
    assert rows["best"] == [family] * 4 and unit == family and min(rows["score"]) >= 800
    guesses = [[told["genres"][n] for n in rows[key]] for key in ("next", "third")]
    assert guesses == [["Blues"] * 4, ["Jazz"] * 4]
    assert [told["names"][n] for n in rows["after"]] == ["Old <b>"] * 3 + ["Jazz"]
    # Alone it shows the same score, and with others its own best genre.
    assert rows["own"][2:] == [family] * 2 and rows["ownScore"][2:] == rows["score"][2:]
    assert [told["genres"][n] for n in rows["own"][:2]] == ["Blues"] * 2
    assert rows["clash"] == [0] * 4


@pytest.mark.parametrize("folder", ["/music", "music", "/"])
@given(names=st.lists(st.text("aé\udcff\x1b\u202e'\",;= ", min_size=1), min_size=1, unique=True))
def test_every_path_is_found_again(folder: str, names: list[str]) -> None:
    """Also one whose bytes are no text, or that is shown with its odd characters spelled out."""
    paths = [Path(folder, name, "01.mp3") for name in names]
    library = library_of([entry(path, None, "t") for path in paths])
    for roots in ((Path(folder),), tuple(path.parent for path in paths), (paths[0],)):
        text = to_json(replace(library, roots=roots))
        told = json.loads(text.encode("utf-8"))
        rows = told["rows"]
        places = rows.get("folder", [0] * len(paths))
        found = [
            told["exactPaths"].get(str(n)) or str(Path(told["folders"][places[n]], shown))
            for n, shown in enumerate(unpack(*rows["path"]))
        ]
        assert found == [str(path.absolute()) for path in paths]


def test_genres_that_a_page_cannot_show_are_kept_as_they_are() -> None:
    odd, long, plain = "R\u200eock; Pop", "x" * 300, "Jazz"
    even = np.full(len(GENRES), 1 / len(GENRES))
    told = to_dict(library_of([entry(Path("/a"), even, "t", one) for one in (odd, long, plain)]))
    before = told["rows"]["before"]
    assert [told["names"][n] for n in before] == ["R\\u200eock; Pop", "x" * 200 + "…", plain]
    assert [told["exactNames"].get(n) for n in before] == [odd, long, None]


def test_what_is_offered_are_names_that_apply_takes() -> None:
    even = np.full(len(GENRES), 1 / len(GENRES))
    files = [entry(Path("/a"), even, "t", one) for one in ("Polka", "Other", "a;b", "x" * 61, "7")]
    told = to_dict(replace(library_of(files), written={"Rock": ("rock", "Guitars")}))
    assert told["choices"] == sorted(
        [*({*GENRES} - {"Rock"}), "Guitars", "Polka", "rock"], key=str.casefold
    )
    assert told["written"] == {GENRES.index("Rock"): "rock; Guitars"}


def test_all_genres_are_told_and_very_many_are_summed_up() -> None:
    even = np.full(len(GENRES), 1 / len(GENRES))
    told = to_dict(library_of([entry(Path("/a"), even, "t", f"Genre {n}") for n in range(600)]))
    assert len(told["distribution"]) == 501 and told["distribution"][-1] == ("100 others", 100, 100)


def test_narrow_genres_beside_broad_ones_are_no_row_to_decide() -> None:
    metal = Song("A", "X", "Metal", 0.99, ("Death Metal",))
    told = to_dict(decided(metal, metal, replace(metal, tags=("Metal",))))
    assert told["rows"]["clash"] == [0, 0, 0] and told["units"]["album"]["reasons"] == [()]
    other = to_dict(decided(*[replace(metal, tags=("Jazz",))] * 3))
    assert other["rows"]["clash"] == [1, 1, 1] and other["units"]["album"]["reasons"] == [
        ("sound",)
    ]


def test_decisions_belong_to_the_content_of_a_page() -> None:
    first, same, other = (json.loads(to_json(library(size)))["id"] for size in (60, 60, 61))
    assert first == same != other
