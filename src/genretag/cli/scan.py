"""`genretag scan`: find audio, predict its genres, write them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genretag.cli.finding import FindingOptions, PathsArgument
from genretag.cli.options import (
    AndDefaultOption,
    DryRunOption,
    InferenceOptions,
    OutputOptions,
    TaggingOptions,
    UnitOptions,
    WritingOptions,
    in_output,
)
from genretag.cli.planning import Planner
from genretag.cli.session import open_session
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genretag.cli.display import Display
    from genretag.domain.advice import ThresholdAdvice

_DROPPED_IN_PREVIEW = ("dry_run", "threshold", "plan", "unsure", "yes", "format", "file")
"""Parameters that a command which only shows something goes without."""


@with_options()
def scan(
    context: typer.Context,
    paths: PathsArgument,
    *,
    dry_run: DryRunOption = False,
    tagging: TaggingOptions,
    writing: WritingOptions,
    and_default: AndDefaultOption = False,
    units: UnitOptions,
    inference: InferenceOptions,
    finding: FindingOptions,
    output: OutputOptions,
    unsure: Annotated[
        Path | None,
        in_output(
            metavar="FILE.csv",
            dir_okay=False,
            help="Write a table of the albums and tracks that the model is unsure of, to be "
            "filled in with a spreadsheet and carried out with [bold]genretag apply[/].",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[
        bool,
        in_output(
            "--quiet",
            "-q",
            help="Print only what is changed and what fails for the first time, and exit with 1 "
            "only for that; nothing at all where nothing happens.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        in_output(
            "--strict",
            help="With [bold]--quiet[/], also print and count files that failed before and that "
            "nobody has touched since.",
        ),
    ] = False,
) -> None:
    """Predict the genre of every audio file under PATH and write it into its tags.

    Files that have a genre are left alone unless [bold]--policy[/] says otherwise, and files
    whose genre the model is unsure of are left as they are. The tracks of an album are decided
    together, and genres that you gave some of them count for the others. Genres are spelled as
    most files under PATH spell them.

    The default model wrote a genre into 28% of songs as people have them, and 91% of these genres
    were right (95% interval 87% to 94%).

    [bold]Examples[/]

    [cyan]genretag scan --dry-run ~/Music[/]  shows what would happen

    [cyan]genretag scan ~/Music[/]  fills in missing genres

    [cyan]genretag scan --policy replace --top-k 2 ~/Music[/]  writes one or two genres into each

    [cyan]genretag scan -n --format jsonl ~/Music > genres.jsonl[/]  gives data for a script

    [cyan]genretag scan --quiet ~/Music[/]  is for a run at night, which mails only news
    """
    if unsure:
        _refuse_other_suffix(unsure)
    for file in filter(None, (writing.plan, unsure)):
        _refuse_to_overwrite(file, writing.yes)
    planner = Planner(context, tagging, units, inference, finding.video, and_default)
    with open_session(inference) as session:
        from dataclasses import replace

        from genretag.cli.command_line import format_command
        from genretag.cli.display import Display
        from genretag.cli.policy import start_survey
        from genretag.cli.quiet import QuietDisplay
        from genretag.cli.writing import write_genres, write_plan, write_unsure
        from genretag.report.paths import common_folder

        files, surveyed = finding.find_twice(paths)
        # Who was interrupted has a part of the plan, and wants it overwritten.
        again = format_command(context, *["--yes"][: bool(writing.plan and not writing.yes)])
        folder = common_folder(paths)
        make_display = partial(QuietDisplay, strict=strict) if quiet else Display
        display = make_display(lambda: files.found, folder, output=output, command=again)
        survey = partial(start_survey, surveyed, no_cache=inference.no_cache)
        with planner.plan(session, display, files, survey) as plan:
            plan = replace(plan, outcomes=write_unsure(plan, unsure))
            if writing.plan:
                write_plan(display, plan, writing.plan)
            elif dry_run:
                display.show(plan.outcomes)
            else:
                ask = tagging.policy != "fill" and not writing.yes
                write_genres(context, display, plan, paths, ask, writing.keep_mtime)
            for step in _next_steps(context, display, plan.advice, writing.plan, dry_run):
                display.suggest(*step)
            for step in _manual_steps(context, paths, display, unsure):
                display.suggest(*step)
            for step in _calibration_steps(paths, display, plan.uncalibrated):
                display.suggest(*step)
    # What failed is in the plan.
    raise typer.Exit(0 if writing.plan else display.exit_code)


def _refuse_other_suffix(table: Path) -> None:
    """Raise UsageError `bad-option` unless `genretag apply` would take `table` for one."""
    from genretag.errors import Code, UsageError
    from genretag.pipeline.decision_table import SUFFIX

    if table.suffix.casefold() != SUFFIX:
        raise UsageError(
            Code.BAD_OPTION,
            f"{table}: the name of the table must end with {SUFFIX}",
            "Spreadsheets and `genretag apply` know it by that.",
        )


def _refuse_to_overwrite(file: Path, yes: bool) -> None:
    """Raise UsageError `bad-option` if there is a file and nobody wants it overwritten."""
    from genretag.cli.terminal import ask, can_ask
    from genretag.errors import Code, UsageError
    from genretag.report.text import visible

    if yes or not file.is_file() or not file.stat().st_size:
        return
    if not (can_ask() and ask(f"{visible(str(file))} exists. Overwrite it?")):
        raise UsageError(
            Code.BAD_OPTION,
            f"{file}: it exists, and was not overwritten",
            "Choose another name, or overwrite it with --yes.",
        )


def _next_steps(
    context: typer.Context,
    display: "Display",
    advice: "ThresholdAdvice",
    plan: Path | None,
    dry_run: bool,
) -> "Iterator[tuple[str, str]]":
    """Yield what a person may want to do after a run, and the command for it."""
    import shlex

    from genretag.cli.command_line import format_command
    from genretag.domain.outcome import Planned
    from genretag.report.wording import format_files

    planned = display.count(Planned)
    if plan and planned:
        wrote = f"Wrote {planned} change{'' if planned == 1 else 's'} to {plan}. Carry out with:"
        yield wrote, f"genretag apply {shlex.quote(str(plan))}"
    elif dry_run and planned:
        yield (
            f"Write into {format_files(planned)} with:",
            format_command(context, without=("dry_run", "unsure")),
        )
    if lower := advice.propose():
        are = "is" if advice.unsure == 1 else "are"
        added = ("-n", "--threshold", str(lower.threshold))
        yield (
            f"{format_files(advice.unsure)} {are} unsure. --threshold {lower.threshold} would tag "
            f"{lower.files} of them, about {lower.precision:.0%} of these rightly by the model's "
            "own scores. This shows them:",
            format_command(context, *added, without=_DROPPED_IN_PREVIEW),
        )


def _calibration_steps(
    paths: list[Path], display: "Display", model: str | None
) -> "Iterator[tuple[str, str]]":
    """Yield that scores of a model, if it has decided anything, are not calibrated."""
    import shlex

    from genretag.domain.outcome import Planned, Tagged, Unsure
    from genretag.report.wording import note_uncalibrated

    if not model or not any(map(display.count, (Planned, Tagged, Unsure))):
        return
    note = f"{note_uncalibrated(model)} Calibrate them on files that have a genre, with:"
    yield note, shlex.join(["genretag", "evaluate", "--model", model, "--save", *map(str, paths)])


def _manual_steps(
    context: typer.Context, paths: list[Path], display: "Display", unsure: Path | None
) -> "Iterator[tuple[str, str]]":
    """Yield how a person decides what the model is unsure of."""
    import shlex

    from genretag.cli.command_line import is_typed
    from genretag.domain.outcome import Unsure

    if not display.count(Unsure):
        return
    if unsure:
        wrote = f"Wrote what is unsure to {unsure}. Fill in its column genre, then carry out with:"
        yield wrote, shlex.join(["genretag", "apply", str(unsure)])
    else:
        # A model of the config file or the environment holds for a review as well.
        named = ["--model", context.params["model"]] if is_typed(context, "model") else []
        yield (
            "Decide what is unsure yourself, album by album, with:",
            shlex.join(["genretag", "review", *named, *map(str, paths)]),
        )
