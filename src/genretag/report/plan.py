"""Writes a plan: what is to be changed, for `genretag apply`.

The first line says that a plan begins, the last that it is complete or that its scan was
interrupted, with counts and with what failed; between them is an object of `--format jsonl`
for each file that is to be changed. It holds what is `proposed` as well: who edits `after` has
decided, and that tells. Each line is written whole before the next: a plan that
has a first and no last line was cut off, by a kill or a full disk.
"""

import json
from collections import Counter
from dataclasses import replace
from typing import Any, TextIO

from genretag.domain.outcome import Failed, Outcome, Planned
from genretag.report import jsonl


class PlanWriter:
    """Writes a line for each planned outcome, and counts the others.

    Args:
        stream: gets the lines.
        is_calibrated: whether scores in it are; the first line says it of those that are not.
    """

    def __init__(self, stream: TextIO, is_calibrated: bool = True) -> None:
        self._stream = stream
        self._counts: Counter[str] = Counter()
        self._failed: list[dict[str, Any]] = []
        self._line({"state": "begun", **jsonl.calibrated_to_dict(is_calibrated)})

    def add(self, outcome: Outcome) -> None:
        """Count an outcome, and write it if it is planned."""
        self._counts[outcome.status] += 1
        # The plan may be carried out from another folder.
        outcome = replace(outcome, path=outcome.path.absolute())
        if isinstance(outcome, Planned):
            row = jsonl.to_dict(outcome)
            self._write(row | {"proposed": row["after"]})
        elif isinstance(outcome, Failed):
            row = jsonl.to_dict(outcome)
            self._failed.append({"path": row["path"], "error": row["error"]})

    def end(self, complete: bool) -> None:
        """Write the last line."""
        state = "complete" if complete else "interrupted"
        self._line({"state": state, "counts": dict(self._counts), "failed": self._failed})

    def _line(self, plan: dict[str, Any]) -> None:
        self._write({"schema": jsonl.SCHEMA, "plan": plan})

    def _write(self, row: dict[str, Any]) -> None:
        self._stream.write(json.dumps(row) + "\n")
        self._stream.flush()
