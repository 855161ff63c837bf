"""How a track is called: for people, and never needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen


@dataclass(frozen=True)
class Titles:
    """Title, artist and album as the tags have them, empty where they have none."""

    title: str = ""
    artist: str = ""
    album: str = ""


def titles(path: Path) -> Titles:
    """The first title, artist and album in a file; whatever cannot be read is left empty."""
    try:
        tags = mutagen.File(path, easy=True)
        return Titles(*(_first(tags, name) for name in ("title", "artist", "album")))
    except Exception:  # noqa: BLE001 - tags may be broken in any way, and the file has a name
        return Titles()


def _first(tags: Any, name: str) -> str:
    values = (tags.get(name) if tags else None) or [""]
    return str(values[0]).strip()
