"""What `inspect` says that MPD shows is what MPD shows, asked over its socket."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import mpd_server
import pytest
from fixtures import empty, frame, full, id3, with_id3
from one_shot import stored_tags
from readers import FILES
from test_stored import with_second_tags

from genretag import tags
from genretag.domain.players import PLAYERS

pytestmark = pytest.mark.skipif(mpd_server.MPD is None, reason="needs mpd")

MPD = next(player for player in PLAYERS if player.name == "MPD")
PLAYED = [name for name in FILES if name != "OptimFROG"]
LAYERED = ("MP3", "MP2", "AAC", "FLAC", "TTA", "WavPack", "Musepack", "Monkey's Audio")
REFERENCES = (
    "17", "(17)", "(17)Alt", "(51)(39)", "(RX)Alt", "RX", "CR", "((live)", "(live)Alt", "Rock/Pop",
    "Rock; Pop", "Rock\0Pop", "80s Pop",
)  # fmt: skip


def _chunk(path: Path, name: bytes, text: bytes) -> Path:
    """Append a text of AIFF's own, or one of RIFF INFO in its list."""
    order = "little" if path.suffix == ".wav" else "big"
    content = name + len(text).to_bytes(4, order) + text + bytes(len(text) % 2)
    if path.suffix == ".wav":
        content = b"LIST" + (4 + len(content)).to_bytes(4, order) + b"INFO" + content
    data = path.read_bytes() + content
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, order) + data[8:])
    return path


def _written(folder: Path) -> Iterator[tuple[str, Path]]:
    genres = (("Rock",), ("Rock", "Hip-Hop", "Jazz"))
    for name, make, names in itertools.product(PLAYED, (empty, full), genres):
        path = make(name, folder)
        tags.write(path, names)
        yield f"{name}, {make.__name__}, {len(names)} genres", path


def _layered(folder: Path) -> Iterator[tuple[str, Path]]:
    v2s, apes = (None, (), ("Two", "Second")), (None, (), ("Ape", "17"))
    for name, v2, ape, v1 in itertools.product(LAYERED, v2s, apes, (None, 255, 17)):
        path = with_second_tags(empty(name, folder), v2, ape, v1)
        yield f"{name}, ID3v2 {v2}, APEv2 {ape}, ID3v1 {v1}", path


def _chunked(folder: Path) -> Iterator[tuple[str, Path]]:
    keys = {
        "WAV": ("", "INAM", "IART", "ICRD", "IPRD", "IGNR", "ICMT", "ISFT", "ICOP", "IKEY", "ITRK"),
        "AIFF": ("", "NAME", "AUTH", "(c) ", "ANNO"),
    }
    for name in keys:
        for key, genre in itertools.product(keys[name], (b"", frame(b"TCON", b"\0Rock"))):
            path = with_id3(empty(name, folder), name, id3(frame(b"TIT2", b"\0Title"), genre))
            yield f"{name}, {key}, {genre}", _chunk(path, key.encode(), b"Text") if key else path


def _referring(folder: Path) -> Iterator[tuple[str, Path]]:
    for text, major in itertools.product(REFERENCES, (3, 4)):
        part = frame(b"TCON", b"\0" + text.encode())
        yield f"{text} in v2.{major}", with_id3(empty("MP3", folder), "MP3", id3(part, major=major))


def test_the_rules_for_mpd_are_those_of_mpd(tmp_path: Path) -> None:
    music, made = tmp_path / "music", {}
    music.mkdir()
    for make in (_written, _layered, _chunked, _referring):
        for label, path in make(tmp_path):
            moved = Path(shutil.move(path, music / f"{len(made):04}{path.suffix}"))
            made[moved.name] = label, MPD.shows(tags.read(moved).container, stored_tags(moved))
    shown = mpd_server.shown(music)
    wrong = {
        label: (rule, shown.get(name))
        for name, (label, rule) in made.items()
        if list(rule) != shown.get(name)
    }
    assert wrong == {}
    assert len(shown) == len(made) > 350
