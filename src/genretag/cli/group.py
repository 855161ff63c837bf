"""Gives all commands options from environment and config file, and errors as exit codes."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup, TyperOption

from genretag.cli import config
from genretag.cli.settings import Command, Options, find_mistakes, read_settings, to_flag, to_key
from genretag.cli.values import Kind, WrongValueError, read_kinds
from genretag.errors import Code, GenretagError, UsageError
from genretag.library import paths

# GENRETAG_CONFIG names the config file itself, not a file for `train --config`.
_NOT_SETTINGS = frozenset({"help", "config"})
_WORKS_WITHOUT_CONFIG = "config"
_ORIGINS = "genretag.origins"
_LINE_END = re.compile(r"(?<!\n)\n(?!\n) *")

_TyperUsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""Whatever Typer says of a command line; where the class is depends on its version."""


class Group(TyperGroup):
    """The top command: flags beat the environment, which beats the config file."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        for _, command in _list_commands(self):
            # Lines of the code are no lines of the terminal.
            command.help = _LINE_END.sub(" ", command.help or "")
            for parameter in command.params:
                process = partial(_check, command, parameter, parameter.process_value)
                parameter.process_value = process

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """Read the command line as far as it is of no command."""
        with _report_errors():
            return super().make_context(*arguments, **extra)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the chosen command, and the defaults that environment and config file give it."""
        resolved = super().resolve_command(ctx, args)
        if resolved[0] != _WORKS_WITHOUT_CONFIG:
            ctx.default_map, ctx.meta[_ORIGINS] = self._read_defaults(str(resolved[0]))
        return resolved

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command; what it raises on purpose becomes a message and an exit code."""
        with _report_errors():
            return super().invoke(ctx)

    def options(self) -> Options:
        """Return what each command accepts from the environment and the config file."""
        return {
            path: {key: kind for key, (_, kind) in _list_settings(command).items()}
            for path, command in _list_commands(self)
        }

    def _read_defaults(self, chosen: str) -> tuple[dict[str, Any], dict[tuple[Command, str], str]]:
        """Return values in the nested form of `default_map`, and where each is from."""
        options, file = self.options(), config.read(paths.config_file())
        for mistake in find_mistakes(options, file):
            # What is wrong in the table of another command is no matter of this one.
            if mistake.table[:1] == (chosen,) or mistake.table[:1] not in options:
                raise mistake.error
        defaults: dict[str, Any] = {}
        origins = {}
        for path, command in _list_commands(self):
            if path[0] != chosen:
                continue
            table = defaults
            for word in path:
                table = table.setdefault(word, {})
            settable = _list_settings(command)
            for key, setting in read_settings(path, options, file).items():
                name, _ = settable[key]
                table[name] = setting.value
                origins[path, name] = setting.origin
        return defaults, origins


def find_origin(ctx: typer.Context, name: str) -> str | None:
    """Return where a parameter's value is from, if from the environment or the config file."""
    source = ctx.get_parameter_source(name)
    if source is None or source.name != "DEFAULT_MAP":
        return None
    origin: str | None = ctx.meta.get(_ORIGINS, {}).get((_get_path(ctx), name))
    return origin


def show(error: GenretagError) -> None:
    """Print an error on stderr: what went wrong, what to do next, and its code."""
    _print("error:", "bold red", error.message, f"{error.hint} ({error.code})")


def warn(message: str) -> None:
    """Print on stderr what a person should know and what stops nothing."""
    _print("Warning:", "yellow", message)


def _print(label: str, style: str, message: str, *more: str) -> None:
    """Print paragraphs on stderr; each is one line for whatever is no terminal."""
    from rich.console import Console
    from rich.text import Text

    from genretag.cli import terminal
    from genretag.report.text import visible, wrap

    console = Console(stderr=True)
    lines = [visible(paragraph) for paragraph in (f"{label} {message}", *more)]
    width = terminal.get_width(console)
    if width is not None:
        lines = [wrap(line, width) for line in lines]
    text = Text("\n".join(lines))
    text.stylize(style, 0, len(label))
    console.print(text, soft_wrap=True)


@contextmanager
def _report_errors() -> Iterator[None]:
    """Turn errors into messages and exit codes."""
    try:
        yield
    except GenretagError as error:
        show(error)
        raise typer.Exit(error.exit_code) from error
    except _TyperUsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise  # no error but a way to show the help
        show(_translate(error))
        raise typer.Exit(UsageError.exit_code) from error


def _translate(error: Any) -> UsageError:
    """Return what Typer says of a command line, in the words of all other errors."""
    name = type(error).__name__
    if name == "MissingParameter" and error.param:
        message = f"{_get_name(error.param)} is missing"
    elif name == "NoSuchOption":
        message = f"there is no option {error.option_name}"
        if error.possibilities:
            message += f"; did you mean {' or '.join(error.possibilities)}?"
    else:
        message = error.format_message().strip().rstrip(".")
    return _bad_option(error.ctx, message)


def _bad_option(ctx: Any, message: str) -> UsageError:
    who = ctx.command_path if ctx else "genretag"
    return UsageError(Code.BAD_OPTION, message, f"`{who} --help` tells what it takes.")


def _check(
    command: Any, parameter: Any, process: Callable[[Any, Any], Any], ctx: Any, value: Any
) -> Any:
    """Process the value of a parameter; refuse one on the command line that it does not accept."""
    source = ctx.get_parameter_source(parameter.name)
    kind = read_kinds(command.callback).get(parameter.name)
    if kind and value is not None and source is not None and source.name == "COMMANDLINE":
        _refuse_options_as_values(command, parameter, ctx, value)
        try:
            kind.parse(value)
        except WrongValueError as error:
            raise _bad_option(ctx, f"{_get_name(parameter)} {error}") from error
    return process(ctx, value)


def _refuse_options_as_values(command: Any, parameter: Any, ctx: Any, value: Any) -> None:
    """Raise UsageError if an option stands where the value of another must: `--exclude -n`."""
    options = {name for one in command.params if isinstance(one, TyperOption) for name in one.opts}
    for given in value if isinstance(value, list | tuple) else (value,):
        if given in options and isinstance(parameter, TyperOption):
            raise _bad_option(
                ctx, f"{_get_name(parameter)} needs a value, and {given} is an option"
            )


def _get_name(parameter: Any) -> str:
    """Return what a person calls an option or an argument."""
    if isinstance(parameter, TyperOption):
        return to_flag(_get_key(parameter))
    return str(parameter.metavar or parameter.name.upper())


def _get_key(option: TyperOption) -> str:
    """Return what an option is called in the config file."""
    return to_key(option.opts)


def _list_settings(command: Any) -> dict[str, tuple[str, Kind]]:
    """Return the options of a command that can be settings: parameter and kind by their key."""
    if command.callback is None:
        return {}
    known = read_kinds(command.callback)
    keys = ((parameter.name, _get_key(parameter)) for parameter in command.params
            if isinstance(parameter, TyperOption))  # fmt: skip
    return {
        key: (name, known[name]) for name, key in keys if key not in _NOT_SETTINGS and name in known
    }


def _list_commands(group: Any, above: Command = ()) -> Iterator[tuple[Command, Any]]:
    """Yield each command, with the words that call it."""
    commands: Mapping[str, Any] = group.commands
    for name, command in commands.items():
        yield (*above, name), command
        if isinstance(command, TyperGroup):
            yield from _list_commands(command, (*above, name))


def _get_path(ctx: Any) -> Command:
    """Return the words that call the command of a context."""
    return () if ctx.parent is None else (*_get_path(ctx.parent), ctx.info_name)
