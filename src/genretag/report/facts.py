"""Prints names and values, readable on any width."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from genretag.report.text import visible

_NARROW = 60
_INDENT = 2


def print_facts(facts: Iterable[tuple[str, str | Text]], console: Console) -> None:
    """Print a line for each name and value; on a narrow console the value stands below its name."""
    rows = [(visible(name), value) for name, value in facts]
    is_narrow = console.width < _NARROW
    indent = _INDENT if is_narrow else _INDENT + max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        label = Text(name.ljust(indent), "bold")
        if is_narrow:
            console.print(Text(name, "bold"))
            label = Text(" " * indent)
        text = value if isinstance(value, Text) else escape_lines(value)
        print_paragraph(text, console, indent, label)


def print_paragraph(text: Text, console: Console, indent: int, label: Text | None = None) -> None:
    """Print `text` indented; `label`, as wide as that, stands before its first line."""
    if text.no_wrap:
        parts = [text]
    else:
        parts = list(text.wrap(console, max(console.width - indent, 1))) or [Text()]
    margin = Text(" " * indent)
    for number, part in enumerate(parts):
        part.rstrip()
        console.print((label if label and not number else margin) + part, soft_wrap=True)


def escape_lines(text: str) -> Text:
    """Escape `text` line by line."""
    return Text("\n".join(visible(line) for line in text.split("\n")))


def unbroken(text: object) -> Text:
    """Return a text that is not broken into lines, so that it can be copied."""
    return Text(visible(str(text)), no_wrap=True)
