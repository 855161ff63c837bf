"""Types of arguments of the public API, and the check of those with few values."""

import os
from typing import Literal, get_args

from genretag.errors import Code, UsageError

StrPath = str | os.PathLike[str]
Coverage = Literal["fast", "balanced", "full"]
Device = Literal["auto", "cpu", "cuda", "coreml", "dml"]
Player = Literal["navidrome", "jellyfin", "kodi", "itunes", "mpd", "foobar2000"]
Policy = Literal["fill", "replace", "add"]
By = Literal["album", "artist", "track"]


def check(what: str, value: str, choices: object) -> None:
    """Raise UsageError `bad-option` if `value` is none of `choices`, a Literal."""
    if value not in (known := get_args(choices)):
        raise UsageError(
            Code.BAD_OPTION, f"There is no {what} {value!r}", f"Choose one of: {', '.join(known)}."
        )
