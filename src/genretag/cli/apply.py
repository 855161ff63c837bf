"""`genretag apply`: carry out a plan, or the decisions in a table."""

from pathlib import Path
from typing import Annotated

import typer

from genretag.cli.options import LayoutOptions, OutputOptions, WritingOptions
from genretag.option_groups import with_options


@with_options(without=("plan",))
def apply(
    context: typer.Context,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN|FILE.csv",
            help="What [bold]scan --plan[/] wrote; or a table of [bold]scan --unsure[/] or of a "
            "report, in which you decided.",
            show_default=False,
        ),
    ],
    *,
    layout: LayoutOptions,
    writing: WritingOptions,
    output: OutputOptions,
) -> None:
    """Write the genres of a PLAN into the files, or those of a table that you filled in.

    A file that somebody changed since the plan was made is left alone and reported, and one
    that has its new genres already is done.

    In a table the column genre is yours: a name, several with ; between, or 1, 2 or 3 for a guess.
    Rows without one are left out, and no scan changes what you decide there. The options --for,
    --id3 and --fix-stale are for tables; a plan holds them already.

    [bold]Examples[/]

    [cyan]genretag scan --plan plan.jsonl ~/Music[/]  decides and writes nothing but the plan

    [cyan]genretag apply plan.jsonl[/]  carries it out

    [cyan]genretag apply unsure.csv[/]  writes what you decided in a table
    """
    import shlex
    from dataclasses import replace
    from itertools import chain

    from genretag.cli.by_hand import write_decided
    from genretag.cli.command_line import format_command
    from genretag.cli.display import Display
    from genretag.cli.units import open_origins
    from genretag.errors import Code, UsageError
    from genretag.pipeline.by_hand import plan_decisions
    from genretag.pipeline.decision_table import SUFFIX, read_table
    from genretag.pipeline.plan import Plan, read
    from genretag.report.paths import common_folder
    from genretag.report.wording import WRITING, note_uncalibrated

    if not plan.exists():
        raise UsageError(Code.BAD_PLAN, f"{plan}: no such file", "Check the spelling.")
    is_table = plan.suffix.casefold() == SUFFIX
    decisions = read_table(plan) if is_table else ()
    content = Plan(()) if is_table else read(plan)
    paths = [path for decision in decisions for path in decision.paths]
    paths += [change.path for change in content.changes]
    folder = common_folder(paths)
    nothing = "No row has a genre." if is_table else "The plan holds no change."
    words, again = replace(WRITING, nothing=nothing), format_command(context)
    display = Display(lambda: len(paths), folder, words, output, again)
    with display, open_origins() as find_origin:
        if not content.complete:
            display.warn(
                f"{plan} is incomplete, as its scan was interrupted. What it holds is "
                "carried out; scan again for the rest."
            )
        for model in sorted(content.uncalibrated):
            display.warn(note_uncalibrated(model))
        decided = plan_decisions(decisions, layout.layout, find_origin)
        command = shlex.join(["apply", str(plan)])
        write_decided(context, display, chain(content.changes, decided), command, folder, writing)
    raise typer.Exit(display.exit_code)
