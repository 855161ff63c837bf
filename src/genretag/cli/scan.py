"""`genretag scan`: find audio, hear it, write genres."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.cli.options import (
    DEFAULT_MODEL,
    LISTENING,
    WRITING,
    CoverageOption,
    DeviceOption,
    ExcludeOption,
    FollowSymlinksOption,
    FormatOption,
    HiddenOption,
    JobsOption,
    KeepMtimeOption,
    MapOption,
    ModelOption,
    NoCacheOption,
    OneFileSystemOption,
    OutputOption,
    PathsArgument,
    PlaceholderOption,
    Player,
    PolicyOption,
    ThresholdOption,
    TimeoutOption,
    TopKOption,
    VideoOption,
    YesOption,
)
from genretag.cli.session import GPU_BATCH, InferenceOptions, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genretag.cli.run import Run
    from genretag.domain.advice import ThresholdAdvice

_NOT_TO_LOOK = ("dry_run", "threshold", "plan", "yes", "format", "output")
"""Parameters that a command which only shows something goes without."""


def scan(
    context: typer.Context,
    paths: PathsArgument,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", "-n", help="Show what would be written.", rich_help_panel=WRITING
        ),
    ] = False,
    policy: PolicyOption = "fill",
    top_k: TopKOption = 1,
    threshold: ThresholdOption = None,
    max_genres: Annotated[
        int,
        typer.Option(
            min=1,
            help="With [bold]--policy add[/], stop adding at this many.",
            rich_help_panel=WRITING,
        ),
    ] = 5,
    placeholder: PlaceholderOption = None,
    genre_map: MapOption = None,
    for_player: Annotated[
        Player | None,
        typer.Option(
            "--for",
            help="Lay several genres out as this player shows them.",
            show_default="as the format's standard says",
            rich_help_panel=WRITING,
        ),
    ] = None,
    id3: Annotated[
        Literal["keep", "v2.4", "v2.3"] | None,
        typer.Option(
            help="Version of ID3v2 that tags get; a dry run tells what a change costs.",
            show_default="keep",
            rich_help_panel=WRITING,
        ),
    ] = None,
    fix_stale: Annotated[
        bool,
        typer.Option(
            "--fix-stale",
            help="Update second tags too that go on showing an old genre.",
            rich_help_panel=WRITING,
        ),
    ] = False,
    keep_mtime: KeepMtimeOption = False,
    plan: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Write what would be changed to this file, for [bold]genretag apply[/].",
            show_default=False,
            rich_help_panel=WRITING,
        ),
    ] = None,
    yes: YesOption = False,
    model: ModelOption = DEFAULT_MODEL,
    coverage: CoverageOption = "balanced",
    device: DeviceOption = "auto",
    jobs: JobsOption = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Score so many windows at once, of several files; what a GPU needs.",
            show_default=f"{GPU_BATCH} on a GPU, on a CPU each file by itself",
            rich_help_panel=LISTENING,
        ),
    ] = None,
    timeout: TimeoutOption = 120.0,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(
            help="Listen on this machine, or on a Ray cluster that sees the files under the "
            "same paths.",
            rich_help_panel=LISTENING,
        ),
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The cluster for [bold]--engine ray[/]; auto finds the one around this machine.",
            show_default="a cluster of this machine alone",
            rich_help_panel=LISTENING,
        ),
    ] = None,
    exclude: ExcludeOption = None,
    follow_symlinks: FollowSymlinksOption = False,
    hidden: HiddenOption = False,
    one_file_system: OneFileSystemOption = False,
    video: VideoOption = False,
    no_cache: NoCacheOption = False,
    format: FormatOption = "human",  # noqa: A002 - it is the name of the option
    output: OutputOption = None,
) -> None:
    """Listen to every audio file under PATH and write its genre into its tags.

    Files that have a genre are left alone unless [bold]--policy[/] says otherwise, and files
    whose genre the model is unsure of are left as they are.

    [bold]Examples[/]

    [cyan]genretag scan --dry-run ~/Music[/]  shows what would happen

    [cyan]genretag scan ~/Music[/]  fills in missing genres

    [cyan]genretag scan --policy replace --top-k 2 ~/Music[/]  writes one or two genres into each

    [cyan]genretag scan -n --format jsonl ~/Music > genres.jsonl[/]  gives data for a script
    """
    if plan is not None:
        _refuse_to_overwrite(plan, yes)
    how = InferenceOptions(
        model, coverage, device, jobs, timeout, no_cache, batch_size, engine, ray_address, video
    )
    with open_session(how) as session:
        from genretag.cli import maps, typed
        from genretag.cli import threshold as thresholds
        from genretag.cli.run import Run, writing
        from genretag.domain.advice import ThresholdAdvice
        from genretag.domain.layout import PLAIN, PLAYERS
        from genretag.domain.placeholder import parse_placeholders
        from genretag.domain.tagging import TagPolicy
        from genretag.library.walk import Walk
        from genretag.pipeline.find import find
        from genretag.report.paths import common_folder
        from genretag.report.wording import WRITING as WORDS

        walk = Walk(tuple(exclude or ()), follow_symlinks, hidden, one_file_system)
        files = find(paths, walk)
        folder = common_folder(paths)
        # Who was interrupted has a part of the plan, and wants it overwritten.
        again = typed.command(context, *["--yes"][: plan is not None and not yes])
        run = Run(format, output, lambda: files.found, WORDS, folder, again)
        predictor = session.predictor(run.warn)
        manifest = predictor.manifest
        names = maps.read(genre_map, manifest.genres.names)
        layout = PLAYERS[for_player] if for_player else PLAIN
        policy_ = TagPolicy(
            mode=policy,
            threshold=thresholds.chosen(context, threshold, predictor.loaded),
            top_k=top_k,
            max_genres=max_genres,
            genre_map=names,
            placeholders=parse_placeholders(placeholder, manifest.genres.names, names),
            layout=replace(layout, id3=id3 or layout.id3, fix_stale=fix_stale or layout.fix_stale),
        )
        doubts = ThresholdAdvice(policy_)
        with run, predictor.outcomes(files, policy_) as outcomes:
            found = doubts.count(outcomes)
            if plan is not None:
                run.plan(found, plan)
            elif dry_run:
                run.show(found)
            else:
                where = common_folder(path.absolute() for path in paths)
                writer = partial(
                    writing,
                    "scan",
                    where,
                    typed.options(context),
                    keep_mtime=keep_mtime,
                    at_once=True,
                )
                run.carry_out(found, policy != "fill" and not yes, writer)
            for step in _next_steps(context, run, doubts, plan, dry_run):
                run.then(*step)
    # What failed is in the plan.
    raise typer.Exit(run.exit_code if plan is None else 0)


def _refuse_to_overwrite(plan: Path, yes: bool) -> None:
    """UsageError `bad-option` if there is a plan already and nobody wants it overwritten."""
    from genretag.cli.terminal import agreed, can_ask
    from genretag.errors import Code, UsageError
    from genretag.report.text import visible

    if yes or not plan.is_file() or not plan.stat().st_size:
        return
    if not (can_ask() and agreed(f"{visible(str(plan))} exists. Overwrite it?")):
        raise UsageError(
            Code.BAD_OPTION,
            f"{plan}: it exists, and was not overwritten",
            "Choose another name, or overwrite it with --yes.",
        )


def _next_steps(
    context: typer.Context, run: "Run", doubts: "ThresholdAdvice", plan: Path | None, dry_run: bool
) -> "Iterator[tuple[str, str]]":
    """Yield what a person may want to do after a run, and the command for it."""
    import shlex

    from genretag.cli import typed
    from genretag.domain.outcome import Planned
    from genretag.report.wording import format_files

    planned = run.count(Planned)
    if plan is not None and planned:
        wrote = f"Wrote {planned} change{'' if planned == 1 else 's'} to {plan}. Carry out with:"
        yield wrote, f"genretag apply {shlex.quote(str(plan))}"
    elif dry_run and planned:
        yield (
            f"Write into {format_files(planned)} with:",
            typed.command(context, without=("dry_run",)),
        )
    if found := doubts.propose():
        are = "is" if doubts.unsure == 1 else "are"
        yield (
            f"{format_files(doubts.unsure)} {are} unsure. --threshold {found.threshold} would tag "
            f"{found.files} of them, about {found.precision:.0%} of these rightly by the model's "
            "own scores. This shows them:",
            typed.command(context, "-n", "--threshold", str(found.threshold), without=_NOT_TO_LOOK),
        )
