"""Reads the JSON that Essentia publishes beside each of its models."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genretag.errors import Code, UsageError, reason, shorten

MOST_BYTES = 4 << 20
"""Of a JSON file, at most; Essentia's have some 15 kB."""
MOST_CLASSES = 10_000
"""Of a model, at most; Essentia's largest have 519."""
_LONGEST_TEXT = 10_000
_LONGEST_NAME = 200
_LONGEST_CLASS = 100
_FASTEST_HZ = 1_000_000
_MOST_SIDE = 2**20
_MOST_TENSORS = 100
"""Inputs or outputs of a graph that are described, and sides of each."""


@dataclass(frozen=True)
class TensorDescription:
    """An input or output of a graph, as the metadata describe it.

    Attributes:
        name: of the tensor; another one than in the ONNX file where that was converted.
        shape: its sides; 0 where one is not said.
        op: the operation that makes it, such as Sigmoid; empty where it is not said.
        purpose: `predictions`, `embeddings` or empty.
    """

    name: str
    shape: tuple[int, ...]
    op: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class Metadata:
    """Describes a model beside its graph.

    Attributes:
        name: of the model.
        version: of the model.
        classes: names of the predictions, in their order.
        algorithm: of Essentia, that runs the model.
        embedding_algorithm: of Essentia, that makes the input of a head; empty for other models.
        rate_hz: sample rate; 0 where it is not said.
        inputs: of the graph.
        outputs: of the graph.
        licence: of the weights; empty where it is not said.
        source: what else is said, for people: author, link, citation, and so on.
    """

    name: str
    version: str
    classes: tuple[str, ...]
    algorithm: str
    embedding_algorithm: str
    rate_hz: int
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]
    licence: str
    source: Mapping[str, str]

    def find_output(self, purpose: str) -> TensorDescription | None:
        """Return the output for a purpose; None where there is none."""
        return next((one for one in self.outputs if one.purpose == purpose), None)


def read_metadata(path: Path) -> Metadata:
    """Read the metadata of a model.

    Raises:
        UsageError: `bad-metadata`, the file cannot be read, is larger than 4 MB, is no JSON, or
            its entries are not those that Essentia publishes.
    """
    if path.exists() and not path.is_file():
        raise _wrong(path, "it is no file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(
            Code.BAD_METADATA,
            f"{path}: the metadata cannot be read: {reason(error)}",
            "Name the JSON file that was published with the model: --metadata FILE.json.",
        ) from error
    if len(content) > MOST_BYTES:
        raise _wrong(path, f"it is larger than {MOST_BYTES >> 20} MB")
    try:
        return _parse(json.loads(content))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError,
            OverflowError) as error:  # fmt: skip
        raise _wrong(path, reason(error)) from error


def _parse(entries: Mapping[str, Any]) -> Metadata:
    inference = entries["inference"]
    embedding = inference.get("embedding_model") or entries.get("embedding_model") or {}
    schema = entries["schema"]
    dataset = entries.get("dataset") or {}
    texts = {
        "purpose": entries.get("type"),
        "about": entries.get("description"),
        "author": entries.get("author"),
        "link": entries.get("link"),
        "released": entries.get("release_date"),
        "dataset": dataset.get("name") if isinstance(dataset, dict) else dataset,
        "citation": entries.get("citation"),
    }
    return Metadata(
        name=_name(entries["name"], "name"),
        version=_name(str(entries.get("version", "")), "version"),
        classes=_classes(entries.get("classes") or []),
        algorithm=_name(inference["algorithm"], "inference.algorithm"),
        embedding_algorithm=_name(embedding.get("algorithm", ""), "embedding_model.algorithm"),
        rate_hz=_number(inference.get("sample_rate") or 0, "inference.sample_rate"),
        inputs=tuple(map(_tensor, schema["inputs"][:_MOST_TENSORS])),
        outputs=tuple(map(_tensor, schema["outputs"][:_MOST_TENSORS])),
        licence=_name(entries.get("license") or entries.get("licence") or "", "license"),
        source={name: _text(text, name) for name, text in texts.items() if text},
    )


def _classes(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list):
        raise ValueError("classes must be a list")
    if len(names) > MOST_CLASSES:
        raise ValueError(f"it has {len(names):,} classes, and at most {MOST_CLASSES:,} are taken")
    for name in names:
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_CLASS:
            raise ValueError(f"a class must have a name of up to {_LONGEST_CLASS} characters")
        _name(name, "a class")
    return tuple(names)


def _tensor(entries: Mapping[str, Any]) -> TensorDescription:
    sides = entries.get("shape") or []
    if not isinstance(sides, list) or len(sides) > _MOST_TENSORS:
        raise ValueError("the shape of a tensor must be a short list")
    if any(type(side) is int and side > _MOST_SIDE for side in sides):
        raise ValueError(f"the sides of a tensor may be up to {_MOST_SIDE:,}")
    return TensorDescription(
        _name(entries["name"], "the name of a tensor"),
        # "batch_size", -1 and null all stand for a side that is left open.
        tuple(side if type(side) is int and side > 0 else 0 for side in sides),
        _name(entries.get("op") or "", "op"),
        _name(entries.get("output_purpose") or "", "output_purpose"),
    )


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text")
    if len(value) > _LONGEST_TEXT:
        raise ValueError(f"{name} has more than {_LONGEST_TEXT:,} characters")
    if not value.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable():
        raise ValueError(f"{name} has characters that cannot be shown: {shorten(value)!r}")
    return value


def _name(value: Any, name: str) -> str:
    """Return a text of one line."""
    if len(_text(value, name)) > _LONGEST_NAME or not value.isprintable():
        raise ValueError(
            f"{name} must be one line of up to {_LONGEST_NAME} characters that can be shown, "
            f"not {shorten(value)!r}"
        )
    return str(value)


def _number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"{name} must be a whole number")
    if not 0 <= value <= _FASTEST_HZ:
        raise ValueError(f"{name} must lie in 0 to {_FASTEST_HZ:,}")
    return int(value)


def _wrong(path: Path, why: str) -> UsageError:
    return UsageError(
        Code.BAD_METADATA,
        f"{path}: this is not the metadata of a model: {why}",
        "Take the JSON file that Essentia publishes beside the ONNX file.",
    )
