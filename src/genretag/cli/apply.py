"""`genretag apply`: carry out a plan."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from genretag.cli.options import FormatOption, KeepMtimeOption, OutputOption, YesOption


def apply(
    ctx: typer.Context,
    plan: Annotated[
        Path, typer.Argument(help="What [bold]genretag scan --plan[/] wrote.", show_default=False)
    ],
    keep_mtime: KeepMtimeOption = False,
    yes: YesOption = False,
    format: FormatOption = "human",  # noqa: A002 - it is the name of the option
    output: OutputOption = None,
) -> None:
    """Write the genres of a PLAN into the files.

    A file that somebody changed since the plan was made is left alone and reported, and one
    that has its new genres already is done.

    [bold]Examples[/]

    [cyan]genretag scan --plan plan.jsonl ~/Music[/]  decides and writes nothing but the plan

    [cyan]genretag apply plan.jsonl[/]  carries it out
    """
    import shlex

    from genretag.cli import typed
    from genretag.cli.run import Run, writing
    from genretag.pipeline.plan import read
    from genretag.report.paths import common_folder
    from genretag.report.wording import WRITING

    found = read(plan)
    folder = common_folder(change.path for change in found.changes)
    words = replace(WRITING, nothing="The plan holds no change.")
    command = shlex.join(["apply", str(plan)])
    count = len(found.changes)
    with Run(format, output, lambda: count, words, folder, typed.command(ctx)) as run:
        if not found.complete:
            run.warn(
                f"{plan} is incomplete, as its scan was interrupted. What it holds is carried "
                "out; scan again for the rest."
            )
        writer = partial(writing, command, folder, typed.options(ctx), keep_mtime=keep_mtime)
        run.carry_out(found.changes, not yes, writer)
    raise typer.Exit(run.exit_code)
