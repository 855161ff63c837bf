"""Gives commands back as a person typed them, to be shown, kept or run again."""

import shlex
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperOption

_TYPED = frozenset({"COMMANDLINE"})
_CHOSEN = _TYPED | {"ENVIRONMENT", "DEFAULT_MAP"}


def command(ctx: typer.Context, *added: str, without: tuple[str, ...] = ()) -> str:
    """The command line of `ctx` with the options `added`, and without some of its own.

    Args:
        ctx: of a command.
        added: words of options.
        without: names of parameters to leave out.
    """
    assert ctx.info_name is not None
    arguments = [word for name in _arguments(ctx) for word in _words(ctx.params[name])]
    end = ["--"] if any(word.startswith("-") for word in arguments) else []
    kept = _options(ctx, _TYPED, without)
    return shlex.join(["genretag", ctx.info_name, *added, *kept, *end, *arguments])


def options(ctx: typer.Context) -> str:
    """The options that hold for `ctx`, wherever they were given, as on a command line."""
    return shlex.join(_options(ctx, _CHOSEN))


def _options(
    ctx: typer.Context, sources: frozenset[str], without: tuple[str, ...] = ()
) -> Iterator[str]:
    for parameter in ctx.command.params:
        name = str(parameter.name)
        source = ctx.get_parameter_source(name)
        if not isinstance(parameter, TyperOption) or name in without:
            continue
        if source is not None and source.name in sources:
            yield from _option(max(parameter.opts, key=len), ctx.params[name])


def _option(flag: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield from [flag] if value else []
    else:
        for word in _words(value):
            yield from (flag, word)


def _arguments(ctx: typer.Context) -> list[str]:
    named = (parameter for parameter in ctx.command.params)
    return [str(found.name) for found in named if not isinstance(found, TyperOption)]


def _words(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(word) for word in value] if isinstance(value, list | tuple) else [str(value)]
