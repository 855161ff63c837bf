"""A write that fails says whose fault it is: genretag calls its own only what is its own."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from audio_files import make
from mutagen.ogg import OggPage
from writers import apply, planned

from genretag.domain.outcome import Failed, Outcome, Tagged
from genretag.errors import Code, GenretagError

ALTERING = """
import os, sys
with open(sys.argv[1], "r+b") as file:
    while True:
        file.seek(os.path.getsize(sys.argv[1]) // 2)
        file.write(os.urandom(1))
        file.flush()
"""


def written(folder: Path, path: Path, *genres: str) -> Outcome:
    (outcome,) = apply(folder / "journal", [planned(path, *genres)])
    return outcome


def refused(outcome: Outcome, code: Code, *words: str) -> None:
    assert isinstance(outcome, Failed) and outcome.error
    assert outcome.error.code is code, outcome.error
    assert all(word in outcome.error.message for word in words), outcome.error
    assert "mistake in genretag" not in outcome.error.hint


@pytest.mark.parametrize(
    "genres", [("Rock; Pop",), ("(17)",), ("(255)",), ("Rock", "rock"), (" Rock",), ("a\0b",)]
)
@pytest.mark.parametrize("name", ["FLAC", "WavPack", "MP4"])
def test_names_that_no_reader_takes_as_they_are_are_named(
    name: str, genres: tuple[str, ...], tmp_path: Path
) -> None:
    path = make(name, tmp_path)
    before = path.read_bytes()
    refused(written(tmp_path, path, *genres), Code.TAGS_UNWRITABLE, f'"{genres[0]}"')
    assert path.read_bytes() == before


def test_damaged_sound_is_called_damaged(tmp_path: Path) -> None:
    path = make("Ogg Vorbis", tmp_path)
    content = bytearray(path.read_bytes())
    with path.open("rb") as file:
        at = OggPage(file).size  # the page with the comments
    content[at + 22] ^= 1  # its checksum
    path.write_bytes(content)
    refused(written(tmp_path, path, "Rock"), Code.VERIFY_FAILED, "sound is damaged")
    assert path.read_bytes() == content


def test_a_dsf_file_that_breaks_off_gets_no_tag_into_its_sound(tmp_path: Path) -> None:
    path = make("DSF", tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    refused(written(tmp_path, path, "Rock"), Code.TAGS_UNWRITABLE, "cut off")


def test_a_file_that_changes_while_it_is_written_is_called_changed(tmp_path: Path) -> None:
    path = make("FLAC", tmp_path, seconds=20.0)
    change = planned(path, "Rock")
    with subprocess.Popen([sys.executable, "-c", ALTERING, str(path)]) as process:
        try:
            before = path.stat().st_mtime_ns
            while path.stat().st_mtime_ns == before:
                pass
            for _ in range(5):
                (outcome,) = apply(
                    tmp_path / "journal",
                    [replace(change, change=replace(change.change, stamp=None))],
                )
                refused(outcome, Code.CHANGED)
        finally:
            process.kill()


def damaged(content: bytes, draw: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(draw.choice((1, 2, 5))):
        at = draw.randrange(len(data) if draw.random() < 0.5 else min(400, len(data)))
        size = draw.choice((1, 4, 64))
        new = draw.choice((b"", bytes(size), b"\xff" * size, draw.randbytes(size)))
        data[at : at + size] = new
    return bytes(data)


@pytest.mark.parametrize(
    "name", ["Ogg Vorbis", "Opus", "MP4", "MP4 fragmented", "ASF", "DSF", "WAV"]
)
def test_what_fails_over_a_damaged_file_is_no_mistake_of_genretag(
    name: str, tmp_path: Path
) -> None:
    whole = make(name, tmp_path, seconds=1.0)
    content = whole.read_bytes()
    failed = 0
    for seed in range(60):
        path = tmp_path / f"damaged{whole.suffix}"
        path.write_bytes(damaged(content, random.Random(seed)))
        try:
            outcome = written(tmp_path, path, "Rock", "Pop")
        except GenretagError:  # it cannot even be read
            continue
        failed += not isinstance(outcome, Tagged)
        if isinstance(outcome, Failed) and outcome.error:
            assert "mistake in genretag" not in outcome.error.hint, (seed, outcome.error)
    assert failed
