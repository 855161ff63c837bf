"""`genretag undo` and `genretag history`: take runs back, list them."""

from functools import partial
from typing import Annotated

import typer

from genretag.cli.options import WRITING, FormatOption, KeepMtimeOption, OutputOption, YesOption


def undo(
    ctx: typer.Context,
    run: Annotated[
        int | None,
        typer.Argument(
            help="Its number in [bold]genretag history[/].",
            show_default="the last run that was not undone yet",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", "-n", help="Show what would be put back.", rich_help_panel=WRITING
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Put genres back also where somebody changed them since.",
            rich_help_panel=WRITING,
        ),
    ] = False,
    keep_mtime: KeepMtimeOption = False,
    yes: YesOption = False,
    format: FormatOption = "human",  # noqa: A002 - it is the name of the option
    output: OutputOption = None,
) -> None:
    """Put the genres of a RUN back, exactly as they were stored.

    Files whose genre somebody changed since are left alone and named. An undo is a run
    itself: it can be undone by its number.
    """
    from contextlib import closing

    from genretag.cli import typed
    from genretag.cli.run import Run, writing
    from genretag.domain.outcome import Planned, Skipped
    from genretag.library import paths
    from genretag.library.journal import Journal
    from genretag.pipeline import undo as taking_back
    from genretag.pipeline.write import recover
    from genretag.report.paths import common_folder
    from genretag.report.wording import format_files, undo_wording

    with closing(Journal(paths.data_dir())) as journal:
        recover(journal)
        target = taking_back.run_to_undo(journal, run)
        if target is None:
            typer.echo("There is nothing to undo.", err=True)
            raise typer.Exit(0)
        count = target.counts.get("committed", 0)
        folder = common_folder(entry.path for entry in journal.changes(target.id))
        words = undo_wording(target.id, folder)
        with Run(format, output, lambda: count, words, folder, typed.command(ctx)) as shown:
            outcomes = taking_back.plan(journal, target.id, force)
            if dry_run:
                shown.show(outcomes)
                if planned := shown.count(Planned):
                    again = typed.command(ctx, without=("dry_run",))
                    shown.then(f"Put the genres of {format_files(planned)} back with:", again)
            else:
                command = f"undo {target.id}"
                writer = partial(
                    writing, command, folder, typed.options(ctx), target.id, keep_mtime
                )
                shown.carry_out(outcomes, not yes, writer)
            if left := shown.count(Skipped):
                again = f"genretag undo {target.id} --force"
                shown.then(
                    f"{format_files(left)} got another genre since; put the old back with:", again
                )
    raise typer.Exit(shown.exit_code)


def history() -> None:
    """List the runs that wrote something: when, how many files, whether undone, how and where."""
    import sys
    from contextlib import closing

    from rich.console import Console

    from genretag.cli import terminal
    from genretag.library import paths
    from genretag.library.journal import Journal
    from genretag.report.history import format_run

    with closing(Journal(paths.data_dir())) as journal:
        runs = journal.history()
    if not runs:
        typer.echo("Nothing was written yet.", err=True)
        raise typer.Exit(0)
    console = Console(file=sys.stdout, highlight=False)
    for run in runs:
        console.print(format_run(run, terminal.width(console)), soft_wrap=True)
