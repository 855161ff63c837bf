"""Draws `scan.svg` from a real run: `python docs/picture.py FOLDER [OPTION...]`."""

import os
import pty
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 96

_UP, _ERASE, _IGNORED = "\x1b[1A", "\x1b[2K", ("\r", "\x1b[?25l", "\x1b[?25h")
_TOKENS = re.compile(r"\x1b\[\d*[AK]|\x1b\[\?25[lh]|\x1b\[[\d;]*m|[\r\n]|[^\x1b\r\n]+")


def main(folder: str, *options: str) -> None:
    """Run `genretag scan` on a terminal of its own, and keep what is left on the screen."""
    os.chdir(folder)
    os.environ |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    shown = bytearray()

    def keep(descriptor: int) -> bytes:
        data = os.read(descriptor, 65536)
        shown.extend(data)
        return data

    pty.spawn([sys.executable, "-m", "genretag", "scan", *options, "."], keep)
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(Text.assemble(("$ ", "bold"), " ".join(["genretag scan", *options, "."])))
    console.print(Text.from_ansi(_left_on_screen(shown.decode()).strip("\n")), soft_wrap=True)
    console.save_svg(str(Path(__file__).with_name("scan.svg")), title="genretag")


def _left_on_screen(text: str) -> str:
    """What a terminal still shows after `text`: the bar goes up and erases itself."""
    lines = [""]
    for part in _TOKENS.findall(text):
        if part == "\n":
            lines.append("")
        elif part == _UP:
            lines.pop()
        elif part == _ERASE:
            lines[-1] = ""
        elif part not in _IGNORED:
            lines[-1] += part
    return "\n".join(lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
