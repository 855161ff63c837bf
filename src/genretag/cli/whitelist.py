"""Reads the names of `--only`, from a list or from a file."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from genretag.domain.genre import fold_name, player_safe
from genretag.domain.taxonomy import Taxonomy
from genretag.errors import Code, UsageError, reason


def read_whitelist(
    text: str | None, taxonomy: Taxonomy, known: Iterable[str]
) -> tuple[str, ...] | None:
    """Return the genres that may be written; None if no list is given.

    Args:
        text: names separated by commas, or the path of a file with a name in each line, where
            lines that start with # are comments.
        taxonomy: has the names that may be listed.
        known: further such names.

    Raises:
        UsageError: `bad-option`, the file cannot be read, there is no name, nobody knows one, or
            players would not show it as one genre.
    """
    if text is None:
        return None
    names = [name for one in _split(text) if (name := one.strip())]
    if not names:
        raise _error("--only names no genre")
    other = ", nor such a file" if len(names) == 1 else ""
    spelled = {fold_name(name): name for name in known}
    for name in names:
        if player_safe(name) != name:
            raise _error(f"--only: players would show {name!r} as several genres")
        if taxonomy.find(name) is None and fold_name(name) not in spelled:
            near = _suggest(name, taxonomy, spelled)
            raise _error(f"--only: there is no genre {name!r}{other}{near}")
    return tuple(names)


def _split(text: str) -> list[str]:
    # Unlike Path's own, it says no of a list that is too long to be a name.
    path = os.path.expanduser(text)  # noqa: PTH111 - the same
    if not os.path.isfile(path):  # noqa: PTH113 - the same
        return text.split(",")
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _error(f"--only: {text} cannot be read: {reason(error)}") from error
    return [line for line in lines if not line.lstrip().startswith("#")]


def _suggest(name: str, taxonomy: Taxonomy, spelled: dict[str, str]) -> str:
    names = {fold_name(one): one for genre in taxonomy for one in (genre.name, *genre.aliases)}
    names |= spelled
    near = get_close_matches(fold_name(name), names, 1)
    return f"; did you mean {names[near[0]]}?" if near else ""


def _error(message: str) -> UsageError:
    return UsageError(
        Code.BAD_OPTION,
        message,
        "Name genres of the model (`genretag models show`) or other usual ones, such as "
        "Rock,Jazz; a new name needs an entry in --map.",
    )
