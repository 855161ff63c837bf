"""`genretag scan`: find audio, hear it, write genres."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from genretag.cli.options import (
    DEFAULT_MODEL,
    LISTENING,
    CoverageOption,
    DeviceOption,
    FormatOption,
    ModelOption,
    OutputOption,
)

WRITING = "What is written"
FINDING = "Which files"


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders.", metavar="PATH...", show_default=False)
    ],
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", "-n", help="Show what would be written.", rich_help_panel=WRITING
        ),
    ] = False,
    policy: Annotated[
        Literal["fill", "replace", "add"],
        typer.Option(
            help="Touch only files without a genre, replace the genres that are there, or add "
            "to them.",
            rich_help_panel=WRITING,
        ),
    ] = "fill",
    top_k: Annotated[
        int,
        typer.Option(
            min=1,
            help="Write up to this many genres: the best one, and others that score at least "
            "half as much.",
            rich_help_panel=WRITING,
        ),
    ] = 1,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Write nothing if the best score is lower.",
            show_default="the model's own",
            rich_help_panel=WRITING,
        ),
    ] = None,
    max_genres: Annotated[
        int,
        typer.Option(
            min=1,
            help="With [bold]--policy add[/], stop adding at this many.",
            rich_help_panel=WRITING,
        ),
    ] = 5,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Do not ask before replacing or adding.",
            rich_help_panel=WRITING,
        ),
    ] = False,
    model: ModelOption = DEFAULT_MODEL,
    coverage: CoverageOption = "balanced",
    device: DeviceOption = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="Files heard at the same time.",
            show_default="one per core",
            rich_help_panel=LISTENING,
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1,
            help="Give a file up after so many seconds.",
            rich_help_panel=LISTENING,
        ),
    ] = 120.0,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Leave out files and folders with such a name or path; can be repeated.",
            show_default=False,
            rich_help_panel=FINDING,
        ),
    ] = None,
    follow_symlinks: Annotated[
        bool,
        typer.Option(
            "--follow-symlinks",
            help="Follow symbolic links found inside folders.",
            rich_help_panel=FINDING,
        ),
    ] = False,
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
    from genretag.cli.run import Run
    from genretag.domain.tagging import TagPolicy
    from genretag.inference import session, store
    from genretag.library import places
    from genretag.library.ahead import Ahead
    from genretag.library.walk import Walk
    from genretag.workflow import scan as workflow

    files = Ahead(Walk(tuple(exclude or ()), follow_symlinks).files(paths))
    model_file = store.locate(model, places.cache_dir())
    # Loaded here too, so that a model that cannot be used ends the run before it starts.
    manifest = session.load(model_file, device).manifest
    settings = workflow.ScanSettings(
        model=model_file,
        policy=TagPolicy(
            mode=policy,
            threshold=manifest.threshold if threshold is None else threshold,
            top_k=top_k,
            max_genres=max_genres,
        ),
        device=device,
        coverage=coverage,
    )
    with Run(format, output, files) as run:
        outcomes = workflow.scan(files, settings, jobs or cores(), timeout)
        if dry_run:
            run.show(outcomes)
        else:
            run.apply(outcomes, ask=policy != "fill" and not yes)
    raise typer.Exit(run.exit_code)
