"""Writes what a person decided into files, for the commands that take decisions."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import typer

from genretag.cli.command_line import format_options
from genretag.cli.display import Display
from genretag.cli.options import WritingOptions
from genretag.cli.writing import carry_out
from genretag.domain.outcome import Outcome
from genretag.library.cache import Cache
from genretag.library.paths import cache_dir
from genretag.pipeline.write import open_writer


def write_decided(
    context: typer.Context,
    display: Display,
    outcomes: Iterable[Outcome],
    command: str,
    folder: Path | None,
    options: WritingOptions,
) -> None:
    """Write what is planned as a run of its own; on a terminal show it and ask before.

    Args:
        context: of the command, whose options the journal keeps.
        display: shows each outcome.
        outcomes: those that are planned are written.
        command: what the journal calls the run.
        folder: where the files lie.
        options: how to write, and whether to ask.
    """
    run = partial(
        open_writer, command, folder, format_options(context), keep_mtime=options.keep_mtime
    )
    with Cache(cache_dir(), display.warn) as cache:
        carry_out(display, outcomes, not options.yes, run, cache)
