"""Draws numbers with block characters, or with ASCII on a terminal that has none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
from rich.console import Console

_HEIGHTS = " ▁▂▃▄▅▆▇█"
_LENGTHS = " ▏▎▍▌▋▊▉█"
_MARK = "┊"
_MOST_CELLS = 12


@dataclass(frozen=True)
class Pen:
    """Draws with blocks, or in ASCII: tenths as digits, bars of `#`."""

    blocks: bool = True

    @classmethod
    def of(cls, console: Console) -> Self:
        """Return the pen whose characters are in the console's encoding."""
        try:
            (_HEIGHTS + _LENGTHS + _MARK).encode(console.encoding)
        except UnicodeEncodeError:
            return cls(blocks=False)
        return cls()

    def height(self, share: float) -> str:
        """Draw one character as high as `share` in [0, 1].

        >>> Pen().height(0.5), Pen(blocks=False).height(0.58)
        ('▄', '5')
        """
        if self.blocks:
            return _HEIGHTS[round(share * (len(_HEIGHTS) - 1))]
        return str(min(int(share * 10), 9)) if share >= 0.1 else "."

    def bar(self, share: float, width: int, mark: float | None = None) -> str:
        """Draw a bar, of `width` characters for a share of 1, with a line at `mark` in [0, 1].

        >>> Pen(blocks=False).bar(0.5, 10, mark=0.8)
        '#####   | '
        """
        bar = self._blocks(share * width) if self.blocks else "#" * round(share * width)
        cells = list(bar.ljust(width))
        at = None if mark is None else min(int(mark * width), width - 1)
        if at is not None and cells[at] == " ":
            cells[at] = _MARK if self.blocks else "|"
        return "".join(cells)

    @staticmethod
    def _blocks(length: float) -> str:
        whole, rest = divmod(round(length * 8), 8)
        return "█" * whole + _LENGTHS[rest].strip()


@dataclass(frozen=True)
class Lane:
    """A line on which windows get some columns each, or share columns if there are too many.

    Attributes:
        windows: one or more.
        room: columns of the line.
    """

    windows: int
    room: int

    @property
    def cells(self) -> int:
        """Columns of one window; 0 or less if windows must share them."""
        return min(self.room // self.windows - 1, _MOST_CELLS)

    @property
    def starts(self) -> list[int]:
        """The column in which each window begins."""
        if self.cells > 0:
            return [window * (self.cells + 1) for window in range(self.windows)]
        columns = min(self.windows, self.room)
        return [window * columns // self.windows for window in range(self.windows)]

    def line(self, values: Sequence[Sequence[float]], pen: Pen) -> str:
        """Draw the values of each window, in [0, 1]; all windows have the same number of them."""
        if self.cells > 0:
            return " ".join(
                "".join(
                    pen.height(row[cell * len(row) // self.cells]) for cell in range(self.cells)
                )
                for row in values
            )
        shared = np.array_split(list(chain.from_iterable(values)), min(self.windows, self.room))
        return "".join(pen.height(float(part.mean())) for part in shared)

    def ruler(self, labels: Sequence[str]) -> str:
        """Write the label of each window where it begins, as far as there is room."""
        return "".join(self._place_labels(labels)).rstrip()

    def _place_labels(self, labels: Sequence[str]) -> Iterator[str]:
        end = 0
        for start, label in zip(self.starts, labels, strict=True):
            if start >= end and start + len(label) <= self.room:
                yield " " * (start - end + (end > 0)) + label
                end = start + len(label) + 1
