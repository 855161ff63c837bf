"""Reads the values of options that are not on the command line.

The environment comes first, as GENRETAG_<OPTION>, then the config file. A table of the file that
is called like a command, `[scan]` or `[train.sweep]`, holds options of that command alone. A key
at the top level is for every command that has the option and accepts the value, like a variable
in the environment; in a command's own table it is more exact, and that goes first. So
`format = "csv"` at the top is for `scan`, and `inspect`, which knows no CSV, goes on as ever.
What names a file that one command writes stands in that command's table only.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
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
    origin: str


@dataclass(frozen=True)
class Mistake:
    """What is wrong in the config file, and in which table."""

    table: Command
    error: UsageError


def read_settings(command: Command, options: Options, file: Config) -> dict[str, Setting]:
    """Return what the environment and the config file say for the options of one command.

    Raises:
        UsageError: `bad-config`, a variable in the environment has a value that no command accepts.
    """
    settings = {}
    for key, kind in options[command].items():
        setting = _from_environment(key, kind, options) or _from_file(command, key, kind, file)
        if setting is not None:
            settings[key] = setting
    return settings


def find_mistakes(options: Options, file: Config) -> Iterator[Mistake]:
    """Yield all that is wrong in the config file."""
    for entry in file.entries:
        problem = _find_problem(entry, options)
        if problem:
            error = UsageError(
                Code.BAD_CONFIG,
                f"{entry.location}: {problem}",
                "Correct it, or point GENRETAG_CONFIG to another file; `genretag config show` "
                "tells all that it sets.",
            )
            yield Mistake(entry.table, error)


def find_commands(entry: Entry, options: Options) -> list[Command]:
    """Return the commands for which an entry of the config file counts."""
    if entry.table:
        return [entry.table]
    return [
        command
        for command, kinds in options.items()
        if entry.key in kinds and kinds[entry.key].accepts(entry.value)
    ]


def to_variable(key: str) -> str:
    """Return the variable in the environment for an option.

    >>> to_variable("top_k")
    'GENRETAG_TOP_K'
    """
    return ENVIRONMENT_PREFIX + key.upper()


def to_flag(key: str) -> str:
    """Return what an option is called on the command line.

    >>> to_flag("top_k")
    '--top-k'
    """
    return f"--{key.replace('_', '-')}"


def to_key(flags: Iterable[str]) -> str:
    """Return what an option with some flags is called in the config file, by its first long one.

    >>> to_key(["--top-k", "--styles"]), to_key(["--dry-run", "-n"])
    ('top_k', 'dry_run')
    """
    first = next(flag for flag in flags if flag.startswith("--"))
    return first.removeprefix("--").replace("-", "_")


def _from_environment(key: str, kind: Kind, options: Options) -> Setting | None:
    name = to_variable(key)
    text = os.environ.get(name)
    if not text:
        return None
    value: Any = text
    if kind.many:
        value = text.split(os.pathsep) if kind.type is Path else text.split()
    origin = f"{name} in the environment"
    try:
        return Setting(kind.parse(value), origin)
    except WrongValueError as error:
        if any(kinds[key].accepts(text) for kinds in options.values() if key in kinds):
            return None  # meant for another command
        raise UsageError(
            Code.BAD_CONFIG, f"{origin} {error}", f"Change it, or take it away: unset {name}"
        ) from error


def _from_file(command: Command, key: str, kind: Kind, file: Config) -> Setting | None:
    for table in (command, ()):
        entry = file.find(table, key)
        value = None if entry is None else _expand_home(kind, entry.value)
        if entry is not None and kind.accepts(value):
            return Setting(kind.parse(value), entry.location)
    return None


def _find_problem(entry: Entry, options: Options) -> str | None:
    """Return what is wrong with one entry; None if nothing is."""
    if entry.table and entry.table not in options:
        table = ".".join(entry.table)
        known = {".".join(command) for command in options}
        return f"there is no command for a table [{table}]" + _suggest(table, known)
    candidates = [kinds for command, kinds in options.items() if entry.table in ((), command)]
    fitting = [kinds[entry.key] for kinds in candidates if entry.key in kinds]
    if not fitting:
        who = f"{' '.join(entry.table)} has no" if entry.table else "no command has an"
        known = {key.replace("_", "-") for kinds in candidates for key in kinds}
        name = to_flag(entry.key)
        return f"{who} option {name}" + _suggest(name.removeprefix("--"), known)
    if not entry.table and entry.key in OWN:
        return (
            f"{entry.name} names what one command writes; put it into the table of that command, "
            "such as [scan]"
        )
    if any(kind.accepts(_expand_home(kind, entry.value)) for kind in fitting):
        return None
    try:
        fitting[0].parse(_expand_home(fitting[0], entry.value))
    except WrongValueError as error:
        return f"{entry.name} {error}"
    return None


def _expand_home(kind: Kind, value: Any) -> Any:
    """Expand a leading ~ in a path, since no shell has seen the file."""
    is_home = kind.type is Path and isinstance(value, str) and value.startswith("~")
    return os.path.expanduser(value) if is_home else value  # noqa: PTH111 - stays a text


def _suggest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
