"""`genretag undo` and `genretag history`: take runs back, list them."""

from typing import Annotated

import typer

from genretag.cli.options import OutputOptions, WritingOptions, in_writing
from genretag.option_groups import with_options


@with_options(without=("plan", "verbose"))
def undo(
    context: typer.Context,
    run: Annotated[
        int | None,
        typer.Argument(
            help="Its number in [bold]genretag history[/].",
            show_default="the last run that was not undone yet",
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, in_writing("--dry-run", "-n", help="Show what would be put back.")
    ] = False,
    force: Annotated[
        bool,
        in_writing("--force", help="Put genres back also where somebody changed them since."),
    ] = False,
    writing: WritingOptions,
    output: OutputOptions,
) -> None:
    """Put the genres of a RUN back, exactly as they were stored.

    Files whose genre somebody changed since are left alone and named. An undo is a run
    itself: it can be undone by its number.
    """
    from contextlib import closing
    from functools import partial

    from genretag.cli.command_line import format_command, format_options
    from genretag.cli.display import Display
    from genretag.cli.writing import carry_out
    from genretag.domain.outcome import Planned, Skipped
    from genretag.library import paths
    from genretag.library.cache import Cache
    from genretag.library.journal import Journal
    from genretag.pipeline import undo as undoing
    from genretag.pipeline.write import open_writer, recover
    from genretag.report import wording
    from genretag.report.paths import common_folder

    with closing(Journal(paths.data_dir())) as journal:
        recover(journal)
        target = undoing.find_run(journal, run)
        if target is None:
            typer.echo("There is nothing to undo.", err=True)
            raise typer.Exit(0)
        number, count = target.id, target.counts.get("committed", 0)
        folder = common_folder(entry.path for entry in journal.changes(number))
        words = wording.undo_wording(number, folder)
        again = format_command(context)
        with Display(lambda: count, folder, words, output, again) as display:
            outcomes = undoing.plan(journal, number, force)
            if dry_run:
                display.show(outcomes)
                if planned := display.count(Planned):
                    display.suggest(
                        f"Put the genres of {wording.format_files(planned)} back with:",
                        format_command(context, without=("dry_run",)),
                    )
            else:
                options = format_options(context)
                open_undo = partial(
                    open_writer, f"undo {number}", folder, options, number, writing.keep_mtime
                )
                with Cache(paths.cache_dir(), display.warn) as cache:
                    carry_out(display, outcomes, not writing.yes, open_undo, cache)
            if left := display.count(Skipped):
                display.suggest(
                    f"{wording.format_files(left)} got another genre since; put the old back with:",
                    f"genretag undo {number} --force",
                )
    raise typer.Exit(display.exit_code)


def history() -> None:
    """List the runs that wrote something: when, how many files, whether undone, how and where."""
    import sys
    from contextlib import closing

    from rich.console import Console

    from genretag.cli.terminal import get_width
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
        console.print(format_run(run, get_width(console)), soft_wrap=True)
