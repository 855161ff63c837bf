import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from outcomes import EVERY_KIND
from rich.console import Console

from genretag.domain.outcome import OUTCOMES
from genretag.domain.places import FieldChange
from genretag.report import REPORTERS, human
from genretag.report.text import visible

GOLDEN = Path(__file__).parents[1] / "golden"
KEYS = [
    *("schema", "path", "status", "reason", "before", "after", "genres"),
    *("duration_s", "windows", "model", "notes", "change", "error", "own", "unit", "source"),
    "family",
]


def reported(format_: str) -> str:
    stream = io.StringIO()
    report = REPORTERS[format_](stream)
    for outcome in EVERY_KIND:
        report(outcome)
    return stream.getvalue()


def summarised(**console: object) -> str:
    """Lines and summary, on a terminal if `console` says so."""
    stream = io.StringIO()
    screen = Console(file=stream, **console)
    width = screen.width if console.get("force_terminal") else None
    lines = human.Lines(screen, Path("/music"), width=width)
    summary = human.Summary()
    for outcome in EVERY_KIND:
        lines.show(outcome)
        summary.add(outcome)
    screen.print(summary.table(seconds=2.0))
    return stream.getvalue()


def test_the_examples_hold_every_status() -> None:
    assert {type(outcome) for outcome in EVERY_KIND} == set(OUTCOMES)


def test_the_counts_name_no_genres_of_files_that_failed() -> None:
    summary = human.Summary()
    failed = next(outcome for outcome in EVERY_KIND if outcome.error)
    summary.add(replace(failed, before=("Metal",), after=("Metal",)))
    screen = Console(file=io.StringIO())
    screen.print(summary.table(seconds=2.0))
    assert "failed" in screen.file.getvalue() and "Metal" not in screen.file.getvalue()


@pytest.mark.parametrize("format_", [name for name in REPORTERS if name != "human"])
def test_a_format_for_scripts_has_all_fields_of_the_contract_and_every_file(format_: str) -> None:
    text = reported(format_)
    assert all(key in text for key in KEYS)
    assert all(f"{outcome.path.name[:2]}" in text for outcome in EVERY_KIND)
    assert all(kind.status in text for kind in OUTCOMES)


def test_a_format_is_a_module_with_its_name() -> None:
    folder = Path(human.__file__).parent
    assert all((folder / f"{name}.py").exists() for name in REPORTERS)


def test_jsonl_is_one_object_of_the_contract_per_outcome() -> None:
    rows = [json.loads(line) for line in reported("jsonl").splitlines()]
    assert [list(row) for row in rows] == [KEYS] * len(EVERY_KIND)
    assert [row["path"] for row in rows] == [str(outcome.path) for outcome in EVERY_KIND]
    assert rows[0]["genres"][0] == {"name": "Rock", "score": 0.625}
    assert rows[0]["before"] == [] and rows[0]["after"] == ["Rock", "Hip-Hop"]
    assert rows[0]["duration_s"] == 241.3071 and rows[0]["windows"] == 4
    assert rows[2]["genres"] == [] and rows[2]["model"] is None
    assert set(rows[-1]["error"]) == {"code", "message", "hint"}


def test_other_fields_are_a_key_and_a_cell_only_where_they_change() -> None:
    changed = replace(EVERY_KIND[0], fields=(FieldChange("style", (), ("Dub", "House")),))
    streams = {name: io.StringIO() for name in ("jsonl", "csv", "human")}
    for name, stream in streams.items():
        REPORTERS[name](stream)(changed)
    fields = {"style": {"before": [], "after": ["Dub", "House"]}}
    assert json.loads(streams["jsonl"].getvalue())["fields"] == fields
    [row] = csv.DictReader(io.StringIO(streams["csv"].getvalue()))
    assert json.loads(row["fields"]) == fields
    assert "Rock; Hip-Hop, style Dub; House" in streams["human"].getvalue()


def test_a_long_text_in_another_field_is_cut_in_lines() -> None:
    change = FieldChange("comment", ("x" * 100_000,), ("Dub",))
    outcome = replace(EVERY_KIND[0], before=("A",), after=("A",), fields=(change,))
    stream = io.StringIO()
    REPORTERS["human"](stream)(outcome)
    assert f"comment {'x' * 57}... -> Dub" in stream.getvalue() and len(stream.getvalue()) < 200


def test_jsonl_never_sends_a_raw_control_character() -> None:
    assert reported("jsonl").replace("\n", "").isprintable()
    assert reported("jsonl").isascii()


def test_csv_has_the_columns_of_the_objects_and_joins_lists() -> None:
    rows = list(csv.DictReader(io.StringIO(reported("csv"))))
    assert list(rows[0]) == [*KEYS, "calibrated", "fields"]
    assert len(rows) == len(EVERY_KIND)
    assert rows[0]["after"] == "Rock; Hip-Hop"
    assert rows[0]["genres"] == "Rock 0.625; Hip-Hop 0.325; Pop 0.05"
    assert rows[3]["path"] == "/music/04\nnew line.opus"
    assert rows[-1]["error"].endswith("(not-audio). Its name is wrong.")


def test_lines_for_people_hide_nothing_and_act_on_nothing() -> None:
    text = summarised(width=100, color_system="truecolor", force_terminal=True)
    assert "\x1b[31mred" not in text
    assert r"02 \x1b[31mred\x1b[0m.mp3" in text
    assert r"04\x0anew line.opus" in text
    assert "05 [bold]quiet[/].wav" in text
    assert r"07 \xff.mp3" in text
    assert "03.ogg" not in text


def test_a_line_names_the_guess_that_was_not_good_enough() -> None:
    lines = reported("human").splitlines()
    assert any("Folk?" in line and "31%" in line for line in lines)


def test_a_guess_is_not_as_bold_as_a_decision() -> None:
    text = summarised(width=100, color_system="truecolor", force_terminal=True)
    assert "Blues + \x1b[1mJazz\x1b[0m" in text
    assert "Folk? " in text and "\x1b[1mFolk" not in text


def test_failures_name_the_path_as_other_lines_do() -> None:
    assert r"! failed   07 \xff.mp3: there is no audio in it" in summarised(width=100)


def test_reasons_are_counted_and_one_that_holds_for_all_stands_alone() -> None:
    text = summarised(width=100)
    assert "= unchanged  1  has a genre" in text
    assert "best score is below 0.50: 1, nothing but silence was heard: 1" in text


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("colour", ["colour", "plain"])
def test_lines_and_summary_look_as_agreed(width: int, colour: str) -> None:
    system = {"color_system": "truecolor", "force_terminal": True} if colour == "colour" else {}
    golden = GOLDEN / f"report-{width}-{colour}.txt"
    assert summarised(width=width, **system) == golden.read_text("utf-8")


@pytest.mark.parametrize("text", ["plain", "Ünïcödé 漢字", "emoji 🎵", "quotes \"'", "back\\slash"])
def test_visible_leaves_ordinary_text_alone(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u2028b", r"a\u2028b"),
        ("\udce9", r"\xe9"),
        ("\ud800", r"\ud800"),
    ],
)
def test_visible_spells_out_what_would_act_on_a_terminal(text: str, shown: str) -> None:
    assert visible(text) == shown
