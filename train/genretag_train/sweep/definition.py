"""A sweep file as Weights & Biases reads it: which settings are tried, and what is best."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import prod
from pathlib import Path
from typing import Any, Literal

import yaml

from genretag.errors import Code, UsageError, reason
from genretag_train.config import KINDS, TrainConfig, load_config

METHODS = ("bayes", "random", "grid")
METRICS = ("val_loss", "val_accuracy", "val_f1_weighted", "val_f1_macro")
"""Columns of `curves.csv` that a sweep may choose by: of the valid side, never of the test side."""

Setting = bool | int | float | str

# `program`, `command`, `project` and `entity` are for a W&B agent; a run here is genretag's own.
_KEYS = {"program", "command", "project", "entity", "name", "description", "run_cap"}
_KEYS |= {"method", "metric", "parameters", "early_terminate"}


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
    """What a sweep file says; `raw` is all of it, as a W&B agent wants it."""

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
        found = self.parameters.items()
        return {n: p.values[0] for n, p in found if isinstance(p, Choice) and len(p.values) == 1}

    @property
    def tried(self) -> dict[str, Choice | Span]:
        """The settings that differ from trial to trial."""
        return {n: p for n, p in self.parameters.items() if n not in self.constants}

    @property
    def grid(self) -> dict[str, tuple[Setting, ...]]:
        """Every value of each setting that is tried; UsageError where there is no end of them."""
        return {name: _every(name, domain) for name, domain in self.tried.items()}

    @property
    def grid_size(self) -> int:
        """How many trials try everything."""
        return prod(map(len, self.grid.values()))


def read(file: Path) -> Sweep:
    """The sweep in a YAML file.

    Raises:
        UsageError: `bad-config`, naming the key that is unknown or has a wrong value.
    """
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refused(f"{file}: cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise _refused(f"{file}{line}: is not YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _refused(f"{file}: is not YAML: {reason(error)}") from error
    raw = _table(str(file), raw)
    _known(str(file), raw, _KEYS)
    method, metric = raw.get("method"), _table("metric", raw.get("metric"))
    _one_of("method", method, METHODS)
    _known("metric", metric, {"name", "goal", "target"})
    _one_of("metric.name", metric.get("name"), METRICS)
    goal = metric.get("goal", "minimize")
    _one_of("metric.goal", goal, ("minimize", "maximize"))
    given = _table("parameters", raw.get("parameters"))
    sweep = Sweep(
        name=str(raw.get("name") or file.stem),
        method=str(method),
        metric=metric["name"],
        goal=goal,
        parameters={_setting(name): _domain(name, spec) for name, spec in given.items()},
        halving=_halving(raw.get("early_terminate")),
        run_cap=_whole("run_cap", raw["run_cap"]) if "run_cap" in raw else None,
        raw=raw,
    )
    if method == "grid":
        _ = sweep.grid  # refused here, where it is born
    return sweep


def settings(given: Mapping[str, Any]) -> dict[str, Setting]:
    """Settings under the names and in the types of `TrainConfig`, from a sweep's own."""
    return {_setting(name): _typed(name, value) for name, value in given.items()}


def _setting(name: str) -> str:
    field = str(name).replace("-", "_")
    if field not in {entry.name for entry in fields(TrainConfig)}:
        raise _refused(
            f"parameters.{name}: there is no such setting", "`genretag train --help` lists them."
        )
    return field


def _type(name: str) -> type:
    [entry] = [entry for entry in fields(TrainConfig) if entry.name == _setting(name)]
    return type(entry.default)


def _domain(name: str, spec: Any) -> Choice | Span:
    spec = _table(f"parameters.{name}", spec)
    kind = spec.get("distribution") or _kind(spec)
    _one_of(f"parameters.{name}.distribution", kind, tuple(DISTRIBUTIONS))
    allowed, made = DISTRIBUTIONS[kind]
    _known(f"parameters.{name}", spec, {*allowed, "distribution"})
    missing = allowed - {"q"} - set(spec)
    if missing:
        raise _refused(f"parameters.{name}: it lacks {' and '.join(sorted(missing))}")
    domain = made(name, spec)
    ends = domain.values if isinstance(domain, Choice) else (domain.low, domain.high)
    for value in ends:  # a value that no run can have is refused before the first run
        load_config(None, {_setting(name): _typed(name, value)})
    return domain


def _kind(spec: Mapping[str, Any]) -> str:
    """The distribution that W&B takes where the file names none."""
    if "value" in spec:
        return "constant"
    if "values" in spec:
        return "categorical"
    whole = all(type(spec.get(end)) is int for end in ("min", "max"))
    return "int_uniform" if whole else "uniform"


def _constant(name: str, spec: Mapping[str, Any]) -> Choice:
    return Choice((_typed(name, spec["value"]),))


def _categorical(name: str, spec: Mapping[str, Any]) -> Choice:
    values = spec["values"]
    if not isinstance(values, list) or not values:
        raise _refused(f"parameters.{name}.values: {values!r} is no list of values")
    return Choice(tuple(dict.fromkeys(_typed(name, value) for value in values)))


def _uniform(name: str, spec: Mapping[str, Any], log: bool = False) -> Span:
    if _type(name) is not float:
        raise _refused(
            f"parameters.{name}: it takes no fractions", "Use int_uniform, q_uniform or values."
        )
    low, high = _ends(name, spec)
    if log and low <= 0:
        raise _refused(f"parameters.{name}.min: a logarithm needs more than 0")
    return Span(low, high, log=log)


def _stepped(name: str, spec: Mapping[str, Any]) -> Span:
    low, high = _ends(name, spec)
    step = _number(f"parameters.{name}.q", spec.get("q", 1))
    if not step > 0:
        raise _refused(f"parameters.{name}.q: it must be above 0")
    return Span(round(low / step) * step, round(high / step) * step, step)  # as W&B rounds


DISTRIBUTIONS: Mapping[
    str, tuple[set[str], Callable[[str, Mapping[str, Any]], Choice | Span]]
] = {
    "constant": ({"value"}, _constant),
    "categorical": ({"values"}, _categorical),
    "uniform": ({"min", "max"}, _uniform),
    "log_uniform_values": ({"min", "max"}, lambda name, spec: _uniform(name, spec, log=True)),
    "q_uniform": ({"min", "max", "q"}, _stepped),
    "int_uniform": ({"min", "max"}, _stepped),
}  # fmt: skip
"""The keys that a distribution may have, and what is made of them."""


def _ends(name: str, spec: Mapping[str, Any]) -> tuple[float, float]:
    low, high = (_number(f"parameters.{name}.{end}", spec[end]) for end in ("min", "max"))
    if not low < high:
        raise _refused(f"parameters.{name}: min {low:g} is not below max {high:g}")
    return low, high


def _every(name: str, domain: Choice | Span) -> tuple[Setting, ...]:
    if isinstance(domain, Choice):
        return domain.values
    if domain.step is None:
        raise _refused(f"parameters.{name}: a grid needs values, not a range")
    steps = range(round((domain.high - domain.low) / domain.step) + 1)
    return tuple(_typed(name, domain.low + step * domain.step) for step in steps)


def _typed(name: str, value: Any) -> Setting:
    """`value` in the type of the setting."""
    wanted = _type(name)
    if wanted is float and type(value) is not bool:
        return _number(f"parameters.{name}", value)
    if wanted is int and type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not wanted:
        raise _refused(f"parameters.{name}: {value!r} is not {KINDS[wanted]}")
    return wanted(value)  # type: ignore[no-any-return]


def _number(place: str, value: Any) -> float:
    # YAML takes 1e-3 for text, as it lacks a dot.
    text = isinstance(value, str) and re.fullmatch(r"[-+.\deE]+", value)
    try:
        if text or type(value) in (int, float):
            return float(value)
    except ValueError:
        pass
    raise _refused(f"{place}: {value!r} is not a number")


def _whole(place: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise _refused(f"{place}: {value!r} is not a whole number above 0")
    return value


def _halving(spec: Any) -> Halving | None:
    """W&B's hyperband halves at min_iter, or else starts at max_iter / eta^s."""
    if spec is None:
        return None
    spec = _table("early_terminate", spec)
    _known("early_terminate", spec, {"type", "min_iter", "max_iter", "s", "eta", "strict"})
    _one_of("early_terminate.type", spec.get("type"), ("hyperband",))
    whole = {k: _whole(f"early_terminate.{k}", v) for k, v in spec.items() if type(v) is int}
    factor = max(2, whole.get("eta", 3))
    if "min_iter" in whole:
        return Halving(whole["min_iter"], factor)
    if {"max_iter", "s"} <= whole.keys():
        return Halving(max(1, whole["max_iter"] // factor ** whole["s"]), factor)
    raise _refused("early_terminate: it lacks min_iter, or max_iter and s")


def _table(place: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise _refused(f"{place}: {value!r} is no table of keys and values")
    return value


def _known(place: str, table: Mapping[str, Any], keys: set[str]) -> None:
    for key in table:
        if key not in keys:
            known = ", ".join(sorted(keys))
            raise _refused(f"{place}: there is no key '{key}' here", f"Known: {known}.")


def _one_of(place: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise _refused(f"{place}: it is {value!r}", f"Known: {', '.join(known)}.")


def _refused(message: str, hint: str = "Correct the sweep file.") -> UsageError:
    return UsageError(Code.BAD_CONFIG, message, hint)
