"""Published files that were changed at random: a model that scores, or a coded refusal.

GENRETAG_FUZZ_S is how many seconds the second test goes on, which is `slow`.
"""

import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import hostile_files as hostile
import onnx
import published_models as published
import pytest
from command import COMMAND
from google.protobuf.message import Message

from genretag.errors import Code, GenretagError
from genretag.inference.importing.build import PublishedModel, build_model
from genretag.inference.session import load
from genretag.library.resources import limited_memory
from genretag.pipeline.import_model import check_model

CASES = 600
SECONDS = float(os.environ.get("GENRETAG_FUZZ_S", "600"))
WORKERS = 2
EXPECTED = {Code.MODEL_INVALID, Code.BAD_METADATA, Code.UNKNOWN_ALGORITHM, Code.UNKNOWN_MODEL}

NUMBERS = (0, 1, -1, 2, 7, 64, 2**16, 2**20, 2**31 - 1, 2**31, 2**40, 2**62, -(2**63))
REALS = (0.0, -1.0, 1e38, 1e-38, float("nan"), float("inf"))
TEXTS = ("", "x", "activations", "melspectrogram", "Sigmoid", "Softmax", "Loop", "Cast", "Reshape",
         "\x1b[2J\u202e", "x" * 5000, "ai.onnx.ml")  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 16000, 10**30, 1.5, float("nan"), float("inf"), "", "x", "\ud800", "\x1b[2J",
    "TensorflowPredictMAEST", "Sigmoid", "Softmax", "embeddings", [], {}, [0], ["a", "b"], {"a": 1},
    list(range(50)), ["Style 1"] * 10, [f"Style {n}" for n in range(10)], "x" * 20_000,
)  # fmt: skip


@cache
def seeds() -> tuple[tuple[onnx.ModelProto, dict[str, Any]], ...]:
    """Honest pairs of a graph and its metadata, of several forms."""
    graphs = (
        published.small(),
        published.small(batch=64),
        published.small(activation="Softmax", classes=6),
        hostile.loop(3),
        hostile.ODD["branches in branches"](),
    )
    return tuple(
        (graph, published.metadata(graph, published.many_classes(6 if n == 2 else 10)))
        for n, graph in enumerate(graphs)
    )


def flip(content: bytes, draw: random.Random) -> bytes:
    """Change, cut out, double or splice runs of bytes; most of a net are its weights."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 3, 10))):
        at, run = draw.randrange(len(data)), draw.choice((1, 2, 8, 100))
        match draw.randrange(5):
            case 0:
                data[at] ^= 1 << draw.randrange(8)
            case 1:
                del data[at : at + run]
            case 2:
                data[at:at] = data[at : at + run]
            case 3:
                other = draw.randrange(len(data))
                data[at : at + run] = data[other : other + run]
            case _:
                data[at : at + 4] = draw.choice((b"\xff" * 4, bytes(4), b"\x80\x80\x80\x01"))
        if not data:
            return b"\0"
    return bytes(data)


def edit(message: Message, draw: random.Random) -> None:
    """Change one field of a message, or of one inside it."""
    filled = message.ListFields()
    if not filled:
        return
    field, value = draw.choice(filled)
    is_many = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3
    if field.message_type and draw.random() < 0.85:
        edit(draw.choice(value) if is_many else value, draw)
    elif draw.random() < 0.3:
        message.ClearField(field.name)
    elif field.message_type:
        if is_many:
            _reorder(value, draw)
    elif is_many:
        _put(value, draw.randrange(len(value)), _replace(value[0], draw))
    else:
        new = _replace(value, draw)
        try:
            setattr(message, field.name, new)
        except (ValueError, TypeError):  # such as a number that has no name in an enumeration
            message.ClearField(field.name)


def _replace(value: Any, draw: random.Random) -> Any:
    if isinstance(value, float):
        return draw.choice(REALS)
    if isinstance(value, int):
        return draw.choice(NUMBERS)
    if isinstance(value, bytes):
        return flip(value, draw) if value else b"x"
    return draw.choice(TEXTS)


def _put(values: Any, at: int, new: Any) -> None:
    try:
        values[at] = new
    except (ValueError, TypeError):
        del values[at]


def _reorder(values: Any, draw: random.Random) -> None:
    """Leave one out, double it or put it last."""
    at = draw.randrange(len(values))
    one = values[at]
    copy = type(one)()
    copy.CopyFrom(one)
    if draw.random() < 0.6:
        del values[at]
    if draw.random() < 0.6:
        values.append(copy)


def edit_entries(entries: Any, draw: random.Random) -> Any:
    """Change one entry of JSON, or of a table or list inside it."""
    keys: list[Any] = list(entries) if isinstance(entries, dict) else []
    keys = list(range(len(entries))) if isinstance(entries, list) else keys
    if not keys or draw.random() < 0.1:
        return draw.choice(VALUES)
    changed = dict(entries) if isinstance(entries, dict) else list(entries)
    key = draw.choice(keys)
    if draw.random() < 0.15:
        del changed[key]
    else:
        changed[key] = edit_entries(entries[key], draw)
    return changed


def save_case(number: int, folder: Path) -> Path:
    """Write the files of a case; the same number gives the same files."""
    draw = random.Random(number)
    graph, entries = seeds()[number % len(seeds())]
    content, text = graph.SerializeToString(), json.dumps(entries).encode()
    kind = draw.randrange(5)
    if kind == 0:
        content = flip(content, draw)
    if kind in (1, 2):
        changed = onnx.ModelProto()
        changed.CopyFrom(graph)
        for _ in range(draw.choice((1, 1, 2, 4))):
            edit(changed, draw)
        content = changed.SerializeToString()
    if kind == 3 or draw.random() < 0.1:
        for _ in range(draw.choice((1, 1, 3))):
            entries = edit_entries(entries, draw)
        text = json.dumps(entries).encode()
    if kind == 4:
        text = flip(text, draw)
    file = folder / "m.onnx"
    file.write_bytes(content)
    file.with_suffix(".json").write_bytes(text)
    return file


def outcome(act: Callable[[], object]) -> str:
    """`model`, or the code of a refusal that is fit for people."""
    try:
        act()
    except GenretagError as error:
        assert error.code in EXPECTED and error.exit_code in (2, 3)
        assert error.message.isprintable() and len(error.message) < 900
        return str(error.code)
    return "model"


def test_changed_files_are_rewritten_or_refused(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(CASES):
        file = save_case(number, tmp_path)
        built = tmp_path / "built.onnx"
        files = PublishedModel(file, file.with_suffix(".json"))
        try:
            with limited_memory(4 << 30):
                outcomes[outcome(lambda f=files, b=built: build_model(f, "m", "MIT", {}, b))] += 1
        except Exception as error:
            raise AssertionError(f"number {number}") from error
    print(outcomes)
    assert outcomes["model"] > CASES / 10 and outcomes["model-invalid"] > CASES / 10
    assert outcomes["bad-metadata"] > CASES / 20


def _import(number: int, folder: Path) -> tuple[str, float]:
    """Import a case with the command; what came of it and the seconds that it took."""
    home = folder / str(number)
    home.mkdir()
    file = save_case(number, home)
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GENRETAG")}
    environment |= {f"GENRETAG_{name}_DIR": str(home / name) for name in ("CACHE", "DATA")}
    began = time.monotonic()
    run = subprocess.run(
        [*COMMAND, "models", "import", "--accept-licence", "--name", "m", file],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - began
    told = f"number {number}: {run.returncode} {run.stderr}"
    assert run.stderr.replace("\n", "").isprintable() and "Traceback" not in run.stderr, told
    made = [path for path in (home / "DATA").rglob("*") if path.name != "accepted-licences.json"
            and path.is_file()]  # fmt: skip
    if run.returncode == 0:
        (place,) = made
        assert sha256(place.read_bytes()).hexdigest() in run.stdout, told
        scores, _ = check_model(load(place, "cpu"))
        assert all(0 <= one.score <= 1 for one in scores), told
        return "model", seconds
    assert run.returncode in (2, 3) and not made, told
    (code,) = (code for code in EXPECTED if run.stderr.rstrip().endswith(f"({code})"))
    return str(code), seconds


@pytest.mark.slow
def test_the_command_imports_changed_files_or_refuses_them(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    longest, number, end = 0.0, 10**6, time.monotonic() + SECONDS
    with ThreadPoolExecutor(WORKERS) as pool:
        while time.monotonic() < end:
            numbers = range(number, number + 4 * WORKERS)
            for code, seconds in pool.map(lambda one: _import(one, tmp_path), numbers):
                outcomes[code] += 1
                longest = max(longest, seconds)
            number = numbers.stop
    print(f"{outcomes.total()} cases, the longest took {longest:.1f} s: {dict(outcomes)}")
    assert outcomes["model"] and outcomes["model-invalid"]
    assert longest < 60
