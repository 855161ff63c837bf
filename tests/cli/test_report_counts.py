"""`genretag report` says of files the same as `genretag scan`."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from test_albums import HIGH, LOW, LOW_HZ, MIXED, build_library, home, song  # noqa: F401
from test_films import film
from test_report import data

from genretag import tags

OPTIONS = [
    (),
    ("--policy", "replace"),
    ("--policy", "add", "--max-genres", "1"),
    ("--by", "artist", "--placeholder", "+Tone"),
    ("--from", "heard", "--only", "Low"),
]


@pytest.fixture
def library(genretag, music: Path) -> Path:
    """A library that genretag and a person have tagged in part, with broken and odd files."""
    build_library(music)
    assert genretag("scan", music / "Torn").returncode == 1  # one of the album fails
    song(music / "Torn" / "Half" / "04", MIXED, artist="Torn", album="Half")
    for n, (hz, genre) in enumerate(((LOW, "high"), (LOW, "HIGH"), (HIGH, "high"), (HIGH, "Tone"))):
        song(music / "Given" / f"{n}", hz, artist="Given", album="Given", genre=genre)
    song(music / "Given" / "4", MIXED, artist="Given", album="Given")
    for name in ("tagged", "bare"):
        damage(song(music / "Damaged" / name, LOW, artist="D", album="D"))
    tags.write(music / "Damaged" / "tagged.flac", ["Low"])
    if shutil.which("ffmpeg"):
        film(music / "Films" / "bare.mp4")
        tags.write(film(music / "Films" / "tagged.mp4"), ["Score"])
    (music / "cover.jpg").write_bytes(b"picture")
    return music


def damage(path: Path) -> Path:
    """Leave nothing of the sound of a FLAC file, and all of its tags."""
    content = path.read_bytes()
    frames = content.index(b"\xff\xf8") + 2  # by their first bytes tags end where sound starts
    path.write_bytes(content[:frames] + b"\0" * (len(content) - frames))
    return path


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_counts_and_genres_agree_with_a_scan_of_the_same_files(
    genretag, library, tmp_path, options: tuple[str, ...]
) -> None:
    run = genretag("report", library, "-o", tmp_path / "page.html", *options)
    assert run.returncode == 1, run.stderr
    scan = genretag("scan", "-n", "--format", "jsonl", library, *options)
    scanned = {row["path"]: row for row in map(json.loads, scan.stdout.splitlines())}
    page = data(tmp_path / "page.html")
    rows = page["rows"]
    told = {
        str(library / path): tuple(page["names"][rows[key][n]] for key in ("status", "after"))
        for n, path in enumerate(rows["path"])
    }
    left_out = {path for path, row in scanned.items() if row["status"] == "skipped"}
    assert told == {
        path: (row["status"], "; ".join(row["after"]))
        for path, row in scanned.items()
        if path not in left_out
    }
    assert page["about"]["skipped"] == len(left_out)
    counted = Counter(
        name
        for row in scanned.values()
        if row["status"] not in ("failed", "skipped")
        for name in {one.casefold() for one in row["after"]} - {"tone"}
    )
    after = Counter({name.casefold(): files for name, _, files in page["distribution"] if files})
    assert counted == {name: after[name] for name in after if name not in ("no genre", "tone")}


def test_a_tagged_file_that_cannot_be_analysed_is_told_and_has_not_failed(
    genretag, library, tmp_path
) -> None:
    run = genretag("report", library / "Damaged", "-o", tmp_path / "page.html")
    assert run.returncode == 1 and "tagged.flac" in run.stderr and "bare.flac" in run.stderr
    page = data(tmp_path / "page.html")
    rows = page["rows"]
    status = {path: page["names"][n] for path, n in zip(rows["path"], rows["status"], strict=True)}
    assert status == {"bare.flac": "failed", "tagged.flac": "unchanged"}
    assert {rows["path"][failure["row"]] for failure in page["failures"]} == set(status)
    assert rows["best"] == [-2, -2]
