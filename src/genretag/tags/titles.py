"""How a track is called: for people, and never needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen

# As mutagen's easy interface says, and as the tags say themselves to which it has none: ID3 in
# WAV and AIFF, and ASF.
_NAMES = (
    ("title", "TIT2", "Title"),
    ("artist", "TPE1", "Author"),
)


@dataclass(frozen=True)
class Titles:
    """Title and artist as the tags have them, empty where they have none."""

    title: str = ""
    artist: str = ""


def titles(path: Path) -> Titles:
    """The first title and artist in a file; whatever cannot be read is left empty."""
    try:
        tags = mutagen.File(path, easy=True)
        return Titles(*(_first(tags, names) for names in _NAMES))
    except Exception:  # noqa: BLE001 - tags may be broken in any way, and the file has a name
        return Titles()


def _first(tags: Any, names: tuple[str, ...]) -> str:
    values = next((tags[name] for name in names if tags and name in tags), ())
    return str(next(iter(values), "")).strip()
