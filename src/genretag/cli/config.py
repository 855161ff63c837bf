"""The config file: a flat TOML table of option names, for every command that has the option."""

import re
import tomllib
from pathlib import Path
from typing import Any

from genretag.errors import Code, UsageError
from genretag.library import files


def read(path: Path) -> dict[str, Any]:
    """Options and values in the config file, dashes as underscores; empty without a file.

    Raises:
        UsageError: `bad-config`, it cannot be read or is not a flat TOML table.
    """
    return _settings(path, _text(path))


def _text(path: Path) -> str:
    """What the file holds, to the byte; nothing if there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, f"it cannot be read: {error}") from error


def _settings(path: Path, text: str) -> dict[str, Any]:
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(path, f"it cannot be read: {error}") from error
    tables = [key for key, value in entries.items() if isinstance(value, dict)]
    if tables:
        raise _bad(path, f"it has a table [{tables[0]}]; options stand at the top level")
    return {key.replace("-", "_"): value for key, value in entries.items()}


def save(path: Path, name: str, value: float) -> None:
    """Set one option in the config file to a number in hundredths; all else stays as it is.

    Raises:
        UsageError: `bad-config`, the file is wrong, or its layout hides where the option is.
        OSError: it cannot be written.
    """
    text, number = _text(path), f"{value:.2f}"
    new = _with(text, name, number)
    # In a text of several lines a line may look like an entry.
    if _settings(path, new) != _settings(path, text) | {name: float(number)}:
        raise _bad(path, f"there is no telling where to put {name} = {number}")
    # A link stays one, and what it leads to is replaced.
    files.rewrite(path.resolve(), new.encode("utf-8"))


def _with(text: str, name: str, value: str) -> str:
    """A TOML text with the entry `name`: in the place of the one it has, or at the end."""
    entry = re.compile(rf"""^([ \t]*["']?{name}["']?[ \t]*=[ \t]*)[^\s#]+""", re.MULTILINE)
    if entry.search(text):
        return entry.sub(rf"\g<1>{value}", text, count=1)
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = newline if text and not text.endswith("\n") else ""
    return f"{text}{gap}{name} = {value}{newline}"


def unknown(path: Path, key: str) -> UsageError:
    """The error for a key that no command has as an option."""
    return _bad(path, f"no command has an option --{key.replace('_', '-')}")


def _bad(path: Path, reason: str) -> UsageError:
    return UsageError(
        Code.BAD_CONFIG,
        f"{path}: the config file is wrong: {reason}",
        "Mend it, or point GENRETAG_CONFIG to another; `genretag scan --help` lists options.",
    )
