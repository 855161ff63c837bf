import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from inspections import inspections
from rich.console import Console

from genretag.domain.stored_tags import StoredItem, StoredTag
from genretag.errors import Code, FileError
from genretag.report.inspection import print_inspection
from genretag.report.inspection_json import error_to_dict, to_dict

GOLDEN = Path(__file__).parents[1] / "golden"
KEYS = [
    *("schema", "path", "container", "tags", "stale", "before", "players", "genres", "threshold"),
    *("sure", "set", "duration_s", "model", "timeline", "silent", "effects", "error"),
    *("own", "unit", "source", "members", "family"),
]


def shown(**console: object) -> str:
    stream = io.StringIO()
    screen = Console(file=stream, **console)
    for inspection in inspections():
        print_inspection(inspection, screen)
    return stream.getvalue()


def told() -> str:
    return "".join(json.dumps(to_dict(one), indent=1) + "\n" for one in inspections())


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("colour", ["plain", "colour"])
def test_inspections_look_as_they_did(width: int, colour: str) -> None:
    terminal = {"color_system": "truecolor", "force_terminal": True} if colour == "colour" else {}
    golden = GOLDEN / f"inspect-{width}-{colour}.txt"
    assert shown(width=width, **terminal) == golden.read_text("utf-8")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = shown(width=width).splitlines()
    assert all(len(line) <= width for line in lines if not line.startswith("/music"))


def test_nothing_is_cut_and_every_threshold_stays_in_its_bar_at_40_columns() -> None:
    text = shown(width=40)
    assert "…" not in text and "Old-Time Historic    5%" in text
    bars = [line for line in text.splitlines() if "% █" in line or "┊" in line]
    assert len(bars) == 21 and all("%" in line for line in bars)


def test_nothing_from_a_file_reaches_the_terminal_raw() -> None:
    text = shown(width=100)
    assert "\x1b" not in text and "\\x1b[31mAlt[/]\\x0aRock" in text and "[bold]01" in text


def test_the_tracks_of_a_unit_are_for_or_against_what_is_decided() -> None:
    text = shown(width=120)
    assert "by genres that you gave: sure" in text and "scan writes Hard [bold]Rock" in text
    assert "+ 2 for Hard [bold]Rock, - 2 against" in text and "  silence" in text
    assert "+ 0 for Jazz, - 40 against" in text and "and 20 more" in text
    assert "by its own sound: sure" in text and "scan would write Jazz if it had no genre" in text


def test_one_text_and_several_values_look_different() -> None:
    def seen(*texts: str) -> list[str]:
        tag = StoredTag("APEv2", "APEv2", "", (StoredItem("Genre", texts, texts),))
        inspection = replace(inspections()[1], tags=(tag,), genres=texts)
        stream = io.StringIO()
        print_inspection(inspection, Console(file=stream, width=120))
        return [line for line in stream.getvalue().splitlines() if "Soul" in line]

    assert all("Pop | Soul-RnB" in line for line in seen("Pop", "Soul-RnB"))
    assert all('"Pop; Soul-RnB"' in line for line in seen("Pop; Soul-RnB")[:2])
    assert '"Pop | Soul"' in seen("Pop | Soul")[0]


def test_a_terminal_without_blocks_gets_ascii_drawings() -> None:
    raw = io.BytesIO()
    screen = Console(file=io.TextIOWrapper(raw, encoding="ascii", errors="replace"), width=80)
    for inspection in inspections()[1:]:
        print_inspection(inspection, screen)
    screen.file.flush()
    assert b"?" not in raw.getvalue() and b"###" in raw.getvalue()


def test_the_json_says_the_same_as_it_did() -> None:
    assert told() == (GOLDEN / "inspect.json").read_text("utf-8")


def test_the_json_has_the_keys_of_the_contract() -> None:
    rows = [to_dict(one) for one in inspections()]
    assert [list(row) for row in rows] == [KEYS] * 5
    assert rows[0]["genres"][0]["score"] >= rows[0]["genres"][1]["score"]
    assert rows[0]["own"] == rows[0]["genres"] and rows[3]["own"] != rows[3]["genres"]
    assert rows[3]["members"][2] == {
        "path": "/music/Artist/An Album/03.flac", "genre": "Hard [bold]Rock", "score": None,
        "given": ["hard [bold]rock", "Soul/RnB"],
    }  # fmt: skip
    assert len(rows[1]["timeline"]) == 97 and len(rows[2]["silent"]) == 4
    assert {part["low_hz"] for part in rows[0]["effects"]} >= {None, 0.0, 125.0}


def test_a_file_that_is_refused_is_an_object_too() -> None:
    error = FileError(Code.NOT_AUDIO, "a: b", "c")
    assert error_to_dict(Path("a"), error) == {
        "schema": 1, "path": "a", "error": {"code": "not-audio", "message": "a: b", "hint": "c"}
    }  # fmt: skip


def test_a_genre_has_one_colour_wherever_its_score_is_drawn() -> None:
    screen = shown(width=80, force_terminal=True, color_system="truecolor")
    bars = re.findall(r"(Rock|Jazz) +\d+% \x1b\[([\d;]+)m", screen)
    assert {name for name, _ in bars} == {"Rock", "Jazz"} and len(bars) > len(set(bars)) == 2
