"""Where the values of options come from if not from the command line.

The environment comes first, as GENRETAG_<OPTION>, then the config file. A table of the file that
is called like a command, `[scan]` or `[train.sweep]`, holds options of that command alone. A key
at the top level is for every command that has the option and accepts the value, like a variable
in the environment; in a command's own table it is said more exactly, and that goes first. So
`format = "csv"` at the top is for `scan`, and `inspect`, which knows no CSV, goes on as ever.
What names a file that one command writes stands in that command's table only.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from genretag.cli.config import Config, Entry
from genretag.cli.values import Kind, WrongValueError
from genretag.errors import Code, UsageError

ENVIRONMENT_PREFIX = "GENRETAG_"
OWN = frozenset({"output", "out", "plan", "plot", "embeddings", "bundle", "unsure"})
"""Options that name what one command writes: another one would write over it."""

Command = tuple[str, ...]
"""The words that call a command: ("train", "sweep")."""
Options = Mapping[Command, Mapping[str, Kind]]
"""What each command accepts, by the names of options, dashes underscored."""


@dataclass(frozen=True)
class Setting:
    """A value for an option of one command, and where it is from."""

    value: Any
    place: str


@dataclass(frozen=True)
class Mistake:
    """What is wrong in the config file, and in which table."""

    table: Command
    error: UsageError


def settings(command: Command, options: Options, file: Config) -> dict[str, Setting]:
    """Return what the environment and the config file say for the options of one command.

    Raises:
        UsageError: `bad-config`, a variable in the environment has a value that no command accepts.
    """
    found = {}
    for key, kind in options[command].items():
        setting = _from_environment(key, kind, options) or _from_file(command, key, kind, file)
        if setting is not None:
            found[key] = setting
    return found


def mistakes(options: Options, file: Config) -> Iterator[Mistake]:
    """All that is wrong in the config file."""
    for entry in file.entries:
        problem = _problem(entry, options)
        if problem:
            yield Mistake(entry.table, wrong_file(f"{entry.place}: {problem}"))


def commands_for(entry: Entry, options: Options) -> list[Command]:
    """The commands for which an entry of the config file counts."""
    if entry.table:
        return [entry.table]
    found = []
    for command, kinds in options.items():
        kind = kinds.get(entry.key)
        if kind and _accepted(kind, entry.value) is not None:
            found.append(command)
    return found


def variable(key: str) -> str:
    """The variable in the environment for an option.

    >>> variable("top_k")
    'GENRETAG_TOP_K'
    """
    return ENVIRONMENT_PREFIX + key.upper()


def wrong_file(message: str) -> UsageError:
    """The error for a mistake in the config file."""
    return UsageError(
        Code.BAD_CONFIG,
        message,
        "Correct it, or point GENRETAG_CONFIG to another file; `genretag config show` tells all "
        "that it sets.",
    )


def option(key: str) -> str:
    """Return how an option is called on the command line."""
    return f"--{key.replace('_', '-')}"


def _from_environment(key: str, kind: Kind, options: Options) -> Setting | None:
    name = variable(key)
    text = os.environ.get(name)
    if not text:
        return None
    value: Any = text
    if kind.many:
        value = text.split(os.pathsep) if kind.type is Path else text.split()
    place = f"{name} in the environment"
    try:
        return Setting(kind.parsed(value), place)
    except WrongValueError as error:
        others = (kinds[key] for kinds in options.values() if key in kinds)
        if any(_accepted(other, text) is not None for other in others):
            return None  # meant for another command
        raise UsageError(
            Code.BAD_CONFIG, f"{place} {error}", f"Change it, or take it away: unset {name}"
        ) from error


def _from_file(command: Command, key: str, kind: Kind, file: Config) -> Setting | None:
    for table in (command, ()):
        entry = file.entry(table, key)
        value = None if entry is None else _accepted(kind, _expanded(kind, entry.value))
        if entry is not None and value is not None:
            return Setting(value, entry.place)
    return None


def _problem(entry: Entry, options: Options) -> str | None:
    """Return what is wrong with one entry; None if nothing is."""
    if entry.table and entry.table not in options:
        tables = [".".join(command) for command in options]
        return f"there is no command for a table [{'.'.join(entry.table)}]" + _like(
            ".".join(entry.table), tables
        )
    kinds = [kinds for command, kinds in options.items() if entry.table in ((), command)]
    fitting = [found[entry.key] for found in kinds if entry.key in found]
    if not fitting:
        who = f"{' '.join(entry.table)} has no" if entry.table else "no command has an"
        known = {key.replace("_", "-") for found in kinds for key in found}
        name = option(entry.key)
        return f"{who} option {name}" + _like(name.removeprefix("--"), known)
    if not entry.table and entry.key in OWN:
        return (
            f"{entry.name} names what one command writes; put it into the table of that command, "
            "such as [scan]"
        )
    try:
        if not any(_accepted(kind, _expanded(kind, entry.value)) is not None for kind in fitting):
            fitting[0].parsed(_expanded(fitting[0], entry.value))
    except WrongValueError as error:
        return f"{entry.name} {error}"
    return None


def _accepted(kind: Kind, value: Any) -> Any:
    """`value` as the option has it; None if it is none for it."""
    try:
        return kind.parsed(value)
    except WrongValueError:
        return None


def _expanded(kind: Kind, value: Any) -> Any:
    """No shell has seen the file: a leading ~ still means the home folder."""
    is_home = kind.type is Path and isinstance(value, str) and value.startswith("~")
    return os.path.expanduser(value) if is_home else value  # noqa: PTH111 - stays a text


def _like(name: str, known: "Iterator[str] | list[str] | set[str]") -> str:
    near = get_close_matches(name, sorted(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
