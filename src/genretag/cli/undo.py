"""`genretag undo` and `genretag history`: take runs back, list them."""

from functools import partial
from typing import Annotated

import typer

from genretag.cli.options import FormatOption, KeepMtimeOption, OutputOption, YesOption


def undo(
    run: Annotated[
        int | None,
        typer.Argument(
            help="Its number in [bold]genretag history[/].",
            show_default="the last run that was not undone yet",
        ),
    ] = None,
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

    from genretag.cli.run import Run, writing
    from genretag.library import places
    from genretag.library.journal import Journal
    from genretag.workflow import undo as workflow
    from genretag.workflow.apply import recover

    with closing(Journal(places.data_dir())) as journal:
        recover(journal)
        target = workflow.run_to_undo(journal, run)
        if target is None:
            typer.echo("There is nothing to undo.", err=True)
            raise typer.Exit(0)
        count = target.counts.get("committed", 0)
        with Run(format, output, lambda: count) as shown:
            outcomes = workflow.plan(journal, target.id)
            writer = partial(writing, f"undo {target.id}", keep_mtime, undoes=target.id)
            shown.carry_out(outcomes, not yes, writer)
    raise typer.Exit(shown.exit_code)


def history() -> None:
    """List the runs that wrote something: when, what, how many files, whether undone."""
    from contextlib import closing

    from rich.console import Console
    from rich.table import Table

    from genretag.library import places
    from genretag.library.journal import Journal

    with closing(Journal(places.data_dir())) as journal:
        runs = journal.history()
    if not runs:
        typer.echo("Nothing was written yet.", err=True)
        raise typer.Exit(0)
    table = Table(box=None, header_style="bold")
    for column in ("run", "written", "not written", "interrupted"):
        table.add_column(column, justify="right")
    for column in ("started", "command", ""):
        table.add_column(column)
    for run in runs:
        table.add_row(
            str(run.id),
            *(str(run.counts.get(state, 0)) for state in ("committed", "abandoned", "pending")),
            f"{run.started.astimezone():%Y-%m-%d %H:%M:%S}",
            run.command,
            "undone" if run.undone else "",
        )
    Console().print(table)
