"""Draws `COMMAND.svg` from a real run: `python docs/picture.py FOLDER COMMAND [ARGUMENT...]`.

The README's pictures show free music: Debian's fretsonfire-songs-muldjord, hyperrogue-music,
singularity-music, warzone2100-music and wesnoth-1.16-music, a folder for each; `report.png` is a
screenshot of a page about all of it. For the others, genres were taken out of most tags.
"""

import os
import pty
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 102

_UP, _ERASE, _IGNORED = "\x1b[1A", "\x1b[2K", ("\r", "\x1b[?25l", "\x1b[?25h")
_TOKENS = re.compile(r"\x1b\[\d*[AK]|\x1b\[\?25[lh]|\x1b\[[\d;]*m|[\r\n]|[^\x1b\r\n]+")


def main(folder: str, *command: str) -> None:
    """Run genretag in `folder` on a terminal of its own, and keep what is left on the screen."""
    file = Path(__file__).resolve().with_name(f"{command[0]}.svg")
    os.chdir(folder)
    os.environ |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    shown = bytearray()

    def keep(descriptor: int) -> bytes:
        data = os.read(descriptor, 65536)
        shown.extend(data)
        return data

    pty.spawn([sys.executable, "-m", "genretag", *command], keep)
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(Text.assemble(("$ ", "bold"), " ".join(["genretag", *command])))
    console.print(Text.from_ansi(_left_on_screen(shown.decode()).strip("\n")), soft_wrap=True)
    console.save_svg(str(file), title="genretag")


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
