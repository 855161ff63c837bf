"""Reads the table in which a person decided, as `report.decision_table` writes it."""

import codecs
import csv
import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast, get_args

from genretag.domain.decision import COLUMNS, FORMULA_STARTS, Decision, parse_genres
from genretag.domain.genre import Names
from genretag.domain.unit import Unit, UnitKind
from genretag.errors import Code, UsageError, reason

SUFFIX = ".csv"
"""A table is told from a plan by its name."""

_DELIMITERS = ",;\t"

_FAILED_FORMULA = re.compile(r"#[\w/]+[?!]|#N/?[A-Z]|Err:\d+")
"""Names that spreadsheets save for a formula that they cannot compute, in any language."""


def read_table(path: Path) -> tuple[Decision, ...]:
    """Read the decisions of a table; all rows are checked before the first is carried out.

    Rows without a genre are left out; 1, 2 or 3 in the place of one is the guess of that number.
    The columns may stand in any order, those that a person added do not count, and without a
    column `before` files may have any genres now. Spreadsheets of some countries put `;` between
    columns.

    Raises:
        UsageError: `bad-plan`, it cannot be read, or a row makes no sense.
    """
    try:
        text = _read_text(path)
    except (OSError, UnicodeError) as error:
        raise _bad(f"{path}: the table cannot be read: {reason(error)}") from error
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = rows.fieldnames or ()
    if missing := [name for name in ("genre", "files") if name not in names]:
        raise _bad(f"{path}: it has no column {' and no column '.join(missing)}")
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise _bad(f"{path}: it has the column {' and the column '.join(twice)} twice")
    decisions: list[Decision] = []
    decided: dict[Path, tuple[Names, int]] = {}
    line = 2
    try:
        for row in rows:
            if decision := _read_row(row):
                _refuse_contradiction(decision, line, decided)
                decisions.append(decision)
            line = rows.line_num + 1
    except (ValueError, csv.Error) as error:
        raise _bad(f"{path}, line {line}: {reason(error)}") from error
    return tuple(decisions)


def _read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16, which some spreadsheets call Unicode."""
    content = path.read_bytes()
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_wide else "utf-8-sig")


def _refuse_contradiction(
    decision: Decision, line: int, decided: dict[Path, tuple[Names, int]]
) -> None:
    """Raise ValueError if an earlier row gives one of the files other genres."""
    for path in decision.paths:
        genres, earlier = decided.setdefault(path, (decision.genres, line))
        if genres != decision.genres:
            raise ValueError(f"line {earlier} gives {path} another genre")


def _read_row(row: Mapping[str | None, str | list[str] | None]) -> Decision | None:
    """Return the decision of a row; None if it has none. ValueError if it makes no sense."""
    cells = {name: value for name, value in row.items() if name and isinstance(value, str)}
    genre = _strip(cells.get("genre", ""))
    if not genre:
        return None
    if _FAILED_FORMULA.fullmatch(genre):
        raise ValueError(f"the spreadsheet took the genre for a formula, which gave {genre}")
    genres = parse_genres(_strip(_find_guess(genre, cells)))
    before = cells.get("before")
    names = None if before is None else frozenset(_strip(before).split("; ")) - {""}
    paths = _read_files(cells.get("files", ""))
    return Decision(genres, paths, _read_unit(cells, len(paths)), names)


def _read_unit(cells: Mapping[str, str], tracks: int) -> Unit | None:
    """Return what the files of a row have in common, which is just for people."""
    kind, name = cells.get("kind", ""), _strip(cells.get("name", ""))
    if tracks < 2 or not name or kind not in get_args(UnitKind):
        return None
    return Unit(cast(UnitKind, kind), name, tracks, undecided=tracks)


def _find_guess(genre: str, cells: Mapping[str, str]) -> str:
    """Return the guess that a number stands for; anything else is a name."""
    if f"guess_{genre}" not in COLUMNS:
        return genre
    if not (guess := cells.get(f"guess_{genre}", "").strip()):
        raise ValueError(f"there is no guess {genre}")
    return guess


def _read_files(text: str) -> tuple[Path, ...]:
    try:
        files = json.loads(text)
    except ValueError:
        files = None
    is_list = isinstance(files, list) and files and all(isinstance(file, str) for file in files)
    if not is_list:
        raise ValueError("the column files is no list of paths any more")
    paths = tuple(map(Path, files))
    for path in paths:
        if not path.is_absolute() or b"\0" in os.fsencode(path):
            raise ValueError(f"{str(path)!r} is no whole path")
    return paths


def _strip(cell: str) -> str:
    """Return the text of a cell without the sign that keeps it from being a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _bad(message: str) -> UsageError:
    return UsageError(
        Code.BAD_PLAN,
        message,
        "Nothing was written. Mend the row, and save the table as CSV in UTF-8.",
    )
