import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import toy_model

from genretag import Tagger

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that tells low, middle and high sounds apart."""
    return toy_model.save(tmp_path_factory.mktemp("model") / "toy.onnx")


@pytest.fixture(scope="session")
def tagger(toy: Path) -> Tagger:
    return Tagger.load(toy, "cpu")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """genretag's own folders, in a place of their own."""
    for name in [name for name in os.environ if name.startswith("GENRETAG_")]:
        monkeypatch.delenv(name)
    for name in ("CONFIG", "CACHE_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"GENRETAG_{name}", str(tmp_path / name))
    monkeypatch.setenv("GENRETAG_JOBS", "1")
    return tmp_path / "DATA_DIR"


@pytest.fixture
def command() -> Command:
    """Run the command line, with the same folders of its own."""

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "genretag", *map(str, arguments)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=120,
        )

    return run
