"""Shows outcomes: to people, to scripts, to spreadsheets."""

from collections.abc import Callable, Mapping
from typing import TextIO

from genretag.domain.outcome import Outcome
from genretag.report import csv, human, jsonl

Report = Callable[[Outcome], None]

REPORTERS: Mapping[str, Callable[[TextIO], Report]] = {
    "human": human.reporter,
    "jsonl": jsonl.reporter,
    "csv": csv.reporter,
}
"""Formats of `--format`: each takes a stream and returns what writes one outcome to it."""
