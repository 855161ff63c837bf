"""What readers that this project does not write see of fields beside the genre.

Run as a script, it measures that and writes the table in tests/README.md.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mutagen
import taglib
from mutagen.apev2 import APENoHeaderError, APEv2
from mutagen.id3 import ID3, ID3NoHeaderError

sys.path.insert(0, str(Path(__file__).parent.parent))
from audio_files import make
from readers import FILES, versions, write_into_readme

from genretag import tags

VALUES = {
    "style": ("Shoegaze",),
    "grouping": ("Städtisch",),
    "comment": ("Dub",),
    "TXXX:MY FIELD": ("摇滚",),
}
"""What is written at each place."""


def by_mutagen(path: Path) -> dict[str, list[str]]:
    """All texts as mutagen gives them, by its own names."""
    found: Any
    if path.suffix in (".mp3", ".mp2", ".aac", ".tta"):
        try:
            found = ID3(path)
        except ID3NoHeaderError:
            try:
                found = APEv2(path)
            except APENoHeaderError:
                return {}
    else:
        audio = mutagen.File(path)
        found = {} if audio is None or audio.tags is None else audio.tags
    texts = {}
    for key in found.keys():  # noqa: SIM118 (these are not dicts)
        value = found[key]
        values = value.text if hasattr(value, "text") else value
        if isinstance(values, list) or hasattr(values, "__iter__"):
            texts[str(key)] = [
                one.decode() if isinstance(one, bytes) else str(one) for one in values
            ]
    return texts


def by_taglib(path: Path) -> dict[str, list[str]]:
    """The properties as TagLib gives them; OSError if it cannot open the file."""
    with taglib.File(path) as audio:
        return {key: list(values) for key, values in audio.tags.items()}


def by_ffprobe(path: Path) -> dict[str, list[str]]:
    """The tags as ffprobe gives them; OSError if it cannot open the file."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace"))
    found = json.loads(done.stdout)
    return {
        key: [value]
        for part in (found["format"], *found["streams"])
        for key, value in part.get("tags", {}).items()
    }


READERS: Mapping[str, Callable[[Path], dict[str, list[str]]]] = {
    "mutagen": by_mutagen,
    "TagLib": by_taglib,
    "ffprobe": by_ffprobe,
}


def seen(reader: str, path: Path, names: tuple[str, ...]) -> str:
    """Under which names `reader` shows exactly `names`; a message if it shows them nowhere."""
    try:
        texts = READERS[reader](path)
    except OSError:
        return "cannot open it"
    keys = [key for key, values in texts.items() if values == list(names)]
    return ", ".join(keys) or "nothing"


def measure(name: str, folder: Path) -> dict[str, dict[str, str]]:
    """Under which name each reader shows each place of a file: by place and reader."""
    path = make(name, folder)
    with tags.open(path, writing=True) as file:
        file.write(VALUES)
    return {
        place: {reader: seen(reader, path, names) for reader in READERS}
        for place, names in VALUES.items()
    }


def table(folder: Path) -> str:
    """The Markdown table: a row for each file and place; files with the same rows share them."""
    rows: dict[str, list[str]] = {}
    for name in FILES:
        found = measure(name, folder)
        cells = "\n".join(
            f"{place} | " + " | ".join(found[place][reader] for reader in READERS)
            for place in VALUES
        )
        rows.setdefault(cells, []).append(name)
    lines = [
        "| file | place | " + " | ".join(versions(reader) for reader in READERS) + " |",
        "|---|---|" + "---|" * len(READERS),
    ]
    for cells, names in rows.items():
        lines += [f"| {', '.join(names)} | {cell} |" for cell in cells.splitlines()]
    return "\n".join(lines)


MARK = "fields"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write_into_readme(table(Path(folder)), MARK)
