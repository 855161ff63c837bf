"""Reads a plan back: the lines that `scan --plan` wrote."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from genretag.domain.change import Stamp, TagChange, layout_from_object
from genretag.domain.outcome import Planned
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.errors import Code, UsageError, reason

SCHEMA = 1


def read(path: Path) -> list[Planned]:
    """The changes of a plan; all of them are looked at before the first is carried out.

    Raises:
        UsageError: `bad-plan`, it cannot be read, or a line of it is no planned change.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(f"{path}: the plan cannot be read: {reason(error)}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            if entry["schema"] != SCHEMA or entry["status"] != Planned.status:
                raise ValueError(f"schema {entry['schema']!r}, status {entry['status']!r}")
            found.append(_planned(entry))
        except (ValueError, KeyError, TypeError) as error:
            why = reason(error)
            raise _bad(f"{path}, line {number}: this is no planned change: {why}") from error
    return found


def _planned(entry: dict[str, Any]) -> Planned:
    change = entry["change"]
    found = Planned.of(
        TagChange(
            path=_path(entry["path"]),
            container=change["container"],
            before=_names(entry["before"]),
            after=_names(entry["after"]),
            layout=layout_from_object(change["layout"]),
            stamp=Stamp(int(change["size"]), int(change["mtime_ns"])),
        ),
        Prediction(
            tuple(ScoredGenre(genre["name"], float(genre["score"])) for genre in entry["genres"]),
            int(entry["windows"]),
            float(entry["duration_s"]),
            str(entry["model"]),
        ),
    )
    return replace(found, notes=tuple(map(str, entry["notes"])))


def _path(text: str) -> Path:
    if not text or b"\0" in os.fsencode(text):
        raise ValueError(f"{text!r} is no path")
    return Path(text)


def _names(names: Any) -> tuple[str, ...]:
    """A list of genres; people edit plans."""
    if not isinstance(names, list) or not all(
        isinstance(name, str) and name == name.strip() != "" for name in names
    ):
        raise ValueError(f"{names!r} is no list of genres")
    return tuple(names)


def _bad(message: str) -> UsageError:
    return UsageError(Code.BAD_PLAN, message, "Write it again with `genretag scan --plan`.")
