"""Reads sweep files as Weights & Biases does, and refuses what a run cannot do."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from genretag.errors import reason
from genretag_train.config import load_config
from genretag_train.run_folder import VALID_METRICS
from genretag_train.sweep.definition import Choice, Halving, Span, Sweep
from genretag_train.sweep.settings import (
    bad_sweep,
    convert,
    convert_number,
    convert_settings,
    get_field,
    get_type,
)

METHODS = ("bayes", "random", "grid")

# `program`, `command`, `project` and `entity` are for a W&B agent; a run here is genretag's own.
_KEYS = {"program", "command", "project", "entity", "name", "description", "run_cap"}
_KEYS |= {"method", "metric", "parameters", "early_terminate"}


def read_sweep(file: Path) -> Sweep:
    """Read the sweep in a YAML file.

    Raises:
        UsageError: `bad-config`, naming the key that is unknown or has a wrong value.
    """
    raw = _require_table(str(file), _load_yaml(file))
    _require_known(str(file), raw, _KEYS)
    method, metric = raw.get("method"), _require_table("metric", raw.get("metric"))
    _require_one_of("method", method, METHODS)
    _require_known("metric", metric, {"name", "goal", "target"})
    _require_one_of("metric.name", metric.get("name"), VALID_METRICS)
    goal = metric.get("goal", "minimize")
    _require_one_of("metric.goal", goal, ("minimize", "maximize"))
    parameters = _require_table("parameters", raw.get("parameters"))
    sweep = Sweep(
        name=str(raw.get("name") or file.stem),
        method=str(method),
        metric=metric["name"],
        goal=goal,
        parameters={get_field(n): _read_parameter(n, spec) for n, spec in parameters.items()},
        halving=_read_halving(raw.get("early_terminate")),
        run_cap=_require_count("run_cap", raw["run_cap"]) if "run_cap" in raw else None,
        raw=raw,
    )
    if method == "grid":
        _ = sweep.grid  # refused here, where it is born
    return sweep


def _load_yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise bad_sweep(f"{file}: cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise bad_sweep(f"{file}{line}: is not YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise bad_sweep(f"{file}: is not YAML: {reason(error)}") from error


def _read_parameter(name: str, spec: Any) -> Choice | Span:
    key = f"parameters.{name}"
    spec = _require_table(key, spec)
    distribution = spec.get("distribution") or _infer_distribution(spec)
    _require_one_of(f"{key}.distribution", distribution, tuple(DISTRIBUTIONS))
    allowed, read = DISTRIBUTIONS[distribution]
    _require_known(key, spec, {*allowed, "distribution"})
    missing = allowed - {"q"} - set(spec)
    if missing:
        raise bad_sweep(f"{key}: it lacks {' and '.join(sorted(missing))}")
    domain = read(name, spec)
    ends = domain.values if isinstance(domain, Choice) else (domain.low, domain.high)
    for value in ends:  # a value that no run can have is refused before the first run
        load_config(None, convert_settings({name: value}))
    return domain


def _infer_distribution(spec: Mapping[str, Any]) -> str:
    """Return the distribution that W&B takes where the file names none."""
    if "value" in spec:
        return "constant"
    if "values" in spec:
        return "categorical"
    whole = all(type(spec.get(end)) is int for end in ("min", "max"))
    return "int_uniform" if whole else "uniform"


def _read_constant(name: str, spec: Mapping[str, Any]) -> Choice:
    return Choice((convert(name, spec["value"]),))


def _read_choice(name: str, spec: Mapping[str, Any]) -> Choice:
    values = spec["values"]
    if not isinstance(values, list) or not values:
        raise bad_sweep(f"parameters.{name}.values: {values!r} is no list of values")
    return Choice(tuple(dict.fromkeys(convert(name, value) for value in values)))


def _read_span(name: str, spec: Mapping[str, Any], log: bool = False) -> Span:
    if get_type(name) is not float:
        raise bad_sweep(
            f"parameters.{name}: it takes no fractions", "Use int_uniform, q_uniform or values."
        )
    low, high = _read_ends(name, spec)
    if log and low <= 0:
        raise bad_sweep(f"parameters.{name}.min: a logarithm needs more than 0")
    return Span(low, high, log=log)


def _read_steps(name: str, spec: Mapping[str, Any]) -> Span:
    low, high = _read_ends(name, spec)
    step = convert_number(f"parameters.{name}.q", spec.get("q", 1))
    if not step > 0:
        raise bad_sweep(f"parameters.{name}.q: it must be above 0")
    return Span(round(low / step) * step, round(high / step) * step, step)  # as W&B rounds


DISTRIBUTIONS: Mapping[
    str, tuple[set[str], Callable[[str, Mapping[str, Any]], Choice | Span]]
] = {
    "constant": ({"value"}, _read_constant),
    "categorical": ({"values"}, _read_choice),
    "uniform": ({"min", "max"}, _read_span),
    "log_uniform_values": ({"min", "max"}, lambda name, spec: _read_span(name, spec, log=True)),
    "q_uniform": ({"min", "max", "q"}, _read_steps),
    "int_uniform": ({"min", "max"}, _read_steps),
}  # fmt: skip
"""The keys that a distribution may have, and what reads it."""


def _read_ends(name: str, spec: Mapping[str, Any]) -> tuple[float, float]:
    low, high = (convert_number(f"parameters.{name}.{end}", spec[end]) for end in ("min", "max"))
    if not low < high:
        raise bad_sweep(f"parameters.{name}: min {low:g} is not below max {high:g}")
    return low, high


def _read_halving(spec: Any) -> Halving | None:
    """Read W&B's hyperband: it halves at min_iter, or else starts at max_iter / eta^s."""
    if spec is None:
        return None
    key = "early_terminate"
    spec = _require_table(key, spec)
    _require_known(key, spec, {"type", "min_iter", "max_iter", "s", "eta", "strict"})
    _require_one_of(f"{key}.type", spec.get("type"), ("hyperband",))
    counts = {k: _require_count(f"{key}.{k}", v) for k, v in spec.items() if type(v) is int}
    factor = max(2, counts.get("eta", 3))
    if "min_iter" in counts:
        return Halving(counts["min_iter"], factor)
    if {"max_iter", "s"} <= counts.keys():
        return Halving(max(1, counts["max_iter"] // factor ** counts["s"]), factor)
    raise bad_sweep(f"{key}: it lacks min_iter, or max_iter and s")


def _require_count(key: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise bad_sweep(f"{key}: {value!r} is not a whole number above 0")
    return value


def _require_table(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise bad_sweep(f"{key}: {value!r} is no table of keys and values")
    return value


def _require_known(key: str, table: Mapping[str, Any], known: set[str]) -> None:
    for name in table:
        if name not in known:
            names = ", ".join(sorted(known))
            raise bad_sweep(f"{key}: there is no key '{name}' here", f"Known: {names}.")


def _require_one_of(key: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise bad_sweep(f"{key}: it is {value!r}", f"Known: {', '.join(known)}.")
