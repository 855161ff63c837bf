"""The title and artist of a track: for people, and never needed."""

from dataclasses import dataclass
from typing import Any, BinaryIO

import mutagen

# The names in mutagen's easy interface, and in the tags that it has none for: ID3 in WAV and
# AIFF, and ASF.
_NAMES = (
    ("title", "TIT2", "Title"),
    ("artist", "TPE1", "Author"),
)


@dataclass(frozen=True)
class Titles:
    """Title and artist as the tags have them, empty where they have none."""

    title: str = ""
    artist: str = ""


def read_titles(file: BinaryIO) -> Titles:
    """Return the first title and artist in `file`; whatever cannot be read is left empty."""
    try:
        file.seek(0)
        tags = mutagen.File(file, easy=True)
        return Titles(*(_first(tags, names) for names in _NAMES))
    except Exception:  # noqa: BLE001 - tags may be broken in any way, and the file has a name
        return Titles()


def _first(tags: Any, names: tuple[str, ...]) -> str:
    values = next((tags[name] for name in names if tags and name in tags), ())
    return str(next(iter(values), "")).strip()
