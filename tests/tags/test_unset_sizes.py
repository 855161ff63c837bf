"""WAV and AIFF whose sizes a recorder never filled in are tagged before their sound."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from audio_files import make
from fixtures import payload
from one_shot import audio_span, fields_after_write, other_fields, raw_genres, restore
from readers import by_ffprobe, by_taglib

from genretag import tags
from genretag.audio import audio_digest as sound

UNSET = (0, 0xFFFFFFFF, 0x7FFFF000)


def recorded(name: str, folder: Path, whole: int | None, data: int | None) -> Path:
    """Two seconds, with these sizes for the file and its sound; None leaves the right one."""
    path = make(name, folder, seconds=2.0)
    order: Any = "little" if name == "WAV" else "big"
    content = bytearray(path.read_bytes())
    at = content.index(b"data" if name == "WAV" else b"SSND") + 4
    if whole is not None:
        content[4:8] = whole.to_bytes(4, order)
    if data is not None:
        content[at : at + 4] = data.to_bytes(4, order)
    path.write_bytes(content)
    return path


def duration(path: Path) -> Any:
    command = ["ffprobe", "-v", "quiet", "-show_entries", "format=duration", "-of", "json"]
    run = subprocess.run([*command, str(path)], capture_output=True, check=False)
    return json.loads(run.stdout or "{}").get("format")


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")
@pytest.mark.parametrize("name", ["WAV", "AIFF"])
@pytest.mark.parametrize("whole", [None, 8, 36, *UNSET])
@pytest.mark.parametrize("data", [None, *UNSET])
def test_a_file_without_sizes_is_tagged_and_heard_as_before(
    name: str, whole: int | None, data: int | None, tmp_path: Path
) -> None:
    path = recorded(name, tmp_path, whole, data)
    before = Path(shutil.copy(path, tmp_path / "before"))
    content = path.read_bytes()
    sample = content[-30_000:]
    played = duration(before)
    kept, others = raw_genres(path), fields_after_write(path, ("Rock",))
    tags.write(path, ("Rock",))
    assert tags.read(path).genres == ("Rock",) and by_taglib(path) == ["Rock"]
    assert other_fields(path) == others
    assert sample in path.read_bytes()
    if played:
        assert by_ffprobe(path) == ["Rock"] and duration(path) == played
        assert whole == 8 or payload(path, name) == payload(before, name)
        assert sound.same_audio(path, before, audio_span)
    tags.write(path, ("Rock", "Pop"))
    assert by_taglib(path) == ["Rock", "Pop"] or by_taglib(path) == ["Rock; Pop"]
    restore(path, kept)
    assert path.read_bytes()[8:] == content[8:]


@pytest.mark.parametrize("name", ["WAV", "AIFF"])
def test_a_tag_never_gets_into_the_sound(name: str, tmp_path: Path) -> None:
    path = recorded(name, tmp_path, None, 0)
    tags.write(path, ("Rock",))
    content = path.read_bytes()
    assert content.lower().index(b"id3 ") < content.index(b"data" if name == "WAV" else b"SSND")


def test_an_empty_recording_is_tagged_behind_it(tmp_path: Path) -> None:
    path = make("WAV", tmp_path)
    content = path.read_bytes()
    empty = content[: content.index(b"data")] + b"data" + bytes(4)
    path.write_bytes(empty[:4] + (len(empty) - 8).to_bytes(4, "little") + empty[8:])
    tags.write(path, ("Rock",))
    assert path.read_bytes().index(b"id3 ") == len(empty)
    assert by_taglib(path) == ["Rock"]


@pytest.mark.parametrize("name", ["WAV", "AIFF"])
def test_a_file_that_breaks_off_in_its_sound_is_tagged(name: str, tmp_path: Path) -> None:
    path = make(name, tmp_path, seconds=2.0)
    path.write_bytes(path.read_bytes()[:-50_001])
    before = path.read_bytes()
    tags.write(path, ("Rock",))
    assert path.read_bytes().endswith(before[-200_000:])
    assert by_taglib(path) == by_ffprobe(path) == ["Rock"]
