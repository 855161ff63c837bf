"""A program may import genretag, at no cost and without any effect that it would notice."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from audio_files import write_tone
from tracing import Machine, untraceable

HEAVY = {
    "numpy", "onnxruntime", "av", "mutagen", "typer", "rich", "huggingface_hub", "pebble",
    "platformdirs", "sqlite3", "multiprocessing", "subprocess", "socket", "ssl", "asyncio",
}  # fmt: skip

IMPORT = """
import signal, sys, threading

handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
before = set(sys.modules)
import genretag
first = set(sys.modules) - before
"""
USE = "from genretag import *\n"
CHECK = f"""
assert not {HEAVY} & {{name.partition(".")[0] for name in set(sys.modules) - before}}
assert threading.enumerate() == [threading.main_thread()]
assert all(signal.getsignal(number) == handler for number, handler in handlers.items())
"""


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_an_import_loads_nothing_but_the_package() -> None:
    code = IMPORT + CHECK + "print(*sorted(name for name in first if 'genretag' in name))"
    assert python(code).split() == ["genretag", "genretag.telemetry"]


def test_public_names_load_nothing_heavy() -> None:
    python(IMPORT + USE + CHECK)


def test_a_prediction_starts_no_process_and_leaves_signals_alone(toy: Path, tmp_path: Path) -> None:
    song = str(write_tone(tmp_path / "a.wav", seconds=3))
    work = f"""
import os
assert Tagger.load({str(toy)!r}).predict({song!r}).genres
assert write_genres({song!r}, "Rock").run
children = f"/proc/self/task/{{os.getpid()}}/children"
assert not os.path.exists(children) or not open(children).read()
assert all(signal.getsignal(number) == handler for number, handler in handlers.items())
"""
    python(IMPORT + USE + work)


@pytest.mark.skipif(bool(untraceable()), reason=untraceable())
def test_neither_opens_a_connection(tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    trace = Machine(home).traced(sys.executable, "-c", USE + "Tagger.load()")
    assert trace.sockets == []


def test_the_package_says_that_it_is_typed() -> None:
    package = files("genretag")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("__init__.pyi").is_file()
