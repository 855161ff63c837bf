"""`genretag config`: where the config file is and what it says."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from genretag.cli.config import Config
    from genretag.cli.settings import Options

app = typer.Typer(no_args_is_help=True, help="Show the config file and where it is.")

_NOT_OPTIONS = ("GENRETAG_CONFIG", "GENRETAG_CACHE_DIR", "GENRETAG_DATA_DIR")


@app.command()
def path() -> None:
    """Print the path of the config file, whether it exists or not."""
    from genretag.library import paths

    typer.echo(paths.config_file())


@app.command()
def show(context: typer.Context) -> None:
    """Print what the config file and the environment set, and for which commands.

    Each mistake is named with its line; exit code 2 if there is one.
    """
    from genretag.cli import config, group
    from genretag.cli.settings import find_mistakes
    from genretag.library import paths

    root: Any = context.find_root().command
    options = root.options()
    file = config.read(paths.config_file())
    if not file.entries and not file.thresholds:
        typer.echo(f"{file.path} sets nothing.", err=True)
    for line in (*_list_file(file, options), *_list_environment(options)):
        typer.echo(line)
    mistakes = list(find_mistakes(options, file))
    for mistake in mistakes:
        group.show(mistake.error)
    raise typer.Exit(2 if mistakes else 0)


def _list_file(file: "Config", options: "Options") -> Iterator[str]:
    """Yield the file as TOML; a comment says for which commands a key at the top level is."""
    from genretag.cli.settings import find_commands

    table: tuple[str, ...] = ()
    # A table ends where the next begins, so what is in none comes first.
    for entry in sorted(file.entries, key=lambda entry: bool(entry.table)):
        if entry.table != table:
            table = entry.table
            yield f"[{'.'.join(table)}]"
        commands = "" if table else _format_commands(find_commands(entry, options))
        yield f"{entry.name} = {_format_value(entry.value)}{commands}"
    if file.thresholds:
        yield "[thresholds]"
        yield from (
            f"{_format_value(model)} = {value:.2f}" for model, value in file.thresholds.items()
        )


def _list_environment(options: "Options") -> Iterator[str]:
    """Yield the variables of options, as comments."""
    import os

    from genretag.cli.settings import ENVIRONMENT_PREFIX, to_variable

    for name, value in sorted(os.environ.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in _NOT_OPTIONS:
            continue
        commands = [
            command
            for command, kinds in options.items()
            if any(to_variable(key) == name for key in kinds)
        ]
        users = _format_commands(commands) or "  # no command has that option"
        yield f"# {name}={_format_value(value)} in the environment{users}"


def _format_commands(commands: list[tuple[str, ...]]) -> str:
    return f"  # {', '.join(' '.join(command) for command in commands)}" if commands else ""


def _format_value(value: Any) -> str:
    from genretag.report.evaluation import toml_text

    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_format_value, value))}]"
    return str(value)
