"""Settings of a run as a sweep file gives them: their names, and values in their types."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from genretag.errors import Code, UsageError
from genretag_train.config import KINDS, TrainConfig

Setting = bool | int | float | str

_TYPES: Mapping[str, type] = {entry.name: type(entry.default) for entry in fields(TrainConfig)}


def convert_settings(values: Mapping[str, Any]) -> dict[str, Setting]:
    """Return settings under the names and in the types of `TrainConfig`; UsageError for others.

    >>> convert_settings({"learning-rate": "1e-3", "hidden": 8.0})
    {'learning_rate': 0.001, 'hidden': 8}
    """
    return {get_field(name): convert(name, value) for name, value in values.items()}


def get_field(name: str) -> str:
    """Return the field of `TrainConfig` that a setting is; UsageError if there is none."""
    field = str(name).replace("-", "_")
    if field not in _TYPES:
        raise bad_sweep(
            f"parameters.{name}: there is no such setting", "`genretag train --help` lists them."
        )
    return field


def get_type(name: str) -> type:
    """Return the type of a setting; UsageError if there is no such setting."""
    return _TYPES[get_field(name)]


def convert(name: str, value: Any) -> Setting:
    """Return `value` in the type of the setting; UsageError if it has another."""
    wanted = get_type(name)
    if wanted is float and type(value) is not bool:
        return convert_number(f"parameters.{name}", value)
    if wanted is int and type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not wanted:
        raise bad_sweep(f"parameters.{name}: {value!r} is not {KINDS[wanted]}")
    return wanted(value)  # type: ignore[no-any-return]


def convert_number(key: str, value: Any) -> float:
    """Return `value` as a number; UsageError, naming `key`, if it is none."""
    # YAML takes 1e-3 for text, as it lacks a dot.
    text = isinstance(value, str) and re.fullmatch(r"[-+.\deE]+", value)
    try:
        if text or type(value) in (int, float):
            return float(value)
    except ValueError:
        pass
    raise bad_sweep(f"{key}: {value!r} is not a number")


def bad_sweep(message: str, hint: str = "Correct the sweep file.") -> UsageError:
    """Return the error for a sweep file that cannot be used."""
    return UsageError(Code.BAD_CONFIG, message, hint)
