"""`genretag train ...` in this process, so that torch is imported once."""

from pathlib import Path

from typer.testing import CliRunner

from genretag.errors import GenretagError
from genretag_train.cli.app import app


def done(*arguments: str | Path) -> str:
    """What the command prints on stdout; an error that it raises is raised again."""
    result = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "120"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str | Path) -> GenretagError:
    """The error that the command ends with."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(result.exception, GenretagError), result.output
    return result.exception
