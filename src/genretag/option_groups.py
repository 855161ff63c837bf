"""Lets a command take a dataclass in place of the options that are its fields."""

import inspect
from collections.abc import Callable, Container, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, get_origin, get_type_hints

Command = Callable[..., None]


def with_options(*, without: Container[str] = (), **groups: type) -> Callable[[Command], Command]:
    """Give a command the fields of its dataclasses as options, and the command the objects.

    A field is an option if it is declared as Typer does it: `Annotated[TYPE, typer.Option(...)]`.

    Args:
        without: names of fields that this command does not offer; they keep their defaults.
        groups: dataclasses for parameters whose own annotation is none.
    """

    def expand(command: Command) -> Command:
        parameters: list[inspect.Parameter] = []
        expanded: dict[str, tuple[type, list[str]]] = {}
        for parameter in inspect.signature(command).parameters.values():
            group = groups.get(parameter.name, parameter.annotation)
            if is_dataclass(group) and isinstance(group, type):
                options = [one for one in _list_options(group) if one.name not in without]
                expanded[parameter.name] = group, [one.name for one in options]
                parameters += options
            else:
                parameters.append(parameter)

        @wraps(command)
        def call(**values: Any) -> None:
            for name, (group, options) in expanded.items():
                values[name] = group(**{option: values.pop(option) for option in options})
            command(**values)

        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {one.name: one.annotation for one in parameters}
        return call

    return expand


def _list_options(group: Any) -> Iterator[inspect.Parameter]:
    """Yield a parameter for each field that is declared as an option."""
    types = get_type_hints(group, include_extras=True)
    for entry in fields(group):
        if get_origin(types[entry.name]) is Annotated:
            yield inspect.Parameter(
                entry.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=entry.default,
                annotation=types[entry.name],
            )
