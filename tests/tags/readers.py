"""Readers that this project does not write, and what each sees of genres in each container.

Run as a script, it measures that and writes the table in tests/README.md.
"""

import json
import shutil
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
from audio_files import CRAFTED, RECIPES, make

from genretag import tags
from genretag.domain.layout import Layout

FILES = tuple(name for name in (*RECIPES, *CRAFTED) if name not in ("Matroska", "WebM"))
"""Every kind of file that can be tagged and that the tests can make."""

_KEYS = ("genre", "GENRE", "wm/genre", "©gen")


def by_mutagen(path: Path) -> list[str]:
    """The genres as mutagen gives them, old ID3 references resolved."""
    if path.suffix in (".mp3", ".mp2", ".aac", ".tta"):
        # Its classes for these read ID3 alone, and that for AAC neither.
        try:
            return _mutagen_values(ID3(path))
        except ID3NoHeaderError:
            return [str(value) for value in (_apev2(path) or {}).get("Genre", [])]
    audio = mutagen.File(path)
    return _mutagen_values(audio.tags) if audio is not None and audio.tags is not None else []


def _apev2(path: Path) -> Any:
    try:
        return APEv2(path)
    except APENoHeaderError:
        return None


def _mutagen_values(found: Any) -> list[str]:
    if "TCON" in found:
        return list(found["TCON"].genres)
    for key in found.keys():  # noqa: SIM118 (these are not dicts)
        if key.lower() in _KEYS:
            return [str(value) for value in found[key]]
    return []


def by_taglib(path: Path) -> list[str]:
    """The genres as TagLib gives them; OSError if it cannot open the file."""
    with taglib.File(path) as audio:
        return list(audio.tags.get("GENRE", []))


def by_ffprobe(path: Path) -> list[str]:
    """The genre as ffprobe gives it, one text; OSError if it cannot open the file."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace"))
    found = json.loads(done.stdout)
    for part in (found["format"], *found["streams"]):
        for key, value in part.get("tags", {}).items():
            if key.lower() == "genre":
                return [value]
    return []


READERS: Mapping[str, Callable[[Path], list[str]]] = {
    "mutagen": by_mutagen,
    "TagLib": by_taglib,
    "ffprobe": by_ffprobe,
}

GENRES = ("Rock", "Drum & Bass", "Städtisch")


def seen(reader: str, path: Path, genres: tuple[str, ...] = GENRES) -> str:
    """How `reader` shows `genres`, which are in `path`: the words of the table."""
    try:
        values = READERS[reader](path)
    except OSError:
        return "cannot open it"
    if values == list(genres):
        return "all"
    if sorted(values) == sorted(genres):
        return "all, reordered"
    if values == list(genres[:1]):
        return "the first"
    if values == list(genres[-1:]):
        return "the last"
    for joint in ("; ", ";", "/", " / ", ", "):
        if values == [joint.join(genres)]:
            return f"one text, `{joint.strip()}` between"
    return "nothing" if not values else f"{values}"


def versions(reader: str) -> str:
    """The reader and its version."""
    if reader == "mutagen":
        return f"mutagen {mutagen.version_string}"
    if reader == "TagLib":
        return f"TagLib {'.'.join(map(str, taglib.taglib_version()))}"
    if shutil.which("ffprobe") is None:
        return "ffprobe"
    line = subprocess.run(["ffprobe", "-version"], capture_output=True, text=True, check=True)
    return f"ffprobe {line.stdout.split()[2].split('-')[0]}"


LAYOUTS = {"": Layout(), " (ID3v2.3)": Layout(id3="v2.3")}


def rows(folder: Path) -> dict[str, dict[str, str]]:
    """What each reader sees, measured: by file and reader."""
    found = {}
    for name in FILES:
        for suffix, layout in LAYOUTS.items():
            path = make(name, folder)
            tags.write(path, GENRES, layout)
            if suffix and found[name] == {reader: seen(reader, path) for reader in READERS}:
                continue
            found[name + suffix] = {reader: seen(reader, path) for reader in READERS}
    return found


def table(folder: Path) -> str:
    """The Markdown table of `rows`."""
    lines = [
        "| file | " + " | ".join(versions(reader) for reader in READERS) + " |",
        "|---|" + "---|" * len(READERS),
    ]
    for name, cells in rows(folder).items():
        lines.append(f"| {name} | " + " | ".join(cells[reader] for reader in READERS) + " |")
    return "\n".join(lines)


README = Path(__file__).parent.parent / "README.md"


def in_readme(mark: str = "measured") -> str:
    """The table as it stands in tests/README.md between two comments."""
    return _split_readme(mark)[1]


def write_into_readme(new: str, mark: str = "measured") -> None:
    """Replace that table."""
    before, _, after = _split_readme(mark)
    README.write_text(before + new + after, encoding="utf-8")


def _split_readme(mark: str) -> tuple[str, str, str]:
    start, end = f"<!-- {mark} -->\n", f"\n<!-- /{mark} -->"
    before, found, rest = README.read_text(encoding="utf-8").partition(start)
    table, closing, after = rest.partition(end)
    assert found and closing, mark
    return before + found, table, closing + after


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        write_into_readme(table(Path(name)))
