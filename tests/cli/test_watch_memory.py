"""The memory of a watch that runs for weeks. Some ten minutes: `pytest -m slow -rP`."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from audio_files import write_tone
from command import COMMAND

from genretag import tags

EVENTS, ROUNDS, EARLY = 50_000, 50, 5
FILES = 200
PATIENCE_S = 300


def resident(process: int) -> float:
    """Return the megabytes that a process has in memory."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("it has ended")


def disturb(files: list[Path], count: int) -> None:
    """Let so many things happen to files: they are touched, copied, renamed and removed."""
    for n in range(count // 4):
        file = files[n % len(files)]
        os.utime(file)
        copy = shutil.copyfile(file, file.with_name("copy.flac"))
        moved = copy.rename(file.with_name("moved.flac"))
        moved.unlink()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_memory_stays_flat_over_fifty_thousand_events(home, music, tmp_path) -> None:
    files = [music / str(n // 10) / f"{n}.flac" for n in range(FILES)]
    for n, file in enumerate(files):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_tone(file, seconds=1.0, hz=100.0 + n)
    fresh = write_tone(tmp_path / "fresh.flac", seconds=3.0)
    # The default model: it is loaded anew for each batch.
    del home["GENRETAG_MODEL"]
    log = tmp_path / "log"
    command = [*COMMAND, "watch", "--settle", "1", "--threshold", "0.01", str(music)]
    with log.open("w") as out:
        process = subprocess.Popen(command, env=home, stdout=out, stderr=out)
    curve = []
    try:
        for n in range(ROUNDS):
            disturb(files, EVENTS // ROUNDS)
            new = shutil.copyfile(fresh, music / "new.flac")
            end = time.monotonic() + PATIENCE_S
            while not tags.read(new).genres:
                assert process.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.2)
            curve.append(resident(process.pid))
            new.unlink()
            print(f"{(n + 1) * EVENTS // ROUNDS:6} events {curve[-1]:6.1f} MB")
    finally:
        process.terminate()
        assert process.wait(60) == 0
    print(f"after {EARLY} rounds: {curve[EARLY]:.1f} MB, at most {max(curve[EARLY:]):.1f} MB")
    assert max(curve[EARLY:]) - curve[EARLY] < 30
