"""A music file as its tags describe it."""

from dataclasses import dataclass
from pathlib import Path

from genretag.domain.change import Stamp


@dataclass(frozen=True)
class Track:
    """One audio file and the genres that it holds now.

    `container` names the row of `tags.CONTAINERS` that reads and writes it;
    None means that genretag knows no place for a genre in it.
    """

    path: Path
    container: str | None
    genres: tuple[str, ...] = ()
    stamp: Stamp | None = None
