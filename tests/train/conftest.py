import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def toy_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten clips of 1.5 s in each of three genres."""
    from toy_music import library

    return library(tmp_path_factory.mktemp("toy") / "music", per_genre=10)


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache that all runs of the tests share."""
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="session")
def toy_run(
    toy_library: Path, features: Path, tmp_path_factory: pytest.TempPathFactory
) -> "tuple[Path, Path]":
    """A short run over the toy library, and the folder that it was bundled into."""
    out, bundle = tmp_path_factory.mktemp("out") / "run", tmp_path_factory.mktemp("bundle")
    run(toy_library, out, features, bundle=bundle)
    return out, bundle


def run(
    data: Path,
    out: Path,
    cache: Path,
    bundle: Path | None = None,
    resume: bool = False,
    say: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> None:
    """`genretag train` with a net and windows small enough for tests."""
    from genretag_train.config import configured
    from genretag_train.pipeline import Place, train

    small = {"window_s": 1.0, "hidden": 8, "rnn_hidden": 8, "batch_size": 8, "epochs": 3}
    small |= {"threads": 1, "mask_s": 0.1, "mask_mels": 8, "min_accepted": 1, "name": "toy"}
    config = configured(None, {**small, **settings})
    train(config, Place(data, out, cache, bundle), resume, say, lambda done, of: None)
