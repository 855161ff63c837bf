"""Selects pictures, runs, and the clips to draw from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.errors import Code, UsageError
from genretag_train.evaluation.clips import Side
from genretag_train.plots.curves import draw_curves, load_curves
from genretag_train.plots.data import collect_data
from genretag_train.plots.pictures import CONFUSED, PICTURES
from genretag_train.plots.style import save_picture
from genretag_train.progress import Progress

CURVES = "curves"


@dataclass(frozen=True)
class PlotSelection:
    """The names of the pictures, all if empty; what to show in `confused`; the clips of all.

    `confusion` is TRUE:SAID, and `clips` are names of clips.
    """

    names: tuple[str, ...]
    confusion: str | None
    clips: tuple[str, ...]
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
        if self.clips and not self.includes(CONFUSED):
            raise UsageError(
                Code.BAD_OPTION,
                f"--clips is for the picture {CONFUSED}, which is not drawn",
                f"Add --only {CONFUSED}.",
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
    names = _name_runs(targets)
    if selection.includes(CURVES):
        yield from _draw_curves(names, folder, required=selection.names == (CURVES,))
    pictures = [name for name in PICTURES if selection.includes(name)]
    for target, own_name in names.items() if pictures else ():
        own = folder / own_name if len(targets) > 1 else folder
        data = collect_data(
            target,
            selection.data,
            selection.side,
            selection.confusion,
            selection.clips,
            progress,
        )
        for name in pictures:
            yield from save_picture(PICTURES[name], data, own / name)


def _draw_curves(names: Mapping[str, str], folder: Path, required: bool) -> list[Path]:
    curves = {name: load_curves(Path(target)) for target, name in names.items()}
    drawable = {name: curve for name, curve in curves.items() if curve}
    if drawable:
        return save_picture(draw_curves, drawable, folder / CURVES)
    if required:
        raise UsageError(
            Code.BAD_OPTION, "None of these has curves", "Give the --out of training runs."
        )
    return []


def _name_runs(targets: Sequence[str]) -> dict[str, str]:
    """Return the names of runs and models: their folders, with those above where names repeat."""
    parts = {
        target: Path(target).resolve().parts if Path(target).exists() else (target,)
        for target in targets
    }
    depth = 1
    while len({own[-depth:] for own in parts.values()}) < len(set(parts.values())):
        depth += 1
    return {target: "-".join(own[-depth:]).replace("/", "-") for target, own in parts.items()}
