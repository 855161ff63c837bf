"""Reads a plan back: the lines that `scan --plan` wrote, as `report.plan` describes them."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genretag.domain.change import Stamp, TagChange, layout_from_dict
from genretag.domain.outcome import Planned
from genretag.domain.places import FieldChange, fields_from_dict
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.errors import Code, UsageError, reason

SCHEMA = 1


@dataclass(frozen=True)
class Plan:
    """What to change. Unless `complete`, the scan was interrupted and there may be more to do."""

    changes: tuple[Planned, ...]
    complete: bool = True

    @property
    def uncalibrated(self) -> frozenset[str]:
        """The identities of the models in it whose scores are not calibrated."""
        found = (change.prediction for change in self.changes)
        return frozenset(one.model for one in found if one and not one.is_calibrated)


def read(path: Path) -> Plan:
    """Read the changes of a plan; all of them are checked before the first is carried out.

    A plan that lacks the first line, made by an older version or put together by a person, is
    believed to be complete.

    Raises:
        UsageError: `bad-plan`, it cannot be read, or a line of it is no planned change.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(f"{path}: the plan cannot be read: {reason(error)}") from error
    lines = text.splitlines()
    begun = bool(lines) and _about_plan(lines[0]).get("state") == "begun"
    if begun and not text.endswith("\n"):
        lines.pop()  # cut off while it was written
    end = _about_plan(lines[-1]) if lines[begun:] else {}
    changes = lines[begun : len(lines) - bool(end)]
    return Plan(
        tuple(_change(path, number, line) for number, line in enumerate(changes, start=1 + begun)),
        complete=end.get("state") == "complete" if end else not begun,
    )


def _about_plan(line: str) -> dict[str, Any]:
    """Return what a first or last line says of the whole plan; nothing if it is about a file."""
    try:
        entry = json.loads(line)
        about = entry["plan"] if entry["schema"] == SCHEMA else None
    except (ValueError, KeyError, TypeError):
        return {}
    return about if isinstance(about, dict) else {}


def _change(path: Path, number: int, line: str) -> Planned:
    try:
        entry = json.loads(line)
        if entry["schema"] != SCHEMA or entry["status"] != Planned.status:
            raise ValueError(f"schema {entry['schema']!r}, status {entry['status']!r}")
        return _planned(entry)
    except (ValueError, KeyError, TypeError) as error:
        why = reason(error)
        raise _bad(f"{path}, line {number}: this is no planned change: {why}") from error


def _planned(entry: dict[str, Any]) -> Planned:
    change = entry["change"]
    found = Planned.of(
        TagChange(
            path=_path(entry["path"]),
            container=change["container"],
            before=_names(entry["before"]),
            after=_names(entry["after"]),
            layout=layout_from_dict(change["layout"]),
            stamp=Stamp(int(change["size"]), int(change["mtime_ns"])),
            fields=_fields(entry.get("fields", {})),
        ),
        Prediction(
            tuple(map(_scored, entry["genres"])),
            int(entry["windows"]),
            float(entry["duration_s"]),
            str(entry["model"]),
            is_calibrated=entry.get("calibrated", True) is not False,
        ),
    )
    family = entry.get("family")  # which plans of older versions lack
    return replace(
        found,
        notes=tuple(map(str, entry["notes"])),
        family=family and _scored(family),
        by_person=entry.get("proposed", entry["after"]) != entry["after"],
    )


def _scored(genre: dict[str, Any]) -> ScoredGenre:
    return ScoredGenre(genre["name"], float(genre["score"]))


def _path(text: str) -> Path:
    if not text or b"\0" in os.fsencode(text):
        raise ValueError(f"{text!r} is no path")
    return Path(text)


def _names(names: Any) -> tuple[str, ...]:
    """Return a list of genres, checked: people edit plans."""
    if not isinstance(names, list) or not all(
        isinstance(name, str) and name == name.strip() != "" for name in names
    ):
        raise ValueError(f"{names!r} is no list of genres")
    return tuple(names)


def _fields(entries: Any) -> tuple[FieldChange, ...]:
    """Return the changes of other fields, checked; plans without any lack them."""
    if not isinstance(entries, dict):
        raise TypeError(f"{entries!r} are no fields")
    for entry in entries.values():
        for side in ("before", "after"):
            _names(entry[side])
    return fields_from_dict(entries)


def _bad(message: str) -> UsageError:
    return UsageError(Code.BAD_PLAN, message, "Write it again with `genretag scan --plan`.")
