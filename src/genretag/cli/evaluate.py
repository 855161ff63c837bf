"""`genretag evaluate`: is the model right about genres that files already have?"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.cli.finding import FindingOptions, PathsArgument
from genretag.cli.options import (
    ByOption,
    InferenceOptions,
    OutputOption,
    PlaceholderOption,
    in_output,
)
from genretag.cli.output import translate_errors
from genretag.cli.session import open_session
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from genretag.domain.calibration import Calibration
    from genretag.domain.evaluation import Evaluation

in_comparison = partial(typer.Option, rich_help_panel="What counts as right")


@with_options(without=("batch_size", "engine", "ray_address"))
def evaluate(
    context: typer.Context,
    paths: PathsArgument,
    *,
    genre_map: Annotated[
        Path | None,
        in_comparison(
            "--map",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="TOML file that says how your files call the model's genres: as for "
            "[bold]scan[/], and in a table [bold]\\[aliases][/].",
            show_default=False,
        ),
    ] = None,
    broad: Annotated[
        bool,
        in_comparison(
            "--broad",
            help="Compare only names that the model or the map knows: without, Death Metal counts "
            "as Metal, or as Rock.",
        ),
    ] = False,
    placeholder: PlaceholderOption = None,
    target_precision: Annotated[
        float,
        in_comparison(
            min=0.5,
            max=0.99,
            help="Find the lowest threshold at which this share of the tagged files is right.",
        ),
    ] = 0.9,
    save: Annotated[
        bool,
        in_comparison(
            "--save",
            help="Keep that threshold in the config file, where [bold]scan[/] finds it for this "
            "model; needs 100 files, or a precision that surely is so high. For a model whose "
            "scores are not calibrated, fit a calibration and a threshold that all commands use "
            "from then on; needs 100 files by 10 artists.",
        ),
    ] = False,
    by: ByOption = "album",
    inference: InferenceOptions,
    finding: FindingOptions,
    format: Annotated[  # noqa: A002 - it is the name of the option
        Literal["human", "json", "jsonl"],
        in_output(
            help="Tables to read, or one object, over many lines or in one.",
        ),
    ] = "human",
    output: OutputOption = None,
) -> None:
    """Compare the model's predictions with the genres that files under PATH have.

    The first genre of a file that the model knows, or a broader one of, counts as true, unless
    genretag wrote it.
    Files without a genre are not analysed, and nothing is written into any file.

    [bold]Examples[/]

    [cyan]genretag evaluate ~/Music[/]

    [cyan]genretag evaluate --map map.toml --target-precision 0.95 --save ~/Music[/]
    makes [bold]scan[/] write what is right in 95 of 100 files of genres that the model knows
    """
    with open_session(inference) as session:
        from genretag.cli.display import Display
        from genretag.domain.placeholder import parse_placeholders
        from genretag.domain.selection import Selection
        from genretag.domain.tagging import TagPolicy
        from genretag.domain.truth import GenreClasses
        from genretag.library import maps
        from genretag.library.paths import data_dir
        from genretag.pipeline.calibrate import CalibrationFiles, can_calibrate
        from genretag.pipeline.decide import UnitSettings
        from genretag.pipeline.evaluate import EvaluationSettings, evaluate_outcomes
        from genretag.pipeline.scan import decide_files
        from genretag.pipeline.survey import read_written
        from genretag.report.paths import common_folder

        files = finding.find(paths)
        display = Display(lambda: files.found, common_folder(paths))
        predictor = session.predictor(display.warn)
        if predictor.manifest.base:
            display.warn(
                f"{predictor.manifest.name} knows the files that it was learned from, and is right "
                "about them more often than about others. `genretag learn` tells what it is worth."
            )
        genres = predictor.manifest.genres
        names = maps.read(genre_map, genres)
        question = EvaluationSettings(
            GenreClasses(genres, names, None if broad else maps.extend_taxonomy(names)),
            predictor.loaded.identity,
            predictor.manifest.threshold,
            target_precision,
            read_written(data_dir()),
            parse_placeholders(placeholder, genres.known, names),
            bool(predictor.manifest.families),
            predictor.manifest.is_calibrated,
        )
        selection = Selection("tagged", question.placeholders, finding.video)
        pooling = predictor.manifest.pooling
        policy = TagPolicy(
            "replace",
            threshold=pooling.threshold if pooling else 0.0,
            families=predictor.manifest.families,
        )
        calibrates = save and can_calibrate(predictor.loaded)
        compared = CalibrationFiles(question)
        with (
            display,
            predictor.cache() as cache,
            predictor.analyses(files, selection, cache) as analyses,
        ):
            watched = display.watch(analyses)
            decided = decide_files(
                compared.watch(watched) if calibrates else watched,
                policy,
                UnitSettings(by, pooling),
            )
            outcomes = (analysis.as_outcome() for analysis in decided)
            evaluation = evaluate_outcomes(display.track(outcomes), question)
    _show(evaluation, format, output)
    if calibrates:
        _save_calibration(compared.calibrate(predictor.loaded, target_precision), evaluation.model)
    elif save:
        _save(context, evaluation)
    raise typer.Exit(display.exit_code)


def _show(evaluation: "Evaluation", format_: str, output: Path | None) -> None:
    import json

    from rich.console import Console

    from genretag.cli.output import open_result
    from genretag.report import evaluation as human
    from genretag.report.evaluation_json import to_dict

    with open_result(output) as file:
        if format_ == "human":
            human.print_evaluation(evaluation, Console(file=file))
        else:
            indent = 2 if format_ == "json" else None
            file.write(json.dumps(to_dict(evaluation), indent=indent) + "\n")


def _save_calibration(calibration: "Calibration", model: str) -> None:
    """Save a calibration where all commands find it.

    Raises:
        RunError: `output-failed`, the file cannot be written.
    """
    from genretag.library.calibrations import locate_calibration, save_calibration
    from genretag.library.paths import data_dir
    from genretag.report.text import visible

    file = locate_calibration(calibration.sha256, data_dir())
    with translate_errors(file):
        save_calibration(calibration, data_dir())
    typer.echo(
        f"Saved a calibration of {visible(model)} from {calibration.files} files by "
        f"{calibration.artists} artists, with the threshold {calibration.threshold:.2f}, in "
        f"{visible(str(file))}. What is shown above was measured before. Delete the file to do "
        "without.",
        err=True,
    )


def _save(context: typer.Context, evaluation: "Evaluation") -> None:
    """Save the threshold in the config file, for the model that was scored.

    Raises:
        RunError: `no-threshold`, there is none to rely on; `output-failed`, the file cannot be
            written.
    """
    from genretag.cli import config
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
    with translate_errors(file):
        config.save_threshold(file, evaluation.model, threshold)
    typer.echo(
        f"Saved threshold {threshold:.2f} for {evaluation.model} in {config.shorten(file)}",
        err=True,
    )
    first = _find_other_threshold(context)
    if first:
        typer.echo(f"{first} goes before it: take that away, and scan goes by this one.", err=True)


def _find_other_threshold(context: typer.Context) -> str | None:
    """Return what else gives `scan` a threshold, and where; None if nothing does."""
    from typing import Any

    from genretag.cli import config
    from genretag.cli.settings import read_settings
    from genretag.library import paths

    root: Any = context.find_root().command
    file = config.read(paths.config_file())
    setting = read_settings(("scan",), root.options(), file).get("threshold")
    return f"The threshold {setting.value:.2f} from {setting.origin}" if setting else None
