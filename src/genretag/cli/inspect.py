"""`genretag inspect`: what is in the tags, what the model hears, when and why."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from genretag.cli.options import (
    DEFAULT_MODEL,
    LISTENING,
    SHOWING,
    CoverageOption,
    DeviceOption,
    ModelOption,
    OutputOption,
    ThresholdOption,
)
from genretag.errors import GenretagError

if TYPE_CHECKING:
    from genretag.domain.inspection import Inspection
    from genretag.domain.manifest import FrontEnd

EXPLANATIONS = {"none": (), "time": ("time",), "full": ("time", "bands")}


def inspect(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Audio files.", metavar="FILE...", show_default=False)
    ],
    model: ModelOption = DEFAULT_MODEL,
    coverage: CoverageOption = "balanced",
    device: DeviceOption = "auto",
    threshold: ThresholdOption = None,
    explain: Annotated[
        Literal["none", "time", "full"],
        typer.Option(
            help="Find out which seconds speak for the best genre, or also which octaves.",
            rich_help_panel=LISTENING,
        ),
    ] = "time",
    probability: Annotated[
        float | None,
        typer.Option(
            "--set",
            metavar="P",
            min=0.01,
            max=0.99,
            help="Name the genres that together hold the true one with this probability.",
            show_default=False,
            rich_help_panel=SHOWING,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png|svg",
            help="Draw the spectrogram of one file over what is heard when, and why.",
            show_default=False,
            dir_okay=False,
            rich_help_panel=SHOWING,
        ),
    ] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="Save what the model's last layer is given, window by window.",
            show_default=False,
            dir_okay=False,
            rich_help_panel=SHOWING,
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - it is the name of the option
        Literal["human", "jsonl"],
        typer.Option(help="A page to read, or a line of data.", rich_help_panel=SHOWING),
    ] = "human",
    output: OutputOption = None,
) -> None:
    """Show what is in the tags of each FILE, what the model hears, when, and why.

    Nothing is written into the files.

    [bold]Examples[/]

    [cyan]genretag inspect song.flac[/]

    [cyan]genretag inspect --set 0.9 song.flac[/]  as many genres as it takes to be nine tenths sure

    [cyan]genretag inspect --explain full --plot song.png song.flac[/]  draws it
    """
    from contextlib import ExitStack
    from shlex import quote

    from genretag.cli import group
    from genretag.cli import threshold as thresholds
    from genretag.cli.output import opened, translated
    from genretag.errors import Code, FileError, UsageError
    from genretag.library import paths
    from genretag.library.interrupt import deferred

    with deferred():  # broken off half way, it cannot be imported again
        from genretag.inference import session, store
    from genretag.pipeline.inspect import Look, inspected

    # Unlike Path's own, it says no where nobody may look.
    folder = next((file for file in files if os.path.isdir(file)), None)  # noqa: PTH112
    if folder:
        raise UsageError(
            Code.BAD_OPTION,
            f"{folder}: this is a folder",
            f"Name files, or hear all of it with: genretag scan -n {quote(str(folder))}",
        )
    if plot and len(files) > 1:
        raise UsageError(Code.BAD_OPTION, "--plot draws one file", "Inspect one file at a time.")
    if embeddings and embeddings.suffix != ".npz":
        raise UsageError(
            Code.BAD_OPTION, f"{embeddings}: embeddings are kept as NumPy's", "End it in .npz."
        )
    draw = _drawing(plot)
    model_file = store.locate(model, paths.cache_dir())
    loaded = session.load(model_file, device, group.warn)
    if probability and not loaded.manifest.set_masses:
        raise UsageError(
            Code.BAD_OPTION,
            f"{loaded.manifest.name} does not know how sure its sets of genres are",
            "Leave out --set, or use the default model.",
        )
    if embeddings and not loaded.embeds:
        raise UsageError(
            Code.BAD_OPTION,
            f"{loaded.manifest.name} does not tell what its last layer is given",
            "Export it again with this version, or use the default model.",
        )
    writes_from = thresholds.chosen(context, threshold, loaded)
    look = Look(coverage, EXPLANATIONS[explain], probability, writes_from)

    def looked_at(file: Path) -> "Inspection":
        nonlocal loaded
        try:
            return inspected(file, loaded, look)
        except session.DeviceError as error:
            loaded = session.reload_on_cpu(loaded, model_file, error, group.warn)
            return looked_at(file)

    failed = False
    kept: list[Inspection] = []
    with ExitStack() as stack:
        stream = stack.enter_context(opened(output)) if output else sys.stdout
        tell = _as_lines(stream) if format == "jsonl" else _as_pages(stream)
        for file in files:
            found: Inspection | FileError
            try:
                found = looked_at(file)
                if embeddings or plot:
                    kept.append(found)
            except FileError as error:
                group.show(error)
                found, failed = error, True
            with translated(output):
                tell(file, found)
    if embeddings:
        with translated(embeddings):
            _save(kept, embeddings)
    if plot and kept:
        with translated(plot):
            draw(kept[0], loaded.manifest.front_end, plot)
    raise typer.Exit(1 if failed else 0)


def _drawing(plot: Path | None) -> "Callable[[Inspection, FrontEnd, Path], None]":
    """What draws a picture, found before anything is heard in vain.

    Raises:
        UsageError: `bad-option`, the file is to be neither PNG nor SVG.
        ExtraMissingError: matplotlib is not installed.
    """
    from genretag.errors import Code, ExtraMissingError, UsageError

    if plot is None:
        return lambda inspection, front_end, file: None
    if plot.suffix.casefold() not in (".png", ".svg"):
        raise UsageError(
            Code.BAD_OPTION, f"{plot}: pictures are PNG or SVG", "End its name in .png or .svg."
        )
    try:
        from genretag.report.plot import save_picture
    except ImportError as error:
        raise ExtraMissingError("--plot", "plot") from error
    return save_picture


def _as_lines(stream: TextIO) -> "Callable[[Path, Inspection | GenretagError], None]":
    import json

    from genretag.report.inspection_json import error_to_dict, to_dict

    def tell(file: Path, found: "Inspection | GenretagError") -> None:
        told = error_to_dict(file, found) if isinstance(found, GenretagError) else to_dict(found)
        stream.write(json.dumps(told) + "\n")
        stream.flush()

    return tell


def _as_pages(stream: TextIO) -> "Callable[[Path, Inspection | GenretagError], None]":
    from rich.console import Console

    from genretag.report.inspection import print_inspection

    console = Console(file=stream)

    def tell(file: Path, found: "Inspection | GenretagError") -> None:
        if not isinstance(found, GenretagError):
            print_inspection(found, console)

    return tell


def _save(seen: "Sequence[Inspection]", file: Path) -> None:
    """Embeddings of all windows [n_windows, width], the path and the seconds of each."""
    import numpy as np

    heard = [(str(one.path), one.timeline) for one in seen if one.timeline.excerpts]
    spans = [(path, excerpt) for path, timeline in heard for excerpt in timeline.excerpts]
    np.savez_compressed(
        file,
        embeddings=np.concatenate(
            [t.embeddings for _, t in heard] or [np.zeros((0, 0), np.float32)]
        ),
        paths=np.array([path for path, _ in spans], dtype=np.str_),
        start_s=np.array([excerpt.start_s for _, excerpt in spans]),
        length_s=np.array([excerpt.length_s for _, excerpt in spans]),
    )
