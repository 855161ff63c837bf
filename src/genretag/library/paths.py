"""Where genretag keeps its own files: the platform's folders, or what the environment says."""

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("genretag", appauthor=False)

_CACHES: Mapping[str, str] = {
    "MPLCONFIGDIR": "matplotlib",
    "NUMBA_CACHE_DIR": "numba",
    "HF_XET_CACHE": "xet",
}
"""Variables that tell libraries where to keep their caches, and the folders that these get."""


def config_file() -> Path:
    """The config file, whether it exists or not; GENRETAG_CONFIG moves it."""
    return _place("GENRETAG_CONFIG", _DIRS.user_config_path / "config.toml")


def cache_dir() -> Path:
    """What can be made or fetched again; GENRETAG_CACHE_DIR moves it."""
    return _place("GENRETAG_CACHE_DIR", _DIRS.user_cache_path)


def data_dir() -> Path:
    """What must be kept; GENRETAG_DATA_DIR moves it."""
    return _place("GENRETAG_DATA_DIR", _DIRS.user_data_path)


def adopt_caches() -> None:
    """Let libraries keep their caches in genretag's, not in folders of their own in the home.

    Call it before they are imported. Where the environment names a folder, that one is kept.
    """
    for variable, name in _CACHES.items():
        os.environ.setdefault(variable, str(cache_dir() / name))


def _place(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default)
