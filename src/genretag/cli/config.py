"""The config file: a flat TOML table of option names, for every command that has the option."""

import tomllib
from pathlib import Path
from typing import Any

from genretag.errors import Code, UsageError


def read(path: Path) -> dict[str, Any]:
    """Options and values in the config file, dashes as underscores; empty without a file.

    Raises:
        UsageError: `bad-config`, it cannot be read or is not a flat TOML table.
    """
    try:
        entries = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad(path, f"it cannot be read: {error}") from error
    tables = [key for key, value in entries.items() if isinstance(value, dict)]
    if tables:
        raise _bad(path, f"it has a table [{tables[0]}]; options stand at the top level")
    return {key.replace("-", "_"): value for key, value in entries.items()}


def unknown(path: Path, key: str) -> UsageError:
    """The error for a key that no command has as an option."""
    return _bad(path, f"no command has an option --{key.replace('_', '-')}")


def _bad(path: Path, reason: str) -> UsageError:
    return UsageError(
        Code.BAD_CONFIG,
        f"{path}: the config file is wrong: {reason}",
        "Mend it, or point GENRETAG_CONFIG to another; `genretag scan --help` lists options.",
    )
