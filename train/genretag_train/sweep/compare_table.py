"""A comparison of recipes as a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

from genretag_train.sweep.compare import SCORES


def make_tables(summary: Mapping[str, Any]) -> Group:
    """Return the tables of a summary by `compare_recipes`."""
    seeds = ", ".join(map(str, summary["seeds"]))
    head = f"{summary['clips']} test clips of {summary['groups']} groups, "
    return Group(
        f"{head}split '{summary['split']}', seeds {seeds}. "
        "Scores in %, their 95% intervals in brackets.",
        "",
        _make_scores(summary["rows"]),
        "",
        "Accuracy of the row less that of the column, in points; * differs surely (the 95% "
        "interval of the paired bootstrap leaves 0 out)",
        _make_differences(summary),
    )


def _make_scores(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("recipe", no_wrap=True)
    for words in ("accuracy", "F1 weighted", "F1 macro"):
        table.add_column(f"{words}\npublished", justify="right")
        table.add_column("measured\n", justify="right", no_wrap=True)
    table.add_column("valid\naccuracy", justify="right")
    table.add_column("minutes\na run", justify="right")
    for row in rows:
        cells = []
        for name in SCORES:
            published, (low, high) = row["published"], row[f"{name}_95"]
            cells.append(_percent(published[name], 2) if published else "")
            cells.append(f"{_percent(row[name])} \\[{_percent(low)}, {_percent(high)}]")
        valid, minutes = _percent(row["valid_accuracy"]), f"{row['training_s'] / 60:.1f}"
        table.add_row(row["recipe"], *cells, valid, minutes)
    return table


def _make_differences(summary: Mapping[str, Any]) -> Table:
    names = [row["recipe"] for row in summary["rows"]]
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for name in names[1:]:
        table.add_column(name, justify="right")
    cells = {tuple(pair["recipes"]): _points(pair) for pair in summary["differences"]}
    for first in names[:-1]:
        table.add_row(first, *(cells.get((first, second), "") for second in names[1:]))
    return table


def _points(pair: Mapping[str, Any]) -> str:
    low, high = pair["accuracy_95"]
    return f"{100 * pair['accuracy']:+.1f}{'*' if low > 0 or high < 0 else ' '}"


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"
