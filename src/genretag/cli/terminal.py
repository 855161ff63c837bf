"""Finds out what is at the other end of standard output and standard error, and asks there."""

import os
import stat
import sys
from typing import TextIO

from rich.console import Console
from rich.text import Text

from genretag.library.interrupt import immediate
from genretag.report.text import wrap_hanging


def get_width(console: Console) -> int | None:
    """Return the columns of the terminal that `console` writes to; None if that is no terminal.

    Colours may be forced on what is none, and there nothing may be cut to a width.
    """
    return console.width if console.file.isatty() else None


def is_piped(stream: TextIO) -> bool:
    """Return whether another program reads `stream`; it may well show it on the same terminal."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def can_ask() -> bool:
    """Return whether there is a person at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Ask a person; anything but yes is a no, and Ctrl-C an interrupt."""
    broken = wrap_hanging(Text(f"{question} [y/N]"), Console(stderr=True).width, 0)
    sys.stderr.write(f"{broken.plain} ")
    sys.stderr.flush()
    with immediate():
        answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # Ctrl-D leaves the cursor where it is
        sys.stderr.write("\n")
    return answer.strip().casefold() in ("y", "yes")
