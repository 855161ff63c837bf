"""Reads the config file, with the line of each entry, and saves thresholds in it.

`cli.settings` says what the entries mean. `[thresholds]` holds what `evaluate --save` saved, by
the identity of the model for which it did: another model does not go by it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genretag.errors import Code, UsageError, reason

THRESHOLDS = "thresholds"
_HEADER = re.compile(r"^[ \t]*\[\[?([^\[\]]+)\]", re.MULTILINE)
_KEY = re.compile(r"""^[ \t]*((?:"[^"\n]*"|'[^'\n]*'|[\w.-]|[ \t]*\.[ \t]*)+?)[ \t]*=""")


@dataclass(frozen=True)
class Entry:
    """One key of the config file and its value.

    Attributes:
        table: the words of its table, none at the top level.
        key: dashes as underscores.
        name: as the file writes it.
        location: the file and the line.
    """

    table: tuple[str, ...]
    key: str
    name: str
    value: Any
    location: str


@dataclass(frozen=True)
class Config:
    """The entries of a config file and the thresholds saved in it; neither if there is none."""

    path: Path
    entries: tuple[Entry, ...] = ()
    thresholds: Mapping[str, float] | None = None

    def find(self, table: tuple[str, ...], key: str) -> Entry | None:
        """Return the entry of a table for an option; None if there is none."""
        return next((one for one in self.entries if (one.table, one.key) == (table, key)), None)


def read(path: Path) -> Config:
    """Read the config file.

    Raises:
        UsageError: `bad-config`, it cannot be read, or a saved threshold is none.
    """
    text = _read_text(path)
    tables = _parse(path, text)
    saved = tables.pop(THRESHOLDS, {})
    for model, threshold in saved.items() if isinstance(saved, dict) else [(THRESHOLDS, saved)]:
        if type(threshold) not in (int, float) or not 0 <= threshold <= 1:
            line = _find_line(text, (THRESHOLDS, model))
            raise _config_error(f"{path}, line {line}: a threshold must be a share between 0 and 1")
    return Config(path, tuple(_list_entries(path, text, (), tables)), saved)


def save_threshold(path: Path, model: str, threshold: float) -> None:
    """Remember the threshold of one model, in hundredths; all else in the file stays as it is.

    Raises:
        UsageError: `bad-config`, the file is wrong, or its layout hides where that goes.
        OSError: it cannot be written.
    """
    from genretag.library import files

    text, number = _read_text(path), f"{threshold:.2f}"
    new = _insert_threshold(text, model, number)
    wanted = _parse(path, text)
    wanted[THRESHOLDS] = {**wanted.get(THRESHOLDS, {}), model: float(number)}
    # In a text of several lines a line may look like an entry.
    with suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(new) == wanted:
            # A link stays one, and what it leads to is replaced.
            files.rewrite(path.resolve(), new.encode("utf-8"))
            return
    raise _config_error(
        f"{path}: there is no telling where to put the threshold {number} of {model}"
    )


def shorten(path: Path) -> str:
    """Return `path` with ~ for the home folder."""
    with suppress(ValueError, RuntimeError):
        return str("~" / path.relative_to(Path.home()))
    return str(path)


def _read_text(path: Path) -> str:
    """Return the text of the file, to the byte; an empty one if there is no file."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _config_error(f"{path}: the config file cannot be read: {reason(error)}") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(f"{text}\n")  # where a text ends in a line, errors name it
    except tomllib.TOMLDecodeError as error:
        raise _config_error(f"{path}: the config file cannot be read: {reason(error)}") from error


def _list_entries(
    path: Path, text: str, table: tuple[str, ...], values: Mapping[str, Any]
) -> Iterator[Entry]:
    for name, value in values.items():
        location = f"{path}, line {_find_line(text, (*table, name))}"
        if isinstance(value, dict) and value:
            yield from _list_entries(path, text, (*table, name), value)
        elif not isinstance(value, dict):
            yield Entry(table, name.replace("-", "_"), name, value, location)


def _find_line(text: str, path: tuple[str, ...]) -> int:
    """Return the line of a key, or of what comes nearest; `path` is its table and itself."""
    table: tuple[str, ...] = ()
    nearest, line = 0, 1
    for number, content in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(content):
            here = table = _split_key(header[1])
        elif key := _KEY.match(content):
            here = (*table, *_split_key(key[1]))
        else:
            continue
        if here == path[: len(here)] and len(here) > nearest:
            nearest, line = len(here), number
    return line


def _split_key(dotted: str) -> tuple[str, ...]:
    """Return the words of a dotted TOML key."""
    words: list[str] = []
    with suppress(tomllib.TOMLDecodeError):
        value: Any = tomllib.loads(f"{dotted} = 0")
        while isinstance(value, dict):
            ((word, value),) = value.items()
            words.append(word)
    return tuple(words)


def _insert_threshold(text: str, model: str, number: str) -> str:
    """Return a TOML text whose thresholds have an entry for `model`: its own, or a new one."""
    newline = "\r\n" if "\r\n" in text else "\n"
    headers = list(_HEADER.finditer(text))
    here = next((one for one in headers if _split_key(one[1]) == (THRESHOLDS,)), None)
    entry = f'"{model}" = {number}'
    if here is None:
        gap = newline if text and not text.endswith("\n") else ""
        return f"{text}{gap}{newline if text else ''}[{THRESHOLDS}]{newline}{entry}{newline}"
    ends = (one.start() for one in headers if one.start() > here.start())
    start, end = here.end(), next(ends, len(text))
    name = rf"""["']{re.escape(model)}["']"""
    known = re.compile(rf"^([ \t]*{name}[ \t]*=[ \t]*)[^\s#]+", re.MULTILINE)
    body = text[start:end]
    if known.search(body):
        body = known.sub(rf"\g<1>{number}", body, count=1)
    else:
        # A comment may stand on the line of the header.
        first, _, rest = body.partition("\n")
        first = first.removesuffix("\r")
        body = f"{first}{newline}{entry}{newline}{rest}"
    return text[:start] + body + text[end:]


def _config_error(message: str) -> UsageError:
    return UsageError(
        Code.BAD_CONFIG, message, "Correct it, or point GENRETAG_CONFIG to another file."
    )
