"""Escapes text from files, and formats and wraps texts for terminals."""

import re
import unicodedata

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

WIDE = 80
"""Columns from which on there is room for everything side by side."""

# Control, format (text direction among them), lone surrogate, line and paragraph separator.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Scripts from Persian to emoji need the joiners, which do no harm.
_JOINERS = frozenset("\u200c\u200d")
_SURROGATE_ESCAPE = 0xDC00
_PIECES = re.compile(r"`[^`]*`\S*|/[^:]*:\S*|\S+")


def visible(text: str) -> str:
    r"""Escape every character that could act on a terminal, or not be seen.

    >>> visible("a\x1b[31m\nb")
    'a\\x1b[31m\\x0ab'
    """
    if text.isascii() and text.isprintable():  # nearly all are, and runs are long
        return text
    return "".join(_escape(c) if _is_unsafe(c) else c for c in text)


def format_percent(score: float) -> str:
    """Format a score in four characters; none becomes a hundred per cent.

    >>> format_percent(0.074), format_percent(0.9987)
    ('  7%', ' 99%')
    """
    return f"{min(score, 0.99):>4.0%}"


def format_time(seconds: float) -> str:
    """Format a time within a track.

    >>> format_time(245.0), format_time(3671.9)
    ('4:05', '1:01:11')
    """
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def wrap_hanging(text: Text, width: int | None, indent: int) -> Text:
    """Break `text` at words into lines of `width` columns, all but the first indented.

    Without `width`, where there is no terminal, it stays one line.
    """
    if width is None:
        return text
    lines = text.wrap(Console(width=width), max(width - indent, 1))
    for line in lines:
        line.rstrip()
    return Text("\n" + " " * indent).join(lines)


def wrap(text: str, width: int) -> str:
    """Break `text` into lines of `width` columns, at words.

    What is between backticks, and a path before a colon, stay in one piece where they fit. A
    longer word is not broken, so that it can be copied from a terminal.

    >>> print(wrap("/a/b c: no; `x --help` tells", 10))
    /a/b c:
    no;
    `x --help`
    tells
    """
    lines: list[str] = []
    for piece in _PIECES.findall(text):
        for part in [piece] if cell_len(piece) <= width else piece.split():
            if lines and cell_len(f"{lines[-1]} {part}") <= width:
                lines[-1] += f" {part}"
            else:
                lines.append(part)
    return "\n".join(lines)


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE and character not in _JOINERS


def _escape(character: str) -> str:
    point = ord(character)
    if _SURROGATE_ESCAPE + 0x80 <= point <= _SURROGATE_ESCAPE + 0xFF:
        point -= _SURROGATE_ESCAPE  # the byte of a file name that is not UTF-8
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"
