"""Writes a table in which a person decides, in any spreadsheet, for `genretag apply`."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from genretag.domain.decision import COLUMNS, FORMULA_STARTS
from genretag.domain.review import GUESSES, ReviewItem
from genretag.report.paths import common_folder
from genretag.report.text import visible

MOST_CHARACTERS = 30_000
"""In the list of files of a row: no spreadsheet takes more than 32,767 in a cell."""

_BYTE_ORDER_MARK = "\ufeff"
"""Without it some spreadsheets take UTF-8 for something else."""


def write_table(items: Iterable[ReviewItem], stream: TextIO) -> None:
    """Write a row for each item, or several if it has very many files."""
    stream.write(_BYTE_ORDER_MARK)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in items:
        writer.writerows(_rows(item))
    stream.flush()


def _rows(item: ReviewItem) -> Iterator[list[str]]:
    paths = [str(path.absolute()) for path in item.paths]
    guesses = [cell for one in item.guesses for cell in (_text(one.name), f"{one.score:.2f}")]
    guesses += [""] * (2 * GUESSES - len(guesses))
    start = 0
    while start < len(paths):
        files = _fit(paths[start:])
        start += len(files)
        yield [
            "",
            item.kind,
            _text(visible(item.name)),
            str(len(files)),
            _text("; ".join(item.before)),
            *guesses,
            _text(visible(str(common_folder(map(Path, files)) or ""))),
            json.dumps(files),
            "" if item.is_calibrated or not item.guesses else "False",
        ]


def _fit(paths: list[str]) -> list[str]:
    """Return as many of the first paths as a cell has room for, one at least."""
    room = MOST_CHARACTERS
    for count, path in enumerate(paths):
        room -= len(json.dumps(path)) + 2
        if room < 0 and count:
            return paths[:count]
    return paths


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
