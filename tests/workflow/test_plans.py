"""A plan that somebody edited is read as it was meant, or refused as a whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from writers import empty, planned, write_plan

from genretag.domain.layout import PLAYERS
from genretag.domain.outcome import Planned
from genretag.errors import Code, UsageError
from genretag.workflow import plan
from genretag.workflow.plan import Plan


@pytest.fixture
def found(tmp_path: Path) -> Planned:
    made = planned(empty("MP3", tmp_path), "Rock", "摇滚", layout=PLAYERS["itunes"])
    return replace(made, notes=("a note",))


def test_a_plan_is_read_as_it_was_written(found: Planned, tmp_path: Path) -> None:
    assert plan.read(write_plan(tmp_path / "plan", [found, found])) == Plan((found, found))


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
    assert "scan --plan" in caught.value.hint
