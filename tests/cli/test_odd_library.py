"""A library of oddities: each file is accounted for once, and none stops the run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from audio_files import RECIPES, encode, garbage, make, sparse_hours, tone, truncated
from command import COMMAND
from recordings import record

HEARD = {"planned", "unsure"}


def two_streams(path: Path) -> Path:
    parts = [encode(path.with_name(f"part{n}.m4a"), tone(3.0), RECIPES["MP4"]) for n in range(2)]
    inputs = [word for part in parts for word in ("-i", str(part))]
    subprocess.run(
        ["ffmpeg", "-v", "error", *inputs, "-map", "0", "-map", "1", "-c", "copy", "-y", str(path)],
        check=True,
    )
    for part in parts:
        part.unlink()
    return path


def protected(path: Path) -> Path:
    """Return an MP4 whose samples are encrypted: the kind of its entry says `drms`."""
    whole = encode(path, tone(3.0), RECIPES["MP4"])
    content = whole.read_bytes()
    path.write_bytes(content.replace(b"mp4a", b"drms", 1))
    return path


def oddities(folder: Path) -> dict[str, set[str]]:
    """Files by name, and what may become of them."""
    flac, wav = RECIPES["FLAC"], RECIPES["WAV"]
    expected: dict[str, set[str]] = {}

    def add(name: str, statuses: set[str]) -> Path:
        expected[name] = statuses
        return folder / name

    encode(add("one sample.wav", HEARD), tone(1 / 44100), wav)
    encode(add("0.2 s.flac", HEARD), tone(0.2), flac)
    sparse_hours(add("3 hours.wav", HEARD), 3.0)
    encode(add("silence.flac", {"unsure"}), 0 * tone(3.0), flac)
    encode(add("DC.flac", HEARD), 0 * tone(3.0) + np.float32(0.5), flac)
    encode(add("clipped.flac", HEARD), np.sign(tone(3.0)), flac)
    floats = tone(3.0)
    floats[:, ::7], floats[:, 1::7] = np.nan, np.inf
    record(add("not numbers.wav", HEARD), floats, "pcm_f32le", "wav", "flt")
    record(add("8 bit.wav", HEARD), tone(3.0, 8000), "pcm_u8", "wav", "u8", 8000)
    record(
        add("24 bit, 192 kHz.wav", HEARD), tone(2.0, 192_000), "pcm_s24le", "wav", "s32", 192_000
    )
    record(add("5.1.flac", HEARD), tone(3.0, channels=6), "flac", "flac")
    record(add("7.1.wav", HEARD), tone(3.0, channels=8), "pcm_s16le", "wav")
    encode(add("gapless.mp3", HEARD), tone(3.0), RECIPES["MP3"])
    encode(add("lies.mp3", HEARD), tone(3.0), flac)
    encode(add("two streams.mka", {"skipped"}), tone(3.0), RECIPES["Matroska"])
    two_streams(add("two streams.mp4", HEARD | {"failed"}))
    protected(add("protected.m4p", HEARD | {"failed"}))
    garbage(add("garbage.flac", {"failed"}))
    add("picture.mp3", {"failed"}).write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(500))
    add("text.ogg", {"failed"}).write_text("no music")
    add("empty.mp3", {"skipped"}).touch()
    for container in ("FLAC", "MP3", "Ogg Vorbis", "Opus", "MP4", "ASF", "WAV", "AIFF", "WavPack"):
        (sub := folder / "cut" / container).mkdir(parents=True)
        cut = truncated(make(container, sub, seconds=3.0))
        expected[str(cut.relative_to(folder))] = HEARD | {"failed"}
    os.mkfifo(add("pipe.mp3", {"skipped"}))
    if os.geteuid() == 0:
        os.mknod(add("device.mp3", {"skipped"}), 0o600 | 0o020000, os.makedev(1, 3))
    add("folder.mp3", set()).mkdir()
    del expected["folder.mp3"]
    for name in ("line\nfeed.flac", "esc\x1b[31m.flac", "rtl\u202e.flac", "é" * 120 + ".flac"):
        encode(add(name, HEARD), tone(1.0), flac)
    encode(folder / "bytes.flac", tone(1.0), flac).rename(
        os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.flac")
    )
    expected[os.fsdecode(b"\xff\xfe.flac")] = HEARD
    return expected


@pytest.mark.parametrize("more", [(), ("--coverage", "full"), ("--batch-size", "7")])
def test_each_odd_file_is_accounted_for_once(genretag, music, more) -> None:
    music.mkdir()
    expected = oddities(music)
    run = genretag("scan", "-n", music, "--format", "jsonl", *more)
    assert "Traceback" not in run.stderr and "\x1b[31m" not in run.stdout + run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    found = {str(Path(row["path"]).relative_to(music)): row for row in rows}
    assert len(rows) == len(found)
    assert found.keys() == expected.keys()
    odd = {
        name: (row["status"], row["error"])
        for name, row in found.items()
        if row["status"] not in expected[name]
    }
    assert not odd
    assert run.returncode == 1
    for row in found.values():
        error = row["error"]
        assert (row["status"] == "failed") == bool(error)
        assert not error or (error["code"] not in ("internal", "worker-died") and error["hint"])


def child_with(path: Path, parent: int, seconds: float = 120.0) -> int:
    """Return the process below `parent` that has `path` open."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                mine = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent
                if mine and path in [fd.readlink() for fd in (process / "fd").iterdir()]:
                    return int(process.name)
            except OSError:
                continue
    raise AssertionError(f"nobody opened {path}")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_decoder_that_crashes_costs_one_file(home, music, jobs) -> None:
    """Send a worker the signal of a segmentation fault in the middle of a long file."""
    music.mkdir()
    for name in ("a", "c", "d"):
        encode(music / f"{name}.flac", tone(3.0), RECIPES["FLAC"])
    long = sparse_hours(music / "b.wav", 3.0)
    process = subprocess.Popen(
        [*COMMAND, "scan", "-n", "-j", jobs, "--coverage", "full", "--format", "jsonl", str(music)],
        env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.kill(child_with(long, process.pid), signal.SIGSEGV)
    out, err = process.communicate(timeout=100)
    rows = {Path(row["path"]).name: row for row in map(json.loads, out.splitlines())}
    assert process.returncode == 1, err
    assert rows.pop("b.wav")["error"]["code"] == "worker-died"
    assert {row["status"] for row in rows.values()} == {"planned"} and len(rows) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process may take")
def test_a_file_that_eats_memory_is_stopped() -> None:
    code = """
from genretag.library.resources import WORKER_BYTES, limit_memory
limit_memory()
few = bytearray(WORKER_BYTES // 2)
try:
    bytearray(WORKER_BYTES)
except MemoryError:
    print("stopped")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "stopped\n"
