"""ID3 and texts in WAV and AIFF, in chunks of odd sizes, names and numbers."""

import json
import subprocess
from pathlib import Path
from typing import Any

import mutagen
import pytest
import taglib
from fixtures import empty, frame, id3, payload
from one_shot import other_fields, raw_genres, restore

from genretag import tags

EVEN = id3(frame(b"TIT2", b"\0Title"), frame(b"TPE1", b"\0Artist"), padding=2)
ODD = EVEN[:-1]
EVEN, ODD = (EVEN, ODD) if len(EVEN) % 2 == 0 else (ODD, EVEN)


def sized(tag: bytes) -> bytes:
    """The tag with its true size."""
    return tag[:6] + bytes((0, 0, (len(tag) - 10) >> 7, (len(tag) - 10) & 127)) + tag[10:]


EVEN, ODD = sized(EVEN), sized(ODD)
TAGS = {"WAV": b"id3 ", "AIFF": b"ID3 "}


def chunk(name: bytes, data: bytes, order: Any, padded: bool = True) -> bytes:
    padding = bytes(len(data) % 2) if padded else b""
    return name + len(data).to_bytes(4, order) + data + padding


CASES = {
    "an odd tag at the end": lambda name, order: chunk(name, ODD, order),
    "an odd tag at the end without padding": lambda name, order: chunk(name, ODD, order, False),
    "an odd chunk before": lambda name, order: (
        chunk(b"xtra", b"abc", order) + chunk(name, EVEN, order)
    ),
    "a chunk behind": lambda name, order: chunk(name, ODD, order) + chunk(b"xtra", b"abc", order),
    "two tags": lambda name, order: chunk(name, EVEN, order) * 2,
    "an empty chunk": lambda name, order: chunk(name, b"", order),
    "the other case": lambda name, order: chunk(name.swapcase(), EVEN, order),
    "another name": lambda name, order: chunk(b"ID32", EVEN, order),
    "a chunk with room": lambda name, order: chunk(name, EVEN + bytes(30), order),
}


def shown(path: Path) -> list[dict[str, str]]:
    """What TagLib, mutagen and ffprobe show beside the genre."""
    with taglib.File(path) as file:
        found = [{key: str(value) for key, value in file.tags.items()}]
    found.append({key: str(value) for key, value in (mutagen.File(path).tags or {}).items()})
    command = ["ffprobe", "-v", "quiet", "-show_entries", "format_tags", "-of", "json", str(path)]
    probed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    found.append(probed["format"].get("tags", {}))
    genre = ("GENRE", "TCON", "genre")
    return [{key: text for key, text in one.items() if key not in genre} for one in found]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", TAGS)
def test_all_that_was_shown_is_shown(name: str, case: str, tmp_path: Path) -> None:
    path = empty(name, tmp_path)
    order: Any = "little" if name == "WAV" else "big"
    data = path.read_bytes() + CASES[case](TAGS[name], order)
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, order) + data[8:])
    before, sound, content = shown(path), payload(path, name), path.read_bytes()
    kept = raw_genres(path)
    tags.write(path, ("Rock",))
    assert tags.read(path).genres == ("Rock",)
    assert shown(path) == before and payload(path, name) == sound
    with taglib.File(path) as file:
        assert file.tags["GENRE"] == ["Rock"]
    restore(path, kept)
    assert raw_genres(path) == kept and len(path.read_bytes()) % 2 == 0
    assert path.read_bytes()[12 : len(content) // 2] == content[12 : len(content) // 2]


def test_a_text_behind_one_without_padding_begins_at_an_even_place(tmp_path: Path) -> None:
    path = empty("WAV", tmp_path)
    info = b"INFOICMT\3\0\0\0abc"
    data = path.read_bytes() + chunk(b"LIST", info, "little")
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    before, kept, others = shown(path), raw_genres(path), other_fields(path)
    tags.write(path, ("Rock",))
    assert shown(path) == before and other_fields(path) == others
    assert b"ICMT\3\0\0\0abc\0IGNR" in path.read_bytes()
    restore(path, kept)
    assert raw_genres(path) == kept and other_fields(path) == others and shown(path) == before
