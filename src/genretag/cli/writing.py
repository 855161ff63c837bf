"""Carries out what a command planned: into a plan, or into the files and the journal."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

import typer

from genretag.cli.command_line import format_options
from genretag.cli.display import Display
from genretag.cli.output import open_output, translate_errors
from genretag.cli.planning import Plan
from genretag.cli.terminal import can_ask
from genretag.domain.outcome import Outcome
from genretag.domain.review import UnsureItems
from genretag.library.cache import Cache
from genretag.pipeline.recall import mark_known, renew
from genretag.pipeline.write import Writer, open_writer
from genretag.report.decision_table import write_table
from genretag.report.paths import common_folder
from genretag.report.plan import PlanWriter


def write_plan(display: Display, planned: Plan, path: Path) -> None:
    """Show each outcome, and write those that are planned to a plan for `apply`."""
    with open_output(path) as stream:
        with translate_errors(path):
            plan = PlanWriter(stream, is_calibrated=not planned.uncalibrated)
        complete = False
        try:
            for outcome in display.track(planned.outcomes):
                with translate_errors(path):
                    plan.add(outcome)
            complete = True
        finally:
            # Without its last line a plan counts as interrupted as well.
            with translate_errors(path) if complete else suppress(OSError):
                plan.end(complete)


def write_unsure(plan: Plan, path: Path | None) -> Iterator[Outcome]:
    """Yield what is planned; then, or when that is interrupted, write a table of what is unsure."""
    if path is None:
        yield from plan.outcomes
        return
    items = UnsureItems(plan.policy)
    with open_output(path) as stream:
        try:
            yield from items.watch(plan.outcomes)
        finally:
            with translate_errors(path):
                write_table(items.list_items(), stream)


def write_genres(
    context: typer.Context,
    display: Display,
    plan: Plan,
    paths: Iterable[Path],
    ask: bool,
    keep_mtime: bool,
) -> None:
    """Write what is planned as a run of its own; with `ask`, on a terminal, ask before.

    Args:
        context: of the command, by whose name and options the journal knows the run.
        display: shows each outcome.
        plan: what to write.
        paths: where its files lie.
        ask: whether genres that are there would change.
        keep_mtime: whether files keep their times.
    """
    run = partial(
        open_writer,
        str(context.info_name),
        common_folder(path.absolute() for path in paths),
        format_options(context),
        keep_mtime=keep_mtime,
        decided_while_writing=True,
    )
    carry_out(display, plan.outcomes, ask, run, plan.cache)


def carry_out(
    display: Display,
    outcomes: Iterable[Outcome],
    ask: bool,
    open_run: Callable[[], AbstractContextManager[Writer]],
    cache: Cache | None = None,
) -> None:
    """Write what is planned; with `ask`, on a terminal, show all of it and ask before.

    `cache` goes on knowing the sound of the files, and gets to know what fails.
    """
    if ask and can_ask():
        confirmed = display.confirm(outcomes)
        if confirmed is None:
            return
        outcomes = confirmed
    with open_run() as writer:
        try:
            written = writer.apply(outcomes)
            display.show(mark_known(renew(written, cache), cache) if cache else written)
        finally:
            display.run_number = writer.run.number
