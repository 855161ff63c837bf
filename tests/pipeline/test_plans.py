"""A plan that somebody edited is read as it was meant, or refused as a whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from writers import empty, planned, write_plan

from genretag.domain.layout import PLAYERS
from genretag.domain.outcome import Failed, Outcome, Planned, Unchanged
from genretag.errors import Code, FileError, UsageError
from genretag.pipeline import plan
from genretag.pipeline.plan import Plan
from genretag.report.plan import PlanWriter


@pytest.fixture
def found(tmp_path: Path) -> Planned:
    made = planned(empty("MP3", tmp_path), "Rock", "摇滚", layout=PLAYERS["itunes"])
    return replace(made, notes=("a note",))


def test_a_plan_is_read_as_it_was_written(found: Planned, tmp_path: Path) -> None:
    assert plan.read(write_plan(tmp_path / "plan", [found, found])) == Plan((found, found))


def test_genres_that_a_person_put_into_a_plan_are_that_persons(
    found: Planned, tmp_path: Path
) -> None:
    path = written(tmp_path / "plan", found, found, complete=True)
    first, line, same, end = path.read_text("utf-8").splitlines(keepends=True)
    edited = json.dumps(json.loads(line) | {"after": ["Jazz"]}) + "\n"
    path.write_text("".join([first, edited, same, end]), "utf-8")
    changed, kept = plan.read(path).changes
    assert changed.by_person and changed.after == changed.change.after == ("Jazz",)
    assert not kept.by_person


def test_a_plan_of_an_older_version_is_no_persons(found: Planned, tmp_path: Path) -> None:
    path = write_plan(tmp_path / "plan", [found])
    assert "proposed" not in path.read_text("utf-8")
    assert not plan.read(path).changes[0].by_person


def written(path: Path, *outcomes: Outcome, complete: bool | None) -> Path:
    """A plan as `scan --plan` writes it, killed before its end if `complete` is None."""
    with path.open("w", encoding="utf-8") as stream:
        writer = PlanWriter(stream)
        for outcome in outcomes:
            writer.add(outcome)
        if complete is not None:
            writer.end(complete)
    return path


@pytest.mark.parametrize("complete", [True, False, None])
def test_a_plan_knows_whether_its_scan_came_to_an_end(
    found: Planned, tmp_path: Path, complete: bool | None
) -> None:
    error = FileError(Code.NOT_AUDIO, "/music/b.mp3: there is no audio", "Look at it.")
    others = Unchanged(path=Path("/music/a.mp3")), Failed(path=Path("/music/b.mp3"), error=error)
    path = written(tmp_path / "plan", found, *others, complete=complete)
    assert plan.read(path) == Plan((found,), complete is True)
    path = written(tmp_path / "empty", *others, complete=complete)
    assert plan.read(path) == Plan((), complete is True)


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_line_that_was_cut_off_by_a_kill_is_no_change(
    found: Planned, tmp_path: Path, cut: int
) -> None:
    path = written(tmp_path / "plan", found, found, complete=None)
    path.write_text(path.read_text("utf-8")[:-cut], "utf-8")
    assert plan.read(path) == Plan((found,), complete=False)


def test_lines_that_a_person_picked_from_a_plan_are_a_plan(found: Planned, tmp_path: Path) -> None:
    path = written(tmp_path / "plan", found, found, found, complete=True)
    _, *lines, end = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:2]), "utf-8")
    assert plan.read(path) == Plan((found, found))
    path.write_text("".join(lines[:1]) + end, "utf-8")
    assert plan.read(path) == Plan((found,))


def but(**entries: object) -> Callable[[dict[str, Any]], str]:
    return lambda line: json.dumps(line | entries)


def but_change(**entries: object) -> Callable[[dict[str, Any]], str]:
    return lambda line: json.dumps(line | {"change": line["change"] | entries})


BROKEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "no JSON": lambda line: "not JSON",
    "an empty line": lambda line: "",
    "a line that is cut off": lambda line: json.dumps(line)[:-20],
    "a list": lambda line: "[]",
    "another schema": but(schema=2),
    "no plan": but(status="tagged"),
    "no change": but(change=None),
    "no path": lambda line: json.dumps({key: line[key] for key in line if key != "path"}),
    "an empty path": but(path=""),
    "a path that cannot be": but(path="a\0b"),
    "half a character": but(path="\ud800"),
    "text instead of a list": but(after="Rock"),
    "numbers instead of names": but(after=[17]),
    "an empty name": but(after=["Rock", " "]),
    "scores that are none": but(genres=[{"name": "Rock", "score": "high"}]),
    "no size": but_change(size=None),
    "an unknown layout": but_change(layout={"joined": ["ID4"]}),
    "a layout that is none": but_change(layout={"joined": [], "shape": "round"}),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_line_is_named(problem: str, found: Planned, tmp_path: Path) -> None:
    path = write_plan(tmp_path / "plan", [found] * 3)
    lines = path.read_text("utf-8").splitlines()
    lines[1] = BROKEN[problem](json.loads(lines[1]))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(UsageError) as caught:
        plan.read(path)
    assert caught.value.code == Code.BAD_PLAN
    assert f"{path}, line 2" in caught.value.message
    assert "Error" not in caught.value.message
    assert "scan --plan" in caught.value.hint
