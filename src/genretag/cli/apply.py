"""`genretag apply`: carry out a plan."""

from pathlib import Path
from typing import Annotated

import typer

from genretag.cli.options import OutputOptions, WritingOptions
from genretag.option_groups import with_options


@with_options(without=("plan", "verbose"))
def apply(
    context: typer.Context,
    plan: Annotated[
        Path,
        typer.Argument(
            help="What [bold]genretag scan --plan[/] wrote.",
            show_default=False,
        ),
    ],
    *,
    writing: WritingOptions,
    output: OutputOptions,
) -> None:
    """Write the genres of a PLAN into the files.

    A file that somebody changed since the plan was made is left alone and reported, and one
    that has its new genres already is done.

    [bold]Examples[/]

    [cyan]genretag scan --plan plan.jsonl ~/Music[/]  decides and writes nothing but the plan

    [cyan]genretag apply plan.jsonl[/]  carries it out
    """
    import shlex
    from dataclasses import replace

    from genretag.cli.by_hand import write_decided
    from genretag.cli.command_line import format_command
    from genretag.cli.display import Display
    from genretag.pipeline.plan import read
    from genretag.report.paths import common_folder
    from genretag.report.wording import WRITING

    content = read(plan)
    folder = common_folder(change.path for change in content.changes)
    words = replace(WRITING, nothing="The plan holds no change.")
    again = format_command(context)
    with Display(lambda: len(content.changes), folder, words, output, again) as display:
        if not content.complete:
            display.warn(
                f"{plan} is incomplete, as its scan was interrupted. What it holds is "
                "carried out; scan again for the rest."
            )
        command = shlex.join(["apply", str(plan)])
        write_decided(context, display, content.changes, command, folder, writing)
    raise typer.Exit(display.exit_code)
