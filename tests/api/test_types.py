"""Type checkers know the API: a right program passes, and each mistake is found."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import genretag

PROGRAM = """
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import genretag
from genretag import Decision, Failed, FileError, Prediction, Tagger, Track, Written

tagger: Tagger = Tagger.load("default", device="cpu")
one: Prediction = tagger.predict("a.mp3")
another: Prediction = tagger.predict(Path("a.mp3"), coverage="full")
several: Iterator[Prediction | Failed] = tagger.predict(["a.mp3", "b.mp3"])
for result in tagger.predict(Path("music").rglob("*.flac")):
    if isinstance(result, Failed):
        error: FileError = result.error
        hint: str = error.hint
    else:
        name, score = result.genres[0]
        text: str = name
        number: float = score
track = Track("a.mp3", genres=["Jazz"], artist="Nina Simone", album=None)
decisions: list[Decision | Failed] = tagger.decide(["a.mp3", track], policy="add", only=["Jazz"])
for decision in decisions:
    if isinstance(decision, Decision) and decision.after != decision.before:
        best: float | None = decision.score
embedding: NDArray[np.float32] = tagger.embed("a.mp3")
genres: tuple[str, ...] = genretag.read_genres("a.mp3")
written: Written = genretag.write_genres("a.mp3", (name for name in genres), keep_mtime=True)
version: str = genretag.__version__
"""

MISTAKES = {
    'Tagger.load(device="abacus")': "arg-type",
    "Tagger.load(7)": "arg-type",
    "tagger.predict(7)": "call-overload",
    'tagger.predict("a.mp3", coverage="half")': "call-overload",
    'tagger.predict("a.mp3").genre': "attr-defined",
    "one.windows = 3": "misc",
    'tagger.decide(["a.mp3"], policy="guess")': "arg-type",
    "decisions[0].after": "union-attr",
    'tagger.embed("a.mp3").size + "1"': "operator",
    'genretag.write_genres("a.mp3", 3)': "arg-type",
    'genretag.write_genres("a.mp3", "Rock", player="gramophone")': "arg-type",
    "genretag.Taggr": "attr-defined",
    "genretag.Coverage": "attr-defined",
    "next(several).genres": "union-attr",
}


def test_a_users_program(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / "program.py").write_text(PROGRAM + "\n".join(MISTAKES) + "\n")
    cache = pytestconfig.cache.mkdir("mypy-api")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent",
         "--hide-error-context", "--no-error-summary", f"--cache-dir={cache}", "program.py"],
        env=os.environ | {"MYPYPATH": str(Path(genretag.__file__).parents[1])},
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    first = len(PROGRAM.splitlines()) + 1
    errors = re.findall(r"program.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    found = {int(line): kind for line, kind in errors}
    assert found == dict(enumerate(MISTAKES.values(), start=first)), done.stdout + done.stderr
