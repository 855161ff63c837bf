"""Draws `COMMAND.svg` from a real run: `python docs/picture.py FOLDER COMMAND [ARGUMENT...]`.

The README's pictures show free music: Debian's fretsonfire-songs-muldjord, hyperrogue-music,
singularity-music, warzone2100-music and wesnoth-1.16-music, a folder for each. Genres were taken
out of most tags. `report PATH` draws `report.png`, what Chromium shows of the page about PATH.
"""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

WIDTH = 102
PAGE = (1100, 1400)

_UP, _ERASE, _IGNORED = "\x1b[1A", "\x1b[2K", ("\r", "\x1b[?25l", "\x1b[?25h")
_TOKENS = re.compile(r"\x1b\[\d*[AK]|\x1b\[\?25[lh]|\x1b\[[\d;]*m|[\r\n]|[^\x1b\r\n]+")


def main(folder: str, *command: str) -> None:
    """Run genretag in `folder`, and keep what is on the screen then."""
    (_draw_page if command[0] == "report" else _draw_lines)(folder, *command)


def _draw_lines(folder: str, *command: str) -> None:
    """Run genretag on a terminal of its own, and keep what is left there."""
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


def _draw_page(folder: str, *command: str) -> None:
    with TemporaryDirectory() as temporary:
        page = Path(temporary, "page.html")
        genretag = [sys.executable, "-m", "genretag", *command, "-o", str(page)]
        subprocess.run(genretag, cwd=folder)  # 1 if files failed, which the page tells
        picture = Path(__file__).resolve().with_name("report.png")
        size = ",".join(map(str, PAGE))
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={size}"]
        subprocess.run(["chromium", *options, f"--screenshot={picture}", page.as_uri()], check=True)


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
