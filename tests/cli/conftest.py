import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import toy_model
from command import COMMAND
from fork_server import TIMEOUT_S, ForkServer

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model that tells low, middle and high sounds apart."""
    return toy_model.save(tmp_path_factory.mktemp("model") / "toy.onnx")


@pytest.fixture
def home(tmp_path: Path, toy: Path) -> dict[str, str]:
    """Return an environment in which genretag's own files are in a place of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENRETAG_")}
    own = {
        "GENRETAG_CONFIG": str(tmp_path / "config.toml"),
        "GENRETAG_CACHE_DIR": str(tmp_path / "cache"),
        "GENRETAG_DATA_DIR": str(tmp_path / "data"),
        "GENRETAG_MODEL": str(toy),
        "GENRETAG_JOBS": "1",  # as fast as more for a few files
        "COLUMNS": "120",
    }
    return kept | own


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer | None]:
    if sys.platform != "linux":
        yield None
    else:
        with ForkServer() as server:
            yield server


@pytest.fixture
def genretag(home: dict[str, str], fork_server: ForkServer | None) -> Run:
    """Run the command in a process of its own, without a terminal."""

    def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        told, environment = [*map(str, arguments)], home | environment
        if fork_server and fork_server.can_run(environment):
            return fork_server.run(told, environment)
        return subprocess.run(
            [*COMMAND, *told],
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT_S,
        )

    return run


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return tmp_path / "music"
