"""The config file as a text: its entries with their lines, and the thresholds saved in it.

`cli.settings` says what the entries mean. `[thresholds]` holds what `evaluate --save` found, by
the identity of the model for which it found it: another model does not go by it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genretag.errors import Code, UsageError, reason
from genretag.library import files

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
        place: the file and the line.
    """

    table: tuple[str, ...]
    key: str
    name: str
    value: Any
    place: str


@dataclass(frozen=True)
class Config:
    """What a config file says; nothing if there is none."""

    path: Path
    entries: tuple[Entry, ...] = ()
    thresholds: Mapping[str, float] | None = None

    def entry(self, table: tuple[str, ...], key: str) -> Entry | None:
        """The entry of a table for an option."""
        return next((one for one in self.entries if (one.table, one.key) == (table, key)), None)


def read(path: Path) -> Config:
    """Return what the config file says.

    Raises:
        UsageError: `bad-config`, it cannot be read, or a saved threshold is none.
    """
    text = _text(path)
    tables = _parsed(path, text)
    saved = tables.pop(THRESHOLDS, {})
    for model, threshold in saved.items() if isinstance(saved, dict) else [(THRESHOLDS, saved)]:
        if type(threshold) not in (int, float) or not 0 <= threshold <= 1:
            line = _line(text, (THRESHOLDS, model))
            raise _wrong(f"{path}, line {line}: a threshold must be a share between 0 and 1")
    return Config(path, tuple(_entries(path, text, (), tables)), saved)


def save_threshold(path: Path, model: str, threshold: float) -> None:
    """Remember the threshold of one model, in hundredths; all else in the file stays as it is.

    Raises:
        UsageError: `bad-config`, the file is wrong, or its layout hides where that goes.
        OSError: it cannot be written.
    """
    text, number = _text(path), f"{threshold:.2f}"
    new = _with_threshold(text, model, number)
    wished = _parsed(path, text)
    wished[THRESHOLDS] = {**wished.get(THRESHOLDS, {}), model: float(number)}
    # In a text of several lines a line may look like an entry.
    with suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(new) == wished:
            # A link stays one, and what it leads to is replaced.
            files.rewrite(path.resolve(), new.encode("utf-8"))
            return
    raise _wrong(f"{path}: there is no telling where to put the threshold {number} of {model}")


def short(path: Path) -> str:
    """`path` with ~ for the home folder."""
    with suppress(ValueError, RuntimeError):
        return str("~" / path.relative_to(Path.home()))
    return str(path)


def _text(path: Path) -> str:
    """Return what the file holds, to the byte; nothing if there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{path}: the config file cannot be read: {reason(error)}") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(f"{text}\n")  # where a text ends in a line, errors name it
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"{path}: the config file cannot be read: {reason(error)}") from error


def _entries(
    path: Path, text: str, table: tuple[str, ...], values: Mapping[str, Any]
) -> Iterator[Entry]:
    for name, value in values.items():
        place = f"{path}, line {_line(text, (*table, name))}"
        if isinstance(value, dict) and value:
            yield from _entries(path, text, (*table, name), value)
        elif not isinstance(value, dict):
            yield Entry(table, name.replace("-", "_"), name, value, place)


def _line(text: str, path: tuple[str, ...]) -> int:
    """The line of a key, as the words of its table and itself, or of what comes nearest."""
    table: tuple[str, ...] = ()
    nearest, line = 0, 1
    for number, content in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(content):
            found = table = _words(header[1])
        elif key := _KEY.match(content):
            found = (*table, *_words(key[1]))
        else:
            continue
        if found == path[: len(found)] and len(found) > nearest:
            nearest, line = len(found), number
    return line


def _words(dotted: str) -> tuple[str, ...]:
    """The words of a dotted TOML key."""
    words: list[str] = []
    with suppress(tomllib.TOMLDecodeError):
        found: Any = tomllib.loads(f"{dotted} = 0")
        while isinstance(found, dict):
            ((word, found),) = found.items()
            words.append(word)
    return tuple(words)


def _with_threshold(text: str, model: str, number: str) -> str:
    """A TOML text with an entry for `model` among its thresholds: the one it has, or a new one."""
    newline = "\r\n" if "\r\n" in text else "\n"
    headers = list(_HEADER.finditer(text))
    here = next((one for one in headers if _words(one[1]) == (THRESHOLDS,)), None)
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


def _wrong(message: str) -> UsageError:
    return UsageError(
        Code.BAD_CONFIG, message, "Correct it, or point GENRETAG_CONFIG to another file."
    )
