"""No tag that is written hides another: all that readers showed before, they show after.

Every container with every combination of the tags that it may have, as far as they differ for
readers: missing, empty, with a picture alone, with texts.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import mutagen
import pytest
import taglib
from fixtures import PNG, empty, frame, id3, pristine, with_id3
from mutagen.apev2 import APEv2, APEValue
from mutagen.flac import FLAC
from one_shot import fields_after_write, other_fields, raw_genres, restore
from test_second_tags import _with_info

from genretag import tags

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")

Fill = Callable[[Path, str], None]
"""Adds one tag to a file in a container."""


def nothing(path: Path, name: str) -> None:
    """No tag."""


def _texts(prefix: str) -> list[bytes]:
    found = {b"TIT2": "title", b"TPE1": "artist", b"TALB": "album", b"TRCK": "3"}
    return [
        *(frame(key, b"\0" + f"{prefix}{text}".encode()) for key, text in found.items()),
        frame(b"TXXX", b"\0Mood\0calm"),
    ]


_PICTURE = frame(b"APIC", b"\0image/png\0\3\0" + PNG)


def _id3v2(*frames: bytes) -> Fill:
    def fill(path: Path, name: str) -> None:
        with_id3(path, name, id3(*frames, padding=20))

    return fill


def _uncounted_id3v2(path: Path, name: str) -> None:
    """A chunk behind the size that the file says."""
    size = path.read_bytes()[4:8]
    with_id3(path, name, id3(*_texts("")))
    data = path.read_bytes()
    path.write_bytes(data[:4] + size + data[8:])


ID3V2: Mapping[str, Fill] = {
    "no ID3v2": nothing,
    "empty ID3v2": _id3v2(),
    "ID3v2 with a picture": _id3v2(_PICTURE),
    "ID3v2 with something private": _id3v2(frame(b"PRIV", b"owner\0data")),
    "ID3v2 with a link": _id3v2(frame(b"WOAR", b"http://x.org")),
    "ID3v2 with texts": _id3v2(*_texts("v2 "), _PICTURE),
    "ID3v2 with a genre": _id3v2(*_texts("v2 "), frame(b"TCON", b"\0Old")),
}


def _apev2(**items: Any) -> Fill:
    def fill(path: Path, name: str) -> None:
        tag = APEv2()
        for key, value in items.items():
            tag[key] = value
        tag.save(path)

    return fill


APEV2: Mapping[str, Fill] = {
    "no APEv2": nothing,
    "APEv2 with loudness": _apev2(REPLAYGAIN_TRACK_GAIN="-7 dB"),
    "APEv2 with a picture": _apev2(**{"Cover Art (Front)": APEValue(b"cover.png\0" + PNG, 1)}),
    "APEv2 with texts": _apev2(Title="ape title", Artist=["ape", "artist"], Genre="Old"),
}


def _id3v1(*fields: bytes, genre: int) -> Fill:
    title, artist, album, comment = (field.ljust(30, b"\0") for field in fields)
    year = b"1999" if fields[0] else bytes(4)
    data = b"TAG" + title + artist + album + year + comment[:28] + b"\0\7" + bytes([genre])
    data = data if fields[0] else data[:125] + bytes(2) + data[127:]

    def fill(path: Path, name: str) -> None:
        path.write_bytes(path.read_bytes() + data)

    return fill


ID3V1: Mapping[str, Fill] = {
    "no ID3v1": nothing,
    "blank ID3v1": _id3v1(b"", b"", b"", b"", genre=255),
    "ID3v1 with texts": _id3v1(b"v1 title", b"v1 artist", b"v1 album", b"remark", genre=8),
    "ID3v1 in Latin-1": _id3v1(b"T\xeftle\xa0\x85", b"\xc4rtist", b"", b"", genre=255),
}


def _comments(**items: str) -> Fill:
    def fill(path: Path, name: str) -> None:
        audio: Any = mutagen.File(path)
        if audio.tags is None:
            audio.add_tags()
        for key, value in items.items():
            audio[key] = value
        audio.save()

    return fill


def _no_comments(path: Path, name: str) -> None:
    FLAC(path).delete()
    audio = FLAC(path)
    audio.metadata_blocks = [block for block in audio.metadata_blocks if block.code != 4]
    audio.save()


COMMENTS: Mapping[str, Fill] = {
    "no comment block": _no_comments,
    "empty comments": _comments(),
    "comments": _comments(title="vorbis title", artist="vorbis artist"),
}

INFO: Mapping[str, Fill] = {
    "no INFO": nothing,
    "INFO with a program": lambda path, name: void(_with_info(path, (b"ISFT", b"Lavf59\0"))),
    "INFO with texts": lambda path, name: void(
        _with_info(path, (b"INAM", b"info title\0"), (b"IART", b"info artist\0"))
    ),
    "INFO with a genre": lambda path, name: void(
        _with_info(path, (b"INAM", b"info title\0"), (b"IGNR", b"Old\0"))
    ),
}


def void(_: Any) -> None:
    """Give nothing back."""


def _text_chunks(path: Path, name: str) -> None:
    data = path.read_bytes() + b"NAME" + (10).to_bytes(4, "big") + b"aiff title"
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "big") + data[8:])


CHUNK: Mapping[str, Fill] = {
    **{key: ID3V2[key] for key in ("no ID3v2", "ID3v2 with a picture", "ID3v2 with texts")},
    "uncounted ID3v2": _uncounted_id3v2,
}
NAMES: Mapping[str, Fill] = {"no text chunk": nothing, "a text chunk": _text_chunks}
PLAIN_TEXTS: Mapping[str, Fill] = {
    "no tags": nothing,
    "texts": _comments(title="title", artist="artist"),
}


def _some(fills: Mapping[str, Fill], *keys: str) -> Mapping[str, Fill]:
    return {key: fills[key] for key in fills if key.startswith("no ") or key in keys}


SOME_ID3V2 = _some(ID3V2, "empty ID3v2", "ID3v2 with a picture", "ID3v2 with texts")
SOME_APEV2 = _some(APEV2, "APEv2 with a picture", "APEv2 with texts")
SOME_ID3V1 = _some(ID3V1, "blank ID3v1", "ID3v1 with texts")

COMBINATIONS: Mapping[str, tuple[Mapping[str, Fill], ...]] = {
    "MP3": (ID3V2, APEV2, ID3V1),
    **dict.fromkeys(("AAC", "TTA"), (SOME_ID3V2, SOME_APEV2, SOME_ID3V1)),
    **dict.fromkeys(
        ("WavPack", "Monkey's Audio", "Musepack"), (SOME_APEV2, SOME_ID3V1, SOME_ID3V2)
    ),
    "FLAC": (COMMENTS, SOME_ID3V2, SOME_ID3V1),
    "WAV": (INFO, CHUNK),
    "AIFF": (NAMES, CHUNK),
    "DSF": (ID3V2,),
    **dict.fromkeys(("Ogg Vorbis", "Opus", "Ogg FLAC", "Speex"), (PLAIN_TEXTS,)),
}
"""The tags that each container may have, in an order in which they can be put into a file."""


def cases() -> Iterator[Any]:
    """Each container with each combination."""
    for name, places in COMBINATIONS.items():
        for chosen in product(*places):
            yield pytest.param(name, chosen, id=f"{name}: {', '.join(chosen)}")


def filled(name: str, chosen: tuple[str, ...], folder: Path) -> Path:
    """A file in the container `name` with the tags `chosen`."""
    path = empty(name, folder)
    for place, key in zip(COMBINATIONS[name], chosen, strict=True):
        place[key](path, name)
    return path


def by_taglib(path: Path) -> dict[str, Any]:
    """All properties; none if TagLib does not know the container."""
    try:
        with taglib.File(str(path)) as file:
            return {key: tuple(values) for key, values in file.tags.items()}
    except OSError:
        return {}


def by_mutagen(path: Path) -> dict[str, Any]:
    """All tags as text, pictures by their length."""
    try:
        audio: Any = mutagen.File(path)
    except mutagen.MutagenError:
        return {}
    found = {} if audio is None or audio.tags is None else dict(audio.tags.items())
    return {key.upper(): str(value)[:500] for key, value in found.items()}


def by_ffprobe(path: Path) -> dict[str, Any]:
    """All tags of the file and its streams, and its pictures."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    found = json.loads(done.stdout)
    texts: dict[str, Any] = {}
    for part in (found["format"], *found["streams"]):
        texts |= {key.lower(): value for key, value in part.get("tags", {}).items()}
    return texts | {f"stream {s['index']}": s["codec_name"] for s in found["streams"]}


READERS = {"TagLib": by_taglib, "mutagen": by_mutagen, "FFmpeg": by_ffprobe}
_GENRES = ("genre", "tcon", "ignr", "\xa9gen", "wm/genre")


def views(path: Path) -> dict[str, dict[str, Any]]:
    """What each reader shows."""
    return {reader: read(path) for reader, read in READERS.items()}


def without_genre(view: Mapping[str, Any]) -> dict[str, Any]:
    """What it shows beside genres."""
    return {key: value for key, value in view.items() if key.lower() not in _GENRES}


def sound(name: str) -> bytes:
    """The stored sound, which is the same in each of the files: all after what tags may change."""
    data = pristine(name)[1]
    starts = {"FLAC": b"\xff\xf8", "WAV": b"data", "AIFF": b"SSND", "DSF": b"data"}
    if name in ("Ogg Vorbis", "Opus", "Ogg FLAC", "Speex"):
        return data[data.rindex(b"OggS") + 27 :]
    return data[data.index(starts[name]) :] if name in starts else data


@pytest.mark.parametrize(("name", "chosen"), list(cases()))
def test_all_that_readers_showed_they_go_on_showing(
    name: str, chosen: tuple[str, ...], tmp_path: Path
) -> None:
    path = filled(name, chosen, tmp_path)
    before, raw = views(path), raw_genres(path)
    expected = fields_after_write(path, ("Jazz",))
    tags.write(path, ("Jazz",))
    after = views(path)
    for reader, view in before.items():
        # FFmpeg takes ID3v1 for UTF-8; what it could not read, it now can.
        shown = {key: value for key, value in without_genre(view).items() if "\ufffd" not in value}
        kept = {key: value for key, value in after[reader].items() if key in shown}
        assert kept == shown, reader
    assert tags.read(path).genres == ("Jazz",)
    assert other_fields(path) == expected
    assert sound(name) in path.read_bytes()
    restore(path, raw)
    assert raw_genres(path) == raw
    assert views(path) == before
