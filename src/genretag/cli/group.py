"""What all commands share: options from environment and config file, errors as exit codes."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.core import TyperGroup, TyperOption

from genretag.cli import config
from genretag.errors import GenretagError
from genretag.library import places

ENVIRONMENT_PREFIX = "GENRETAG_"
# GENRETAG_CONFIG names the config file itself, not a file for `train --config`.
_NOT_SETTINGS = frozenset({"help", "config"})
_WORKS_WITHOUT_CONFIG = "config"


class Group(TyperGroup):
    """The top command: flags beat the environment, which beats the config file."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        for _, option in _options(self):
            option.envvar = ENVIRONMENT_PREFIX + _key(option).upper()
            # One sentence in the help of `genretag` tells the rule for all of them.
            option.show_envvar = False

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the chosen command, and the defaults that the config file gives it."""
        found = super().resolve_command(ctx, args)
        if found[0] != _WORKS_WITHOUT_CONFIG:
            ctx.default_map = self._defaults()
        return found

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command; what it raises on purpose becomes a message and an exit code."""
        try:
            return super().invoke(ctx)
        except GenretagError as error:
            show(error)
            raise typer.Exit(error.exit_code) from error

    def _defaults(self) -> dict[str, Any]:
        """Values of the config file in the nested form of `default_map`, command by command."""
        path = places.config_file()
        settings = config.read(path)
        defaults: dict[str, Any] = {}
        known = set()
        for commands, option in _options(self):
            key = _key(option)
            if key in settings:
                known.add(key)
                table = defaults
                for command in commands:
                    table = table.setdefault(command, {})
                table[str(option.name)] = settings[key]
        for key in settings:
            if key not in known:
                raise config.unknown(path, key)
        return defaults


def show(error: GenretagError) -> None:
    """Print an error on stderr: what went wrong, what to do next, and its code."""
    from rich.console import Console
    from rich.text import Text

    from genretag.report.text import visible

    text = Text.assemble(
        ("error: ", "bold red"),
        visible(error.message),
        "\n",
        visible(error.hint),
        f" ({error.code})",
    )
    Console(stderr=True).print(text, soft_wrap=True)


def warn(message: str) -> None:
    """Print on stderr what a person should know and what stops nothing."""
    from rich.console import Console
    from rich.text import Text

    from genretag.report.text import visible

    text = Text.assemble(("Warning: ", "yellow"), visible(message))
    Console(stderr=True).print(text, soft_wrap=True)


def _key(option: TyperOption) -> str:
    """What an option is called in the config file: as on the command line, dashes underscored."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def _options(
    group: TyperGroup, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], TyperOption]]:
    """Each option that can be a setting, with the names of the commands that lead to it."""
    commands: Mapping[str, Any] = group.commands
    for name, command in commands.items():
        path = (*above, name)
        for parameter in command.params:
            if isinstance(parameter, TyperOption) and _key(parameter) not in _NOT_SETTINGS:
                yield path, parameter
        if isinstance(command, TyperGroup):
            yield from _options(command, path)
