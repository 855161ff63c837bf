"""`genretag apply`: carry out a plan."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from genretag.cli.options import FormatOption, KeepMtimeOption, OutputOption, YesOption


def apply(
    plan: Annotated[
        Path, typer.Argument(help="What [bold]genretag scan --plan[/] wrote.", show_default=False)
    ],
    keep_mtime: KeepMtimeOption = False,
    yes: YesOption = False,
    format: FormatOption = "human",  # noqa: A002 - it is the name of the option
    output: OutputOption = None,
) -> None:
    """Write the genres of a PLAN into the files.

    A file that somebody changed since the plan was made is left alone and reported.

    [bold]Examples[/]

    [cyan]genretag scan --plan plan.jsonl ~/Music[/]  decides and writes nothing but the plan

    [cyan]genretag apply plan.jsonl[/]  carries it out
    """
    from genretag.cli.run import Run, writing
    from genretag.workflow.plan import read

    changes = read(plan)
    nothing = "The plan holds no change."
    with Run(format, output, lambda: len(changes), nothing) as run:
        run.carry_out(changes, not yes, partial(writing, "apply", keep_mtime))
    raise typer.Exit(run.exit_code)
