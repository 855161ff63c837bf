"""The command line: one module per command, put together here."""

import errno
import os
import sys
from typing import Annotated, Any

import typer

from genretag.cli import (
    apply,
    cache_command,
    config_command,
    doctor,
    evaluate,
    genres,
    inspect,
    learn,
    models,
    report,
    scan,
    set_genres,
    undo,
    watch,
)
from genretag.cli.group import Group, show
from genretag.cli.output import translate_errors
from genretag.cli.review.command import review
from genretag.errors import RunError
from genretag.library import interrupt
from genretag_train.cli.app import app as train

READER_GONE = 141
"""Exit code if what reads the output ends before it does, as in `| head`: 128 + SIGPIPE."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: [bold]genretag scan --dry-run ~/Music[/]",
)
app.command()(scan.scan)
app.command()(watch.watch)
app.command()(apply.apply)
app.command()(review)
app.command("set")(set_genres.set_genres)
app.command()(undo.undo)
app.command()(undo.history)
app.command()(inspect.inspect)
app.command()(evaluate.evaluate)
app.command()(report.report)
app.command()(learn.learn)
app.command()(doctor.doctor)
app.add_typer(genres.app, name="genres")
app.add_typer(models.app, name="models")
app.add_typer(cache_command.app, name="cache")
app.add_typer(config_command.app, name="config")
app.add_typer(train, name="train")


def _version(wanted: bool) -> None:
    if wanted:
        from genretag import __version__

        typer.echo(f"genretag {__version__}")
        raise typer.Exit


@app.callback()
def genretag(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    r"""Predict the genres of a local music library and write them into its files, offline.

    Every option can also stand in the config file, or in the environment
    as GENRETAG_<OPTION>. Flags beat the environment, which beats the file.
    There a table such as \[scan] is for one command, and what stands above
    all tables for every command that has the option and accepts the value.

    Exit codes: 0 done, 1 some files failed, 2 wrong command line or config,
    3 the run could not go on, 4 an extra is missing, 130 interrupted,
    141 nobody reads the output any more.
    """


def main() -> None:
    """Run the console script."""
    # Who starts it may have closed them.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115, PTH123
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not stop a run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    interrupt.install()
    try:
        app()
    except SystemExit as ended:
        # typer and rich end the program where its reader is gone.
        gone = isinstance(ended.__context__, BrokenPipeError)
        raise SystemExit(READER_GONE if gone else _flushed(ended.code)) from None
    except OSError as error:
        # Only a file that is written without a name, as standard output is, comes this far.
        if error.errno not in _FULL or error.filename is not None:
            raise
        raise SystemExit(_unwritten(error)) from None
    finally:
        _forget_unwritten()


def _flushed(code: Any) -> Any:
    """Return the exit code `code`, if what was printed arrives where it should."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return READER_GONE
    except OSError as error:
        return code or _unwritten(error)
    return code


def _unwritten(error: OSError) -> int:
    """Say that standard output cannot be written; the exit code for that."""
    try:
        with translate_errors(None):
            raise error
    except RunError as failure:
        show(failure)
        return failure.exit_code


def _forget_unwritten() -> None:
    """Keep Python from trying once more, in vain and aloud, to write what could not be."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
