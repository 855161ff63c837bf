"""Formats outcomes and results: for people, scripts and spreadsheets."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TextIO, get_args

if TYPE_CHECKING:
    from genretag.domain.outcome import Outcome

Report = Callable[["Outcome"], None]
"""Writes one outcome."""

Format = Literal["human", "jsonl", "csv"]
"""The values of `--format`. Each is a module here with a function `reporter(stream)`."""


def _open(name: str, stream: TextIO) -> Report:
    # Commands that report no outcomes do not wait for these imports.
    report: Report = import_module(f"{__name__}.{name}").reporter(stream)
    return report


REPORTERS: Mapping[str, Callable[[TextIO], Report]] = {
    name: partial(_open, name) for name in get_args(Format)
}
"""By format, what takes a stream and returns what writes one outcome to it."""
