"""Selects pictures, runs, and the clips to draw from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.errors import Code, UsageError
from genretag_train.evaluation.clips import Side
from genretag_train.plots.curves import draw_curves, load_curves
from genretag_train.plots.data import collect_data
from genretag_train.plots.pictures import PICTURES
from genretag_train.plots.style import save_picture
from genretag_train.progress import Progress

CURVES = "curves"


@dataclass(frozen=True)
class PlotSelection:
    """The names of the pictures, all if empty; the confusion TRUE:SAID; the clips."""

    names: tuple[str, ...]
    confusion: str | None
    data: Path | None
    side: Side

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in (CURVES, *PICTURES):
                raise UsageError(
                    Code.BAD_OPTION,
                    f"There is no picture {name!r}",
                    f"Known: {', '.join((CURVES, *PICTURES))}.",
                )

    def includes(self, name: str) -> bool:
        """Tell whether a picture is to be drawn."""
        return not self.names or name in self.names


def draw_pictures(
    targets: Sequence[str], folder: Path, selection: PlotSelection, progress: Progress
) -> Iterator[Path]:
    """Draw the selected pictures of runs and models; yield each file as it is written.

    Raises:
        UsageError: there is no such run or genre, or nothing that could be drawn.
        RunError: `bad-dataset`, as `select_clips` has it.
    """
    if selection.includes(CURVES):
        yield from _draw_curves(targets, folder, required=selection.names == (CURVES,))
    names = [name for name in PICTURES if selection.includes(name)]
    for target in targets if names else ():
        own = folder / _name(target) if len(targets) > 1 else folder
        data = collect_data(target, selection.data, selection.side, selection.confusion, progress)
        for name in names:
            yield from save_picture(PICTURES[name], data, own / name)


def _draw_curves(targets: Sequence[str], folder: Path, required: bool) -> list[Path]:
    curves = {_name(target): load_curves(Path(target)) for target in targets}
    drawable = {name: curve for name, curve in curves.items() if curve}
    if drawable:
        return save_picture(draw_curves, drawable, folder / CURVES)
    if required:
        raise UsageError(
            Code.BAD_OPTION, "None of these has curves", "Give the --out of training runs."
        )
    return []


def _name(target: str) -> str:
    return Path(target).resolve().name if Path(target).exists() else target.replace("/", "-")
