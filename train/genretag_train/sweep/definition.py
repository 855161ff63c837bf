"""A sweep: which settings are tried, and what is best."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from genretag_train.sweep.settings import Setting, bad_sweep, convert


@dataclass(frozen=True)
class Choice:
    """A setting that takes one of some values; a constant, if there is but one."""

    values: tuple[Setting, ...]


@dataclass(frozen=True)
class Span:
    """A number in [low, high], in whole steps if `step` is given, else even in its log if `log`."""

    low: float
    high: float
    step: float | None = None
    log: bool = False


@dataclass(frozen=True)
class Halving:
    """Successive halving: after `first` epochs, and each `factor` times as many, 1/factor stay."""

    first: int
    factor: int


@dataclass(frozen=True)
class Sweep:
    """The content of a sweep file; `raw` is all of it, as a W&B agent wants it."""

    name: str
    method: str
    metric: str
    goal: Literal["minimize", "maximize"]
    parameters: Mapping[str, Choice | Span]
    halving: Halving | None
    run_cap: int | None
    raw: Mapping[str, Any]

    @property
    def constants(self) -> dict[str, Setting]:
        """The settings that all trials share."""
        pairs = self.parameters.items()
        return {n: p.values[0] for n, p in pairs if isinstance(p, Choice) and len(p.values) == 1}

    @property
    def tried(self) -> dict[str, Choice | Span]:
        """The settings that differ from trial to trial."""
        return {n: p for n, p in self.parameters.items() if n not in self.constants}

    @property
    def grid(self) -> dict[str, tuple[Setting, ...]]:
        """Every value of each setting that is tried; UsageError where there is no end of them."""
        return {name: _list_values(name, domain) for name, domain in self.tried.items()}

    @property
    def grid_size(self) -> int:
        """The number of trials of the whole grid."""
        return prod(map(len, self.grid.values()))


def _list_values(name: str, domain: Choice | Span) -> tuple[Setting, ...]:
    if isinstance(domain, Choice):
        return domain.values
    if domain.step is None:
        raise bad_sweep(f"parameters.{name}: a grid needs values, not a range")
    steps = range(round((domain.high - domain.low) / domain.step) + 1)
    return tuple(convert(name, domain.low + step * domain.step) for step in steps)
