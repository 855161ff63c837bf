"""Reads what options accept from how commands declare them.

Typer checks values as well, in words that differ from version to version.
"""

import inspect
import json
import math
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from typer.models import ParameterInfo

_PERCENT = 10  # from here on nobody means a share who writes a number
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class WrongValueError(ValueError):
    """An option does not accept a value; the text continues a sentence that begins with it."""


@dataclass(frozen=True)
class Kind:
    """The values of one option or argument.

    Attributes:
        type: bool, int, float, str or Path, of one value.
        many: whether it takes a list of them.
        choices: all values that there are, if they can be counted.
        low, high: the limits of a number, both included.
        path: which paths it accepts.
    """

    type: type
    many: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    path: ParameterInfo | None = None

    @classmethod
    def of(cls, annotation: Any) -> "Kind":
        """Return the kind that `Annotated[TYPE, typer.Option(...)]` declares."""
        info = None
        if get_origin(annotation) is Annotated:
            annotation, info, *_ = get_args(annotation)
        if get_origin(annotation) in (Union, types.UnionType):
            annotation = next(one for one in get_args(annotation) if one is not types.NoneType)
        many = get_origin(annotation) is list
        if many:
            (annotation,) = get_args(annotation)
        choices = get_args(annotation) if get_origin(annotation) is Literal else ()
        return cls(
            type=str if choices else annotation,
            many=many,
            choices=tuple(choices),
            low=getattr(info, "min", None),
            high=getattr(info, "max", None),
            path=info if annotation is Path and isinstance(info, ParameterInfo) else None,
        )

    @property
    def description(self) -> str:
        """What it accepts, in words."""
        if self.choices:
            *some, last = self.choices
            return f"{', '.join(some)} or {last}" if some else last
        if self.type in (int, float):
            return self._number
        return {bool: "true or false", Path: "a path"}.get(self.type, "text")

    @property
    def _number(self) -> str:
        if self.is_share:
            return f"a share between {self.low or 0:g} and {self.high:g}"
        name = "a whole number" if self.type is int else "a number"
        if self.high is not None:
            return f"{name} from {self.low or 0:g} to {self.high:g}"
        return name if self.low is None else f"{name} of at least {self.low:g}"

    @property
    def is_share(self) -> bool:
        """Whether it is a part of a whole."""
        return self.type is float and self.high is not None and self.high <= 1

    def parse(self, value: Any) -> Any:
        """Turn `value`, a text or as TOML has it, into the type of the option.

        Raises:
            WrongValueError: the option does not accept it.

        >>> Kind(int, many=True).parse("7")
        [7]
        """
        if self.many:
            values = value if isinstance(value, list | tuple) else [value]
            return [self._parse_one(one) for one in values]
        return self._parse_one(value)

    def accepts(self, value: Any) -> bool:
        """Return whether `parse` takes `value`."""
        try:
            self.parse(value)
        except WrongValueError:
            return False
        return True

    def _parse_one(self, value: Any) -> Any:
        if self.type in (int, float):
            return self._parse_number(value)
        if self.type is bool:
            return self._parse_switch(value)
        if not isinstance(value, str | Path) or (self.choices and value not in self.choices):
            raise self._wrong(value)
        if self.path is not None:
            _check_path(Path(value), self.path)
        return value

    def _parse_switch(self, value: Any) -> bool:
        text = value.casefold() if isinstance(value, str) else value
        if text is True or text in _YES:
            return True
        if text is False or text in _NO:
            return False
        raise self._wrong(value)

    def _parse_number(self, value: Any) -> float:
        number = _to_number(value)
        if number is None or (self.type is int and number != int(number)):
            raise self._wrong(value)
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= number <= high:
            raise self._wrong(value)
        return int(number) if self.type is int else number

    def _wrong(self, value: Any) -> WrongValueError:
        is_word = isinstance(value, str) and len(value.split()) == 1
        shown = value if is_word else json.dumps(value, ensure_ascii=False, default=str)
        guess = self._guess_share(value) if self.is_share else None
        proposal = "" if guess is None else f": did you mean {guess:g}?"
        return WrongValueError(f"must be {self.description}, not {shown}{proposal}")

    def _guess_share(self, value: Any) -> float | None:
        """Return the share that somebody means who writes 80, 80% or 0,8."""
        text = str(value).strip().replace(",", ".")
        number = _to_number(text.removesuffix("%"))
        if number is None:
            return None
        share = number / 100 if text.endswith("%") or number >= _PERCENT else number
        return share if (self.low or 0) <= share <= (self.high or 1) else None


@cache
def read_kinds(callback: Callable[..., Any]) -> Mapping[str, Kind]:
    """Return the kinds of a command's options and arguments, by the names of its parameters."""
    parameters = inspect.signature(callback).parameters.values()
    return {
        one.name: Kind.of(one.annotation)
        for one in parameters
        if get_origin(one.annotation) is Annotated
    }


def _to_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _check_path(path: Path, wanted: ParameterInfo) -> None:
    is_there = is_dir = is_file = False
    with suppress(OSError):  # before Python 3.14 a name that is too long is an error
        is_there, is_dir, is_file = path.exists(), path.is_dir(), path.is_file()
    if wanted.exists and not is_there:
        raise WrongValueError(f"names {path}, which does not exist")
    if is_dir and not wanted.dir_okay:
        raise WrongValueError(f"must be a file, and {path} is a folder")
    if is_file and not wanted.file_okay:
        raise WrongValueError(f"must be a folder, and {path} is a file")
