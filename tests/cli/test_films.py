"""Films are left alone unless asked for, and music with pictures is no film."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from audio_files import write_tone
from command import COMMAND
from mutagen.mp4 import MP4, MP4Cover
from test_scan import rows, song
from toy_model import LOW_HZ

from genretag.audio.decode import has_video

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")

MOVING = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=3")
SLIDES = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=1/2:duration=3")
CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1500
title=One
[CHAPTER]
TIMEBASE=1/1000
START=1500
END=3000
title=Two
"""


def ffmpeg(path: Path, *options: str) -> Path:
    """Encode a low tone, and whatever else the options add."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = ("-f", "lavfi", "-i", f"sine=frequency={LOW_HZ}:duration=3:sample_rate=48000")
    command = ["ffmpeg", "-nostdin", "-y", "-v", "error", *sound, *options, str(path)]
    subprocess.run(command, check=True)
    return path


def film(path: Path) -> Path:
    codec = {".asf": "wmv2"}.get(path.suffix, "mpeg4")
    sound = ("-c:a", "aac") if path.suffix == ".3gp" else ()
    return ffmpeg(path, *MOVING, "-c:v", codec, *sound)


def covered(path: Path) -> Path:
    """Music with a cover."""
    picture = path.with_name("cover.jpg")
    write_tone(path, seconds=3.0, rate=48000, hz=LOW_HZ)
    paint = ["-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(picture)]
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-v", "error", *paint], check=True)
    audio = MP4(path)
    audio["covr"] = [MP4Cover(picture.read_bytes(), MP4Cover.FORMAT_JPEG)]
    audio.save()
    picture.unlink()
    return path


def with_chapters(path: Path) -> Path:
    chapters = path.with_name("chapters.txt")
    chapters.write_text(CHAPTERS, encoding="utf-8")
    ffmpeg(path, "-i", str(chapters), "-map_metadata", "1", "-map", "0:a")
    chapters.unlink()
    return path


def test_a_film_is_left_alone_and_music_with_pictures_is_not(genretag, music) -> None:
    music.mkdir()
    for name in ("film.mp4", "film.3gp", "film.asf"):
        film(music / name)
    covered(music / "cover.m4a")
    with_chapters(music / "chapters.m4b")
    ffmpeg(music / "slides.mp4", *SLIDES, "-c:v", "mjpeg")
    song(music / "song.wma")
    found = rows(genretag("scan", music, "--format", "jsonl"))
    films = {name for name, row in found.items() if row["status"] == "skipped"}
    assert films == {"film.mp4", "film.3gp", "film.asf"}
    assert {found[name]["reason"] for name in films} == {"has a video stream"}
    others = {name: row["status"] for name, row in found.items() if name not in films}
    assert others == dict.fromkeys(others, "tagged") and len(others) == 4


def test_films_are_tagged_on_request_whatever_was_remembered(genretag, music) -> None:
    path = film(music / "film.mp4")
    asked = ("scan", music, "--format", "jsonl")
    assert rows(genretag(*asked))["film.mp4"]["status"] == "skipped"
    assert rows(genretag(*asked, "-n", "--video"))["film.mp4"]["status"] == "planned"
    assert rows(genretag(*asked))["film.mp4"]["status"] == "skipped"
    assert rows(genretag(*asked, GENRETAG_VIDEO="1"))["film.mp4"]["after"] == ["Low"]
    assert has_video(path)


def test_report_and_evaluate_leave_films_alone_too(genretag, music, tmp_path: Path) -> None:
    film(music / "film.mp4")
    tagged = MP4(song(music / "song.m4a"))
    tagged["\xa9gen"] = ["Low"]
    tagged.save()
    film_ = MP4(music / "film.mp4")
    film_["\xa9gen"] = ["High"]
    film_.save()
    run = genretag("evaluate", music, "--format", "jsonl")
    assert json.loads(run.stdout)["files"]["skipped"] == 1, run.stdout
    run = genretag("evaluate", music, "--format", "jsonl", "--video")
    assert json.loads(run.stdout)["files"]["judged"] == 2, run.stdout
    for options, shown in (((), False), (("--video",), True)):
        page = tmp_path / "page.html"
        assert (
            genretag("report", music, "--policy", "replace", "-o", page, *options).returncode == 0
        )
        assert ("film.mp4" in page.read_text(encoding="utf-8")) is shown


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".wav"])
def test_only_what_may_be_a_film_is_opened_once_more(
    suffix: str, music: Path, home: dict[str, str], tmp_path: Path
) -> None:
    path = song(music / f"song{suffix}")

    def opened(*options: str) -> int:
        log = tmp_path / "log"
        command = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=open,openat", *COMMAND]
        command += ["scan", "-n", "--no-cache", "-j", "1", *options, str(path)]
        subprocess.run(command, env=home, check=True, capture_output=True)
        return log.read_text(encoding="utf-8").count(f'{path.name}"')

    assert opened() == opened("--video") > 0
