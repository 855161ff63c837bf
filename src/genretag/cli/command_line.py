"""Formats commands as a person typed them, to be shown, kept or run again."""

import shlex
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperOption

from genretag.cli.settings import to_flag, to_key

_TYPED = frozenset({"COMMANDLINE"})
_CHOSEN = _TYPED | {"ENVIRONMENT", "DEFAULT_MAP"}


def format_command(ctx: typer.Context, *added: str, without: tuple[str, ...] = ()) -> str:
    """Return the command line of `ctx` with the words `added`, and without some of its own.

    Args:
        ctx: of a command.
        added: words of options.
        without: names of parameters to leave out.
    """
    assert ctx.info_name is not None
    arguments = [
        word
        for parameter in ctx.command.params
        if not isinstance(parameter, TyperOption)
        for word in _to_words(ctx.params[str(parameter.name)])
    ]
    end = ["--"] if any(word.startswith("-") for word in arguments) else []
    options = _list_options(ctx, _TYPED, without)
    return shlex.join(["genretag", ctx.info_name, *added, *options, *end, *arguments])


def format_options(ctx: typer.Context) -> str:
    """Return the options that hold for `ctx`, wherever they were given, as on a command line."""
    return shlex.join(_list_options(ctx, _CHOSEN))


def is_typed(ctx: typer.Context, name: str) -> bool:
    """Tell whether the option `name` was given on the command line."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name in _TYPED


def _list_options(
    ctx: typer.Context, sources: frozenset[str], without: tuple[str, ...] = ()
) -> Iterator[str]:
    """Yield flags and values of the options that were given in one of `sources`."""
    for parameter in ctx.command.params:
        name = str(parameter.name)
        source = ctx.get_parameter_source(name)
        if not isinstance(parameter, TyperOption) or name in without:
            continue
        if source is None or source.name not in sources:
            continue
        flag, value = to_flag(to_key(parameter.opts)), ctx.params[name]
        if isinstance(value, bool):
            yield from [flag] if value else []
        else:
            for word in _to_words(value):
                yield from (flag, word)


def _to_words(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(word) for word in value] if isinstance(value, list | tuple) else [str(value)]
