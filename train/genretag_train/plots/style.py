"""The look of all pictures, and how they are saved."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import matplotlib
from matplotlib.figure import Figure

matplotlib.use("Agg")

# Okabe and Ito (2008), for all kinds of colour vision; its yellow is too faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C564B")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "p", "h", "d", "H", "8", "$+$")
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "genretag",
}
_DPI = 150

_Data = TypeVar("_Data")


def save_picture(draw: Callable[[_Data], Figure], data: _Data, stem: Path) -> list[Path]:
    """Draw a picture of `data` and save it as STEM.png and STEM.svg; return both files."""
    with matplotlib.rc_context(_STYLE):
        figure = draw(data)
        files = [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "svg")]
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file in files:
            # A date would make pictures of the same run differ.
            metadata = {"Date": None} if file.suffix == ".svg" else None
            figure.savefig(file, dpi=_DPI, metadata=metadata)
    return files


def choose_colour(index: int) -> str:
    """Return the colour of a run, a genre or a side; they repeat after the last."""
    return COLOURS[index % len(COLOURS)]


def choose_marker(index: int) -> str:
    """Return the marker of a run or a genre; they repeat after the last."""
    return MARKERS[index % len(MARKERS)]
