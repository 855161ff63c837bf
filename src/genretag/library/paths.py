"""Paths of genretag's own files: the platform's folders, or those in the environment."""

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
"""Variables with the cache folders of libraries, and the folders that they get in ours."""


def config_file() -> Path:
    """Return the path of the config file, which need not exist; GENRETAG_CONFIG changes it."""
    return _path("GENRETAG_CONFIG", _DIRS.user_config_path / "config.toml")


def cache_dir() -> Path:
    """Return the folder for files that can be made again; GENRETAG_CACHE_DIR changes it."""
    return _path("GENRETAG_CACHE_DIR", _DIRS.user_cache_path)


def data_dir() -> Path:
    """Return the folder for files that must be kept; GENRETAG_DATA_DIR changes it."""
    return _path("GENRETAG_DATA_DIR", _DIRS.user_data_path)


def adopt_caches() -> None:
    """Move the caches of libraries into genretag's, out of the home folder.

    Call it before they are imported. A folder that the environment names already stays.
    """
    for variable, name in _CACHES.items():
        os.environ.setdefault(variable, str(cache_dir() / name))


def _path(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default)
