import io
import json
import tomllib
from pathlib import Path

import pytest
from evaluations import NOTHING, STRANGERS, TWELVE, evaluation
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from genretag.domain.evaluation import Evaluation
from genretag.report.evaluation import map_lines, print_evaluation, toml_text
from genretag.report.evaluation_json import to_dict

GOLDEN = Path(__file__).parents[1] / "golden"


def evaluated(found: Evaluation | None = None, **console: object) -> str:
    stream = io.StringIO()
    print_evaluation(found or evaluation(), Console(file=stream, **console))
    return stream.getvalue()


def as_json() -> str:
    return json.dumps(to_dict(evaluation()), indent=1) + "\n"


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("colour", ["colour", "plain"])
def test_an_evaluation_looks_as_agreed(width: int, colour: str) -> None:
    system = {"color_system": "truecolor", "force_terminal": True} if colour == "colour" else {}
    golden = GOLDEN / f"evaluation-{width}-{colour}.txt"
    assert evaluated(width=width, **system) == golden.read_text("utf-8")


def test_the_object_is_as_agreed() -> None:
    golden = json.loads((GOLDEN / "evaluation.json").read_text("utf-8"))
    found = json.loads(as_json())
    assert list(found) == ["schema", "model", "files", "grades", "unknown_names", "map_lines"]
    assert _rounded(found) == _rounded(golden)


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return round(value, 9) if isinstance(value, float) else value


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("genres", [2, 12, 40])
def test_no_table_is_wider_than_the_terminal(width: int, genres: int) -> None:
    names = tuple(f"{n} genre with a name longer than need be" for n in range(genres))
    text = evaluated(evaluation(names), width=width)
    told = text.split("[aliases]")[0]
    assert max(cell_len(line) for line in told.splitlines()) <= width
    # No number is cut off, and no cell wraps into a line without its genre.
    assert "…" not in told
    rows = told.split("% predicted as each")[1].split("What a score")[0].splitlines()[2:]
    assert all(row.split()[0].isdigit() or "oth:" in row for row in rows if row.strip())


@pytest.mark.parametrize("genres", [2, 12, 40])
def test_at_40_columns_no_word_is_cut_and_no_row_breaks(genres: int) -> None:
    names = tuple(f"{n} genre with a name longer than need be" for n in range(genres))
    told = evaluated(evaluation(names), width=40).split("[aliases]")[0]
    assert max(cell_len(line) for line in told.splitlines()) <= 40 and "…" not in told
    rows = told.split("Genre by genre\n")[1].split("\n\n")[0].splitlines()
    assert rows[0].split() == ["genre", "prec.", "recall", "F1"]
    assert len(rows) == genres + 1 and all(" genre with" in row for row in rows[1:])


def test_genres_without_room_are_counted_together() -> None:
    names = tuple(f"Genre {n}" for n in range(40))
    text = evaluated(evaluation(names, files=900), width=80)
    assert "rarer genres, all of them in --format json" in text
    assert " oth files" in text


def test_ascii_is_enough() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="backslashreplace")
    print_evaluation(evaluation(), Console(file=stream, width=80))
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert "####" in text and "\\u25" not in text and "\\u2026" not in text


def test_text_from_files_cannot_act_on_a_terminal() -> None:
    for system in ({}, {"color_system": "truecolor", "force_terminal": True}):
        text = evaluated(width=100, **system)
        assert "\x1b[31mred" not in text and "\u202e" not in text
        assert r"\x1b[31mred\x1b[0m [bold]Pop.." in text


def test_a_threshold_that_cannot_be_had_is_said_to_be_none() -> None:
    text = " ".join(evaluated(evaluation(skill=-0.4, wish=0.99), width=100).split())
    assert "No threshold has a precision of 99% with at least 20 files" in text
    told = to_dict(evaluation(skill=-0.4, wish=0.99))["grades"]["target"]
    assert told["reached"] is False


@pytest.mark.parametrize(("files", "words"), [(1, "1 file"), (19, "19 files")])
def test_too_few_files_for_a_threshold_are_said_to_be_too_few(files: int, words: str) -> None:
    text = " ".join(evaluated(evaluation(files=files), width=100).split())
    assert f"Only {words} can be compared; a threshold needs 20." in text
    assert "Nearest" not in text and "--threshold" not in text


def test_nothing_to_compare_is_said_plainly() -> None:
    text = evaluated(NOTHING, width=80)
    assert "Nothing can be said: no file has a genre that the model knows." in text
    assert "Soundtrack" in text and "0 of 5 files" in text
    assert to_dict(NOTHING)["grades"] is None


def test_numbers_in_the_object_are_those_of_the_evaluation() -> None:
    found = evaluation()
    told = to_dict(found)["grades"]
    assert found.metrics is not None
    assert told["accuracy"] == found.metrics.accuracy.value
    assert list(told["genres"]) == list(TWELVE)
    assert sum(one["files"] for one in told["genres"].values()) == 400
    assert sum(one["heard"] for one in told["genres"].values()) == 400


def test_proposals_are_lines_that_a_map_can_hold() -> None:
    lines = map_lines(STRANGERS)
    assert tomllib.loads("\n".join(lines)) == {
        one.name: one.genre for one in STRANGERS if one.genre
    }
    assert [line for line in lines if "#" in line] == [
        '"House" = "Electronic"  # the model says so'
    ]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_survives_as_toml_and_shows_no_control_character(name: str) -> None:
    text = toml_text(name)
    assert tomllib.loads(f"{text} = 1") == {name: 1}
    assert text.isprintable()


def test_names_of_genres_are_no_markup() -> None:
    text = evaluated(evaluation(("[bold]Rock[/]", "[/]", "Pop")), width=100)
    assert text.count("[bold]Rock[/]") == 2 and text.count(" [/] ") == 2
