"""`genretag evaluate`: is the model right about genres that files already have?"""

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from genretag.cli.options import (
    DEFAULT_MODEL,
    SHOWING,
    CoverageOption,
    DeviceOption,
    ExcludeOption,
    FollowSymlinksOption,
    HiddenOption,
    JobsOption,
    ModelOption,
    NoCacheOption,
    OneFileSystemOption,
    OutputOption,
    PathsArgument,
    PlaceholderOption,
    TimeoutOption,
    VideoOption,
)
from genretag.cli.session import InferenceOptions, open_session

if TYPE_CHECKING:
    from genretag.domain.evaluation import Evaluation

JUDGING = "What counts as right"


def evaluate(
    context: typer.Context,
    paths: PathsArgument,
    genre_map: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="TOML file that says how your files call the model's genres: as for "
            "[bold]scan[/], and in a table [bold]\\[aliases][/].",
            show_default=False,
            rich_help_panel=JUDGING,
        ),
    ] = None,
    placeholder: PlaceholderOption = None,
    target_precision: Annotated[
        float,
        typer.Option(
            min=0.5,
            max=0.99,
            help="Find the lowest threshold at which this share of the tagged files is right.",
            rich_help_panel=JUDGING,
        ),
    ] = 0.9,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            help="Keep that threshold in the config file, where [bold]scan[/] finds it for this "
            "model; needs 100 files, or a precision that surely is so high.",
            rich_help_panel=JUDGING,
        ),
    ] = False,
    model: ModelOption = DEFAULT_MODEL,
    coverage: CoverageOption = "balanced",
    device: DeviceOption = "auto",
    jobs: JobsOption = None,
    timeout: TimeoutOption = 120.0,
    exclude: ExcludeOption = None,
    follow_symlinks: FollowSymlinksOption = False,
    hidden: HiddenOption = False,
    one_file_system: OneFileSystemOption = False,
    video: VideoOption = False,
    no_cache: NoCacheOption = False,
    format: Annotated[  # noqa: A002 - it is the name of the option
        Literal["human", "json", "jsonl"],
        typer.Option(
            help="Tables to read, or one object, over many lines or in one.",
            rich_help_panel=SHOWING,
        ),
    ] = "human",
    output: OutputOption = None,
) -> None:
    """Compare what the model hears with the genres that files under PATH have.

    The first genre of a file that the model knows counts as true, unless genretag wrote it.
    Files without a genre are not heard, and nothing is written into any file.

    [bold]Examples[/]

    [cyan]genretag evaluate ~/Music[/]

    [cyan]genretag evaluate --map map.toml --target-precision 0.95 --save ~/Music[/]
    makes [bold]scan[/] write what is right in 95 of 100 files of genres that the model knows
    """
    with open_session(
        InferenceOptions(model, coverage, device, jobs, timeout, no_cache=no_cache, video=video)
    ) as session:
        from genretag.cli import maps
        from genretag.cli.progress import ProgressDisplay
        from genretag.domain.placeholder import parse_placeholders
        from genretag.domain.selection import Selection
        from genretag.domain.truth import GenreClasses
        from genretag.library import journal
        from genretag.library.paths import data_dir
        from genretag.library.walk import Walk
        from genretag.pipeline.evaluate import Question, evaluated
        from genretag.pipeline.find import find

        walk = Walk(tuple(exclude or ()), follow_symlinks, hidden, one_file_system)
        files = find(paths, walk)
        display = ProgressDisplay(lambda: files.found, paths)
        predictor = session.predictor(display.warn)
        genres = predictor.manifest.genres
        names = maps.read(genre_map, genres.names)
        written = {}
        if (data_dir() / journal.FILE).exists():
            with closing(journal.Journal(data_dir())) as record:
                written = record.written()
        question = Question(
            GenreClasses(genres, names),
            predictor.loaded.identity,
            predictor.manifest.threshold,
            target_precision,
            written,
            parse_placeholders(placeholder, genres.names, names),
        )
        selection = Selection("tagged", question.placeholders, video)
        with display, predictor.analyses(files, selection) as analyses:
            outcomes = (analysis.as_outcome() for analysis in analyses)
            evaluation = evaluated(display.watched(outcomes), question)
    _show(evaluation, format, output)
    if save:
        _save(context, evaluation)
    raise typer.Exit(display.exit_code)


def _show(evaluation: "Evaluation", format_: str, output: Path | None) -> None:
    import sys
    from contextlib import nullcontext

    from genretag.cli.output import opened, translated

    with opened(output) if output else nullcontext(sys.stdout) as stream, translated(output):
        _print(evaluation, format_, stream)


def _print(evaluation: "Evaluation", format_: str, stream: TextIO) -> None:
    from rich.console import Console

    from genretag.report import evaluation as human
    from genretag.report.evaluation_json import to_dict

    if format_ == "human":
        human.print_evaluation(evaluation, Console(file=stream))
    else:
        indent = 2 if format_ == "json" else None
        stream.write(json.dumps(to_dict(evaluation), indent=indent) + "\n")
        stream.flush()


def _save(context: typer.Context, evaluation: "Evaluation") -> None:
    """Put the threshold that was found into the config file, for the model that was judged.

    Raises:
        RunError: `no-threshold`, there is none to rely on; `output-failed`, the file cannot be
            written.
    """
    from genretag.cli import config
    from genretag.cli.output import translated
    from genretag.errors import Code, RunError
    from genretag.library import paths

    lack = evaluation.threshold_problem
    if lack:
        raise RunError(
            Code.NO_THRESHOLD,
            f"No threshold was saved: {lack}",
            "Try a lower --target-precision, more files, or a --map that makes more names known.",
        )
    assert evaluation.metrics  # nothing lacks
    file = paths.config_file()
    threshold = evaluation.metrics.target.nearest.threshold
    with translated(file):
        config.save_threshold(file, evaluation.model, threshold)
    typer.echo(
        f"Saved threshold {threshold:.2f} for {evaluation.model} in {config.short(file)}", err=True
    )
    before = _said_before(context)
    if before:
        typer.echo(f"{before} goes before it: take that away, and scan goes by this one.", err=True)


def _said_before(context: typer.Context) -> str | None:
    """Return what else says a threshold to `scan`: the place of it."""
    from typing import Any

    from genretag.cli import config
    from genretag.cli.settings import settings
    from genretag.library import paths

    root: Any = context.find_root().command
    found = settings(("scan",), root.options(), config.read(paths.config_file())).get("threshold")
    return f"The threshold {found.value:.2f} from {found.place}" if found else None
