"""`genretag inspect`: show the tags of files, and what the model predicts, when and why."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from genretag.cli.options import (
    InferenceOptions,
    OutputOption,
    TaggingOptions,
    ThresholdOption,
    UnitOptions,
    in_inference,
    in_output,
)
from genretag.errors import Code, FileError, UsageError
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from genretag.domain.front_end import FrontEnd
    from genretag.domain.inspection import Inspection
    from genretag.inference.session import Model
    from genretag.pipeline.inspect import InspectionOptions
    from genretag.pipeline.neighbours import Neighbours

_SHOWN_FAILURES = 3
EXPLANATIONS = {"none": (), "time": ("time",), "full": ("time", "bands")}


@with_options(without=("batch_size", "timeout_s", "engine", "ray_address", "force"))
def inspect(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Audio files.", metavar="FILE...", show_default=False)
    ],
    *,
    inference: InferenceOptions,
    units: UnitOptions,
    threshold: ThresholdOption = None,
    explain: Annotated[
        Literal["none", "time", "full"],
        in_inference(
            help="Find out which seconds speak for the best genre, or also which octaves."
        ),
    ] = "time",
    probability: Annotated[
        float | None,
        in_output(
            "--set",
            metavar="P",
            min=0.01,
            max=0.99,
            help="Name the genres that together hold the true one with this probability.",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        in_output(
            metavar="FILE.png|svg",
            help="Draw the spectrogram of one file over what the model predicts, when, and why.",
            show_default=False,
            dir_okay=False,
        ),
    ] = None,
    embeddings: Annotated[
        Path | None,
        in_output(
            metavar="FILE.npz",
            help="Save what the model's last layer is given, window by window.",
            show_default=False,
            dir_okay=False,
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - it is the name of the option
        Literal["human", "jsonl"],
        in_output(help="A page to read, or a line of data."),
    ] = "human",
    output: OutputOption = None,
) -> None:
    """Show what is in the tags of each FILE, what the model predicts, when, and why.

    And what [bold]scan[/] would write if it had no genre, with the tracks of its album that speak
    for it and against it: they are analysed too if no earlier run has done so. By artist these
    are the songs under the folder around that of FILE. Nothing is written into the files.

    [bold]Examples[/]

    [cyan]genretag inspect song.flac[/]

    [cyan]genretag inspect --set 0.9 song.flac[/]  as many genres as it takes to be nine tenths sure

    [cyan]genretag inspect --explain full --plot song.png song.flac[/]  draws it
    """
    from contextlib import ExitStack

    from genretag.cli import group
    from genretag.cli.licence import require_agreement
    from genretag.cli.neighbours import open_neighbours
    from genretag.cli.output import open_output, translate_errors
    from genretag.cli.policy import make_policy, start_survey
    from genretag.cli.units import open_units
    from genretag.library import paths
    from genretag.library.interrupt import deferred

    with deferred():  # broken off half way, it cannot be imported again
        from genretag.inference import store
        from genretag.pipeline.load import load_calibrated
    from genretag.pipeline.inspect import InspectionOptions

    _check_files(files, plot, embeddings)
    draw = _load_draw(plot)
    model_file = store.locate(inference.model, paths.cache_dir(), paths.data_dir())
    model = load_calibrated(model_file, paths.data_dir(), inference.device, group.warn)
    require_agreement(model.base.manifest, model.base.digest)
    _check_model(model, probability, embeddings)
    policy = make_policy(context, TaggingOptions(threshold=threshold), model)
    survey = start_survey(files, policy, no_cache=True)  # so few are quickly read
    policy = policy.with_spellings(next(survey)) if survey else policy
    options = InspectionOptions(inference.coverage, EXPLANATIONS[explain], probability)
    failed = False
    kept: list[Inspection] = []
    with ExitStack() as stack:
        stream = stack.enter_context(open_output(output)) if output else sys.stdout
        write = _write_lines(stream) if format == "jsonl" else _write_pages(stream)
        unit_settings = stack.enter_context(open_units(units, model, policy.naming))
        neighbours = stack.enter_context(open_neighbours(inference, model, policy, unit_settings))
        for file, result in _inspect(files, model, model_file, options, neighbours):
            if isinstance(result, FileError):
                group.show(result)
                failed = True
            else:
                _warn_of_failed(result)
                kept += [result] if embeddings or plot else []
            with translate_errors(output):
                write(file, result)
    if embeddings:
        with translate_errors(embeddings):
            _save(kept, embeddings)
    if plot and kept:
        with translate_errors(plot):
            draw(kept[0], model.manifest.front_end, plot)
    raise typer.Exit(1 if failed else 0)


def _check_files(files: Sequence[Path], plot: Path | None, embeddings: Path | None) -> None:
    """Raise UsageError `bad-option` if a file cannot be what it is given for."""
    from shlex import quote

    # Unlike Path's own, it says no where nobody may look.
    folder = next((file for file in files if os.path.isdir(file)), None)  # noqa: PTH112
    if folder:
        raise UsageError(
            Code.BAD_OPTION,
            f"{folder}: this is a folder",
            f"Name files, or analyse all of it with: genretag scan -n {quote(str(folder))}",
        )
    if plot and len(files) > 1:
        raise UsageError(Code.BAD_OPTION, "--plot draws one file", "Inspect one file at a time.")
    if plot and plot.suffix.casefold() not in (".png", ".svg"):
        raise UsageError(
            Code.BAD_OPTION, f"{plot}: pictures are PNG or SVG", "End its name in .png or .svg."
        )
    if embeddings and embeddings.suffix != ".npz":
        raise UsageError(
            Code.BAD_OPTION,
            f"{embeddings}: embeddings are saved in NumPy's format",
            "End it in .npz.",
        )


def _check_model(model: "Model", probability: float | None, embeddings: Path | None) -> None:
    """Raise UsageError `bad-option` if `model` cannot give what is asked for."""
    if probability and not model.manifest.set_masses:
        raise UsageError(
            Code.BAD_OPTION,
            f"{model.manifest.name} has no measured probabilities for sets of genres",
            "Leave out --set, or use the default model.",
        )
    if embeddings and not model.embeds:
        raise UsageError(
            Code.BAD_OPTION,
            f"{model.manifest.name} gives no embeddings",
            "Export it again with this version, or use the default model.",
        )


def _load_draw(plot: Path | None) -> "Callable[[Inspection, FrontEnd, Path], None]":
    """Import what draws a picture, before anything is analysed in vain.

    Raises:
        ExtraMissingError: matplotlib is not installed.
    """
    from genretag.errors import ExtraMissingError

    if plot is None:
        return lambda inspection, front_end, file: None
    try:
        from genretag.report.plot import save_picture
    except ImportError as error:
        raise ExtraMissingError("--plot", "plot") from error
    return save_picture


def _inspect(
    files: Iterable[Path],
    model: "Model",
    model_file: Path,
    options: "InspectionOptions",
    neighbours: "Neighbours",
) -> "Iterator[tuple[Path, Inspection | FileError]]":
    """Yield what is in each file, or why it cannot be read; on the CPU if a device fails."""
    from genretag.cli import group
    from genretag.inference import session
    from genretag.pipeline.inspect import inspect_file

    for file in files:
        result: Inspection | FileError | None = None
        while result is None:
            try:
                result = inspect_file(file, model, options, neighbours)
            except FileError as error:
                result = error
            except session.DeviceError as error:
                model = session.reload_on_cpu(model, model_file, error, group.warn)
        yield file, result


def _warn_of_failed(inspection: "Inspection") -> None:
    """Say which files beside one cannot be read, and so do not count."""
    from genretag.cli import group
    from genretag.report.wording import format_files

    failed = inspection.decision.failed if inspection.decision else ()
    if failed:
        names = ", ".join(path.name for path in failed[:_SHOWN_FAILURES])
        more = ", ..." if len(failed) > _SHOWN_FAILURES else ""
        group.warn(
            f"{inspection.path}: decided without {format_files(len(failed))} beside it that cannot "
            f"be read: {names}{more}"
        )


def _write_lines(stream: TextIO) -> "Callable[[Path, Inspection | FileError], None]":
    import json

    from genretag.report.inspection_json import error_to_dict, to_dict

    def write(file: Path, result: "Inspection | FileError") -> None:
        line = error_to_dict(file, result) if isinstance(result, FileError) else to_dict(result)
        stream.write(json.dumps(line) + "\n")
        stream.flush()

    return write


def _write_pages(stream: TextIO) -> "Callable[[Path, Inspection | FileError], None]":
    from rich.console import Console

    from genretag.report.inspection import print_inspection

    console = Console(file=stream)

    def write(file: Path, result: "Inspection | FileError") -> None:
        if not isinstance(result, FileError):
            print_inspection(result, console)

    return write


def _save(inspections: "Sequence[Inspection]", file: Path) -> None:
    """Save the embeddings of all windows [n_windows, width], the path and the seconds of each."""
    import numpy as np

    timelines = [(str(one.path), one.timeline) for one in inspections if one.timeline.excerpts]
    spans = [(path, excerpt) for path, timeline in timelines for excerpt in timeline.excerpts]
    no_windows = np.zeros((0, 0), np.float32)
    np.savez_compressed(
        file,
        embeddings=np.concatenate([one.embeddings for _, one in timelines] or [no_windows]),
        paths=np.array([path for path, _ in spans], dtype=np.str_),
        start_s=np.array([excerpt.start_s for _, excerpt in spans]),
        length_s=np.array([excerpt.length_s for _, excerpt in spans]),
    )
