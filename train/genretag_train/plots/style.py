"""The look of all pictures, and how they are saved."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import matplotlib
from matplotlib.figure import Figure

matplotlib.use("Agg")

# Okabe and Ito (2008), for all kinds of colour vision; brown for their yellow, which is too
# faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#6B3E26")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_TITLE_POINTS = 11
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": _TITLE_POINTS,
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # a name may hold dollars
    "svg.hashsalt": "genretag",
}
_DPI = 150

_Data = TypeVar("_Data")


@dataclass(frozen=True)
class Look:
    """The colour, the marker and its filling, which tell a run or a genre from others."""

    colour: str
    marker: str
    is_hollow: bool

    @property
    def face(self) -> str:
        """The colour within the marker."""
        return "white" if self.is_hollow else self.colour


def save_picture(draw: Callable[[_Data], Figure], data: _Data, stem: Path) -> list[Path]:
    """Draw a picture of `data` and save it as STEM.png and STEM.svg; return both files."""
    with matplotlib.rc_context(STYLE):
        figure = draw(data)
        files = [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "svg")]
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file in files:
            # A date would make pictures of the same run differ.
            metadata = {"Date": None} if file.suffix == ".svg" else None
            figure.savefig(file, dpi=_DPI, metadata=metadata)
    return files


def set_title(figure: Figure, *lines: str) -> None:
    """Set the title of a figure, each of the lines broken where the figure ends."""
    room = int(figure.get_figwidth() * 72 / (0.62 * _TITLE_POINTS))
    text = "\n".join(textwrap.fill(line, room) for line in lines)
    figure.suptitle(text, x=0.01, ha="left", fontsize=_TITLE_POINTS)


def choose_look(index: int) -> Look:
    """Return the look of a run or a genre.

    Sixteen differ in shape or filling alone, whatever colours a reader sees, and 64 with colours.
    """
    repeat, place = divmod(index, len(COLOURS))
    # At each repeat of the colours they get other markers.
    marker = MARKERS[(place + 3 * repeat) % len(MARKERS)]
    return Look(COLOURS[place], marker, is_hollow=repeat % 2 == 1)
