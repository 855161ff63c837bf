"""A long run takes no more memory than a short one. Some ten minutes: `pytest -m slow -rP`."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from audio_files import RECIPES, encode, noise
from conftest import COMMAND

FILES, EARLY = 20_000, 1_000
MEGABYTE = 1 << 20


def tree(root: int) -> list[int]:
    """The process and all below it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
    found = [root]
    for process in found:
        found.extend(child for child, parent in parents.items() if parent == process)
    return found


def used(root: int) -> float:
    """Megabytes of the process tree; what processes share is counted once."""
    total = 0
    for process in tree(root):
        with suppress(OSError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    return total / MEGABYTE


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
@pytest.mark.parametrize("cache", [(), ("--no-cache",)], ids=["cache", "no cache"])
def test_memory_stays_flat_over_twenty_thousand_files(home, music, tmp_path, cache) -> None:
    music.mkdir()
    sounds = [
        encode(tmp_path / f"{n}.{RECIPES[kind].suffix}", noise(3.0, seed=n), RECIPES[kind])
        for n, kind in enumerate(("FLAC", "MP3", "Ogg Vorbis", "MP4"))
    ]
    for n in range(FILES):
        album = music / f"{n // 200:03}"
        album.mkdir(exist_ok=True)
        os.link(sounds[n % 4], album / f"{n:05}{sounds[n % 4].suffix}")
    # The default model; with a cache all but four files are known again by their sound.
    del home["GENRETAG_MODEL"]
    out = tmp_path / "out.jsonl"
    command = [
        *COMMAND,
        "scan",
        "-n",
        "-j2",
        *cache,
        "--format",
        "jsonl",
        "-o",
        str(out),
        str(music),
    ]
    process = subprocess.Popen(command, env=home, stderr=subprocess.DEVNULL)
    curve: list[tuple[int, float]] = []
    while process.poll() is None:
        time.sleep(0.5)
        done = out.read_bytes().count(b"\n") if out.exists() else 0
        curve.append((done, used(process.pid)))
    assert process.returncode == 0
    assert out.read_bytes().count(b"\n") == FILES
    late = [megabytes for done, megabytes in curve if done >= EARLY and megabytes]
    for done, megabytes in curve[:: max(1, len(curve) // 12)]:
        print(f"{done:6} files {megabytes:6.1f} MB")
    print(f"after {EARLY}: {late[0]:.1f} MB, at most {max(late):.1f} MB")
    assert max(late) - late[0] < 50
    assert max(megabytes for _, megabytes in curve) < 600
