"""Files that were damaged at random: never a crash, never a change to their sound.

GENRETAG_FUZZ_S is how many seconds the first test goes on; the second is `slow`.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import toy_model
from audio_files import CRAFTED, RECIPES, make
from one_shot import audio_span, raw_genres, stale_tags

from genretag import tags
from genretag.audio.decode import read_excerpts
from genretag.audio.fingerprint import fingerprint
from genretag.domain.window import Excerpt
from genretag.errors import GenretagError

SECONDS = float(os.environ.get("GENRETAG_FUZZ_S", "10"))
FILES = 2000
SEEDS = sorted({*RECIPES, *CRAFTED})


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Some bytes flipped, runs cut out, doubled, zeroed or made large, or the end gone."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        # Headers decide most, so half of the damage is done to the start.
        at = draw.randrange(min(len(data), 400) if draw.random() < 0.5 else len(data) or 1)
        run = draw.choice((1, 2, 4, 8, 64, 1000))
        match draw.randrange(6):
            case 0:
                data[at : at + 1] = bytes([data[at] ^ 1 << draw.randrange(8)]) if data else b""
            case 1:
                del data[at : at + run]
            case 2:
                data[at:at] = data[at : at + run]
            case 3:
                data[at : at + run] = bytes(min(run, len(data) - at))
            case 4:
                data[at : at + 4] = draw.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\1"))
            case _:
                del data[at + len(data) // 3 :]
        if not data:
            return b"\0"
    return bytes(data)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("seeds")
    found = []
    for container in SEEDS:
        (own := folder / container).mkdir()
        path = make(container, own, seconds=1.0)
        with suppress(GenretagError):  # some cannot be tagged
            tags.write(path, ("Rock", "Pop"))
        found.append(path)
    return found


def test_reading_a_damaged_file_gives_sound_or_an_error(seeds: list[Path], tmp_path: Path) -> None:
    end, number = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        draw = random.Random(number)
        seed = seeds[number % len(seeds)]
        path = tmp_path / f"damaged{seed.suffix}"
        path.write_bytes(mutated(seed.read_bytes(), draw))
        for act in (
            lambda path: list(read_excerpts(path, 16000, lambda s: [Excerpt(0.0, min(s, 60.0))])),
            tags.read,
            stale_tags,
            raw_genres,
            lambda path: fingerprint(path, audio_span(path)),
        ):
            try:
                with suppress(GenretagError):
                    act(path)
            except Exception as error:
                raise AssertionError(f"number {number}, from {seed}") from error
        number += 1
    assert number > SECONDS  # something was tried


@pytest.mark.slow
def test_a_library_of_damaged_files_is_scanned_to_its_end(
    seeds: list[Path], tmp_path: Path
) -> None:
    music, home = tmp_path / "music", tmp_path / "home"
    music.mkdir()
    paths = []
    for number in range(FILES):
        seed = seeds[number % len(seeds)]
        path = music / f"{number:04}{seed.suffix}"
        path.write_bytes(mutated(seed.read_bytes(), random.Random(number + 10**6)))
        paths.append(path)
    before = {path: payload(path) for path in paths}
    model = toy_model.save(tmp_path / "toy.onnx")
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GENRETAG")}
    environment |= {f"GENRETAG_{name}_DIR": str(home) for name in ("CACHE", "DATA")}
    run = subprocess.run(
        [sys.executable, "-m", "genretag", "scan", "--policy", "replace", "--threshold", "0",
         "--model", str(model), "--timeout", "20", "--format", "jsonl", str(music)],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode in (0, 1), run.stderr[-2000:]
    assert "Traceback" not in run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert sorted(row["path"] for row in rows) == sorted(map(str, paths))
    codes = Counter(row["error"]["code"] if row["error"] else row["status"] for row in rows)
    print(dict(codes))
    assert not codes["internal"]
    assert sorted(music.iterdir()) == paths
    assert [path for path in paths if payload(path) != before[path]] == []


def payload(path: Path) -> bytes | None:
    """What stands for the sound of a file, where its place is known whatever its tags are."""
    try:
        span = audio_span(path)
    except GenretagError:
        return None
    if span is None:
        return None
    return path.read_bytes()[slice(*span)]
