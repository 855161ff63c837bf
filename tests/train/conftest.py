from pathlib import Path

import pytest
from toy_music import library, run

from genretag.errors import RunError
from genretag.library.paths import cache_dir
from genretag_train.data import download
from genretag_train.nets.pretrained.weights import fetch_wheel


@pytest.fixture(scope="session")
def toy_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten clips of 1.5 s in each of three genres."""
    return library(tmp_path_factory.mktemp("toy") / "music", per_genre=10)


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache that all runs of the tests share."""
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="session")
def toy_run(
    toy_library: Path, features: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A short run over the toy library, and the folder that it was bundled into."""
    out, bundle = tmp_path_factory.mktemp("out") / "run", tmp_path_factory.mktemp("bundle")
    run(toy_library, out, features, bundle=bundle)
    return out, bundle


@pytest.fixture(scope="session")
def wheel() -> Path:
    """musicnn's package: from the cache, else from PyPI, asked once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "ATTEMPTS", 1)
        try:
            return fetch_wheel(cache_dir() / "musicnn")
        except RunError as error:
            pytest.skip(f"musicnn's published weights cannot be had: {error.message}")
