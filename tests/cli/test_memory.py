"""What a long run and a large cover take. Some ten minutes: `pytest -m slow -rP`."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from audio_files import RECIPES, encode, noise, tone
from command import COMMAND
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3
from mutagen.mp4 import MP4, MP4Cover

FILES, EARLY = 20_000, 1_000
MEGABYTE = 1 << 20
COVER = 200 * MEGABYTE


def tree(root: int) -> list[int]:
    """Return the process and all below it."""
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


def high_water(process: int) -> float:
    """Return the most megabytes that the process has had so far; 0 once it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


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


def _cover_in_mp3(path: Path) -> None:
    tag = ID3()
    tag.add(APIC(0, "image/jpeg", 3, "", bytes(COVER)))
    tag.save(path)


def _cover_in_flac(path: Path) -> None:
    """Add a picture as several, because a block of FLAC holds sixteen megabytes at most."""
    file, size = FLAC(path), 15 * MEGABYTE
    for _ in range(COVER // size):
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/jpeg", bytes(size)
        file.add_picture(picture)
    file.save()


def _cover_in_mp4(path: Path) -> None:
    file = MP4(path)
    file["covr"] = [MP4Cover(bytes(COVER))]
    file.save()


COVERED: Mapping[str, Callable[[Path], None]] = {
    "MP3": _cover_in_mp3,
    "FLAC": _cover_in_flac,
    "MP4": _cover_in_mp4,
}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
@pytest.mark.parametrize("kind", COVERED)
def test_a_cover_of_200_megabytes_takes_no_gigabyte(home, music, kind: str) -> None:
    music.mkdir()
    path = encode(music / f"a.{RECIPES[kind].suffix}", tone(3.0, RECIPES[kind].rate), RECIPES[kind])
    COVERED[kind](path)
    command = [*COMMAND, "scan", "-j1", "--threshold", "0", "--format", "jsonl", str(music)]
    process = subprocess.Popen(command, env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    most = [0.0, 0.0]  # of the process that writes, and of all together
    while process.poll() is None:
        most[0] = max(most[0], high_water(process.pid))
        most[1] = max(most[1], used(process.pid))
        time.sleep(0.01)
    stdout, stderr = process.communicate()
    print(f"{kind}: {most[0]:.0f} MB at most in the process that writes, {most[1]:.0f} MB in all")
    assert json.loads(stdout)["status"] == "tagged", stderr
    assert most[1] < 1024
