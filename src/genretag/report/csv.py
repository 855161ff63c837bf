"""Writes outcomes as CSV with the columns of the JSON objects; lists are joined by `; `."""

import csv
import json
from collections.abc import Callable
from typing import Any, TextIO

from genretag.domain.outcome import Outcome
from genretag.report.jsonl import to_dict

COLUMNS = (
    "schema",
    "path",
    "status",
    "reason",
    "before",
    "after",
    "genres",
    "duration_s",
    "windows",
    "model",
    "notes",
    "change",
    "error",
    "own",
    "unit",
    "source",
    "family",
    "calibrated",
    "fields",
)


def reporter(stream: TextIO) -> Callable[[Outcome], None]:
    """Write a header, then each outcome as a row."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)

    def report(outcome: Outcome) -> None:
        row = to_dict(outcome)
        writer.writerow([_cell(row.get(column)) for column in COLUMNS])
        stream.flush()

    return report


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return "; ".join(_cell(item) for item in value)
    if isinstance(value, dict):
        if "score" in value:
            return f"{value['name']} {value['score']}"
        if "message" not in value:
            return json.dumps(value)
        return f"{value['message']} ({value['code']}). {value['hint']}"
    return value
