"""Reads whitelists: the only genres that may be written, in a list or in a file."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from genretag.domain.genre import fold_name, player_safe
from genretag.domain.taxonomy import Taxonomy
from genretag.errors import Code, UsageError, reason


def read_whitelist(
    only: str | Iterable[str], taxonomy: Taxonomy, known: Iterable[str], option: str
) -> tuple[str, ...]:
    """Return the genres that may be written.

    Args:
        only: their names; or a text with names separated by commas, or with the path of a file
            that has a name in each line, where lines that start with # are comments.
        taxonomy: has the names that may be listed.
        known: further such names.
        option: what the list is called, for messages.

    Raises:
        UsageError: `bad-option`, the file cannot be read, there is no name, nobody knows one, or
            players would not show it as one genre.
    """
    listed = _split(only, option) if isinstance(only, str) else only
    names = [name for one in listed if (name := one.strip())]
    if not names:
        raise _error(f"{option} names no genre")
    other = ", nor such a file" if isinstance(only, str) and len(names) == 1 else ""
    spelled = {fold_name(name): name for name in known}
    for name in names:
        if player_safe(name) != name:
            raise _error(f"{option}: players would show {name!r} as several genres")
        if taxonomy.find(name) is None and fold_name(name) not in spelled:
            near = _suggest(name, taxonomy, spelled)
            raise _error(f"{option}: there is no genre {name!r}{other}{near}")
    return tuple(names)


def _split(text: str, option: str) -> list[str]:
    # Unlike Path's own, it says no of a list that is too long to be a name.
    path = os.path.expanduser(text)  # noqa: PTH111 - the same
    if not os.path.isfile(path):  # noqa: PTH113 - the same
        return text.split(",")
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _error(f"{option}: {text} cannot be read: {reason(error)}") from error
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
        "Rock,Jazz; a new name needs an entry in a map.",
    )
