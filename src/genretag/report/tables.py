"""Sections, notes and tables of a report in a terminal."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from genretag.report.text import visible, wrap_hanging

DIM = "bright_black"
INDENT = 2


def print_section(title: str, body: Table | Text, console: Console) -> None:
    """Print a title, and a table or text indented below it."""
    console.print()
    console.print(Text(title, "bold"))
    console.print(Padding(body, (0, 0, 0, INDENT), expand=False))


def print_note(text: str, console: Console) -> None:
    """Print an indented note, broken at words."""
    console.print(wrap_hanging(Text(" " * INDENT + text, DIM), console.width, INDENT))


def fill_table(table: Table, rows: Iterable[Sequence[str]]) -> Table:
    """Add rows to a table; return it."""
    for row in rows:
        table.add_row(*row)
    return table


def make_table(*columns: str) -> Table:
    """Make a table without lines; `>` before a name aligns its column to the right."""
    table = Table(box=None, header_style=DIM, padding=(0, 2, 0, 0), pad_edge=False)
    for name in columns:
        justify = "right" if name.startswith(">") else "left"
        table.add_column(name.removeprefix(">"), justify=justify)  # type: ignore[arg-type]
    return table


def fit(name: str, width: int) -> str:
    """Escape a name and cut it to so many columns."""
    text = visible(name)
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 2).rstrip()}.."
