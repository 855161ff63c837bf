"""Shows what a library calls its genres, and lines of a map for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from genretag.domain.name_check import (
    JoinedName,
    JunkKind,
    JunkName,
    NameCheck,
    NameUse,
    SpelledGenre,
    UnknownName,
    list_aliases,
    list_placeholders,
    list_renames,
)
from genretag.report.evaluation import toml_text
from genretag.report.paths import relative_path, shorten
from genretag.report.tables import DIM, INDENT, fit, make_table, print_note, print_section
from genretag.report.text import WIDE
from genretag.report.wording import format_counts, format_files

SCHEMA = 1
SHOWN_NAMES = 12
_NAME_WIDTH, _SHORT_NAME_WIDTH = 32, 18
_GENRE_WIDTH, _NOTE_WIDTH, _OTHER_COLUMNS = 20, 26, 16
_EXAMPLE_FROM = 100
"""Columns from which on there is room for a file that has the name."""

_KINDS: Mapping[JunkKind, str] = {
    "placeholder": "counts as no genre already",
    "web address": "a web address",
    "year": "a year",
    "number": "a number",
    "no letters": "it has no letters",
    "too long": "too long for a name",
}


def print_check(check: NameCheck, folder: Path | None, console: Console) -> None:
    """Print a check; of long lists the commonest names, and lines of a map for these.

    Args:
        check: of a library with files.
        folder: what paths are shown relative to.
        console: where to.
    """
    unknown, joined, junk = check.unknown, check.joined, check.junk
    console.print(Text(_summary(check), "bold"))
    for note in _describe_known(check):
        print_note(note, console)
    _print_spelled(check.spelled, console)
    means = [one.genre or "?" for one in unknown]
    _print_uses("Names that genretag does not know", "could mean", unknown, means, folder, console)
    first = [one.genre for one in joined]
    _print_uses("Several genres in one name", "counts as", joined, first, folder, console)
    kinds = [_KINDS[one.kind] for one in junk]
    _print_uses("Names that are no genre", "because", junk, kinds, folder, console)
    lines = map_lines(check.spelled[:SHOWN_NAMES], (*unknown[:SHOWN_NAMES], *joined[:SHOWN_NAMES]))
    _print_lines("Lines for a file to give with --map, where they are right:", lines, console)
    line = placeholder_lines(junk[:SHOWN_NAMES])
    _print_lines("For the config file, where these are to count as no genre:", line, console)


def to_dict(check: NameCheck) -> dict[str, Any]:
    """Convert a check, with the paths of all files that have a name to look at."""
    return {
        "schema": SCHEMA,
        "files": {"read": check.files, "tagged": check.tagged, "known": check.known_files},
        "names": {"all": check.names, "known": check.known},
        "spellings": [
            {
                "genre": one.genre,
                "written": one.written,
                "names": [_use_to_dict(use) for use in one.names],
            }
            for one in check.spelled
        ],
        "joined": [
            {**_use_to_dict(one), "genres": list(one.genres), "genre": one.genre}
            for one in check.joined
        ],
        "unknown": [
            {**_use_to_dict(one), "genre": one.genre, "reason": one.reason} for one in check.unknown
        ],
        "junk": [{**_use_to_dict(one), "kind": one.kind} for one in check.junk],
        "map_lines": map_lines(check.spelled, (*check.unknown, *check.joined)),
        "config_lines": placeholder_lines(check.junk),
    }


def map_lines(
    spelled: Iterable[SpelledGenre], names: Iterable[UnknownName | JoinedName]
) -> list[str]:
    """Return the lines of a map that says how to write genres, and what names mean."""
    tables = {"rename": list_renames(spelled), "aliases": list_aliases(names)}
    lines = []
    for table, entries in tables.items():
        pairs = [(key, name) for key, name in entries.items() if _is_text(key) and _is_text(name)]
        lines += [f"[{table}]"] if pairs else []
        lines += [f"{toml_text(key)} = {toml_text(name)}" for key, name in pairs]
    return lines


def placeholder_lines(junk: Iterable[JunkName]) -> list[str]:
    """Return the line of a config file by which names count as no genre; none if all do."""
    names = [name for name in list_placeholders(junk) if _is_text(name)]
    return [f"placeholder = {toml_text('+' + ','.join(names))}"] if names else []


def _is_text(name: str) -> bool:
    """Tell whether TOML can hold a name: none with half a character."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _use_to_dict(use: NameUse) -> dict[str, Any]:
    return {
        "name": use.name,
        "files": len(use.files),
        "paths": [str(path) for path in use.files],
    }


def _summary(check: NameCheck) -> str:
    names = f"{check.names:,} name{'' if check.names == 1 else 's'}"
    return f"{names} of genres in {check.tagged:,} of {format_files(check.files)}"


def _describe_known(check: NameCheck) -> Iterator[str]:
    if check.names:
        yield f"{check.known:,} of the names mean one genre that genretag knows"
        yield f"{check.known_files:,} of the files with a genre have only such names"
    if check.names and not (check.spelled or check.joined or check.unknown or check.junk):
        yield "each genre has one name, so there is nothing to do"


def _print_spelled(spelled: Sequence[SpelledGenre], console: Console) -> None:
    rows = make_table("scan writes", "names in files")
    room = max(console.width - _GENRE_WIDTH - 2 * INDENT, _SHORT_NAME_WIDTH)
    for one in spelled[:SHOWN_NAMES]:
        counts = Counter({use.name: len(use.files) for use in one.names})
        uses = fit(format_counts(counts), room)
        rows.add_row(Text(fit(one.written, _GENRE_WIDTH)), Text(uses))
    _print_table("Several names of one genre", rows, spelled, console)


def _print_uses(
    title: str,
    about: str,
    uses: Sequence[NameUse],
    notes: Sequence[str],
    folder: Path | None,
    console: Console,
) -> None:
    """Print names with their number of files, a note each, and an example where there is room."""
    is_wide = console.width >= WIDE
    has_room = console.width >= _EXAMPLE_FROM
    rows = make_table(">files", "name", about, *["in"][: int(has_room)])
    width = _NAME_WIDTH if is_wide else _SHORT_NAME_WIDTH
    room = console.width - _NAME_WIDTH - _NOTE_WIDTH - _OTHER_COLUMNS
    for use, note in list(zip(uses, notes, strict=True))[:SHOWN_NAMES]:
        path = shorten(relative_path(use.files[0], folder), room, "..") if has_room else ""
        texts = [Text(fit(use.name, width)), Text(fit(note, _NOTE_WIDTH)), Text(path, DIM)]
        rows.add_row(str(len(use.files)), *texts[: len(rows.columns) - 1])
    _print_table(title, rows, uses, console)


def _print_table(title: str, rows: Table, entries: Sequence[object], console: Console) -> None:
    if entries:
        print_section(title, rows, console)
    if len(entries) > SHOWN_NAMES:
        rest = len(entries) - SHOWN_NAMES
        print_note(f"and {rest:,} more, all of them in --format json", console)


def _print_lines(title: str, lines: Sequence[str], console: Console) -> None:
    """Print lines to copy, which nothing breaks."""
    if lines:
        console.print(f"\n{title}\n")
        for line in lines:
            console.print(Text(line), soft_wrap=True)
