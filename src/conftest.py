"""Gives the examples in docstrings a folder with a song, and keeps genretag's own files in it."""

import math
import wave
from array import array
from functools import cache
from pathlib import Path

import pytest

RATE_HZ = 22050
SECONDS = 12


@pytest.fixture(autouse=True)
def folder_with_a_song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the example in a folder that holds `song.wav`, 12 s of a 440 Hz sine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENRETAG_DATA_DIR", str(tmp_path / "data"))
    with wave.open("song.wav", "wb") as song:
        song.setnchannels(1)
        song.setsampwidth(2)
        song.setframerate(RATE_HZ)
        song.writeframes(_sine())


@cache
def _sine() -> bytes:
    step = 2 * math.pi * 440 / RATE_HZ
    samples = (round(16000 * math.sin(step * time)) for time in range(SECONDS * RATE_HZ))
    return array("h", samples).tobytes()
