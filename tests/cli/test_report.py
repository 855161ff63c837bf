"""`genretag report`: a page about real files."""

import json
import re
from pathlib import Path

import mutagen
import numpy as np
import pytest
from audio_files import RECIPES, encode, garbage, write_tone
from libraries import unpack
from toy_model import HIGH_HZ, LOW_HZ

from genretag import tags


@pytest.fixture
def library(music: Path) -> Path:
    """Low and high sounds with and without genres, a wrong one, silence, and a broken file."""
    music.mkdir()
    write_tone(music / "plain.flac", 3.0, hz=LOW_HZ)
    tags.write(write_tone(music / "right.flac", 3.0, hz=HIGH_HZ), ["high"])
    tags.write(write_tone(music / "wrong.flac", 3.0, hz=HIGH_HZ), ["Low"])
    encode(music / "silent.flac", np.zeros((2, 88_200), np.float32), RECIPES["FLAC"])
    garbage(music / "broken.mp3")
    (music / "cover.jpg").write_bytes(b"picture")
    named = write_tone(music / "named.mp3", 3.0, hz=LOW_HZ)
    file = mutagen.File(named, easy=True)
    file.add_tags()
    file["title"], file["artist"] = ["<script>alert(1)</script>"], ["Ж"]
    file.save()
    return music


def data(file: Path) -> dict:
    [text] = re.findall(r'id="data">(.*?)</script>', file.read_text("utf-8"), re.DOTALL)
    told = json.loads(text)
    told["rows"] |= {key: unpack(*told["rows"][key]) for key in ("path", "title", "artist")}
    return told


def test_the_page_says_what_is_there_and_what_would_be(genretag, library, tmp_path) -> None:
    before = {path: path.read_bytes() for path in library.iterdir()}
    run = genretag("report", library, "-o", tmp_path / "page.html", "--threshold", "0.5")
    assert run.returncode == 1 and "broken.mp3" in run.stderr and not run.stdout
    assert {path: path.read_bytes() for path in library.iterdir()} == before
    page = data(tmp_path / "page.html")
    rows = page["rows"]
    by_path = {path: n for n, path in enumerate(rows["path"])}
    assert set(by_path) == {path.name for path in library.iterdir()} - {"cover.jpg"}

    def says(path: str, key: str) -> str:
        return page["names"][rows[key][by_path[path]]]

    assert (says("plain.flac", "before"), says("plain.flac", "after")) == ("", "Low")
    assert (says("wrong.flac", "before"), says("wrong.flac", "after")) == ("Low", "Low")
    assert [path for path, n in by_path.items() if rows["clash"][n]] == ["wrong.flac"]
    assert says("silent.flac", "status") == "unsure" and rows["best"][by_path["silent.flac"]] == -1
    assert rows["title"][by_path["named.mp3"]] == "<script>alert(1)</script>"
    assert rows["artist"][by_path["named.mp3"]] == "Ж"
    assert sum(before for _, before, _ in page["distribution"]) == len(by_path) - 1
    assert [failure["row"] for failure in page["failures"]] == [by_path["broken.mp3"]]
    assert [one["row"] for one in page["timelines"]] == [by_path["wrong.flac"]]
    assert sum(x is not None for x in rows["x"]) == 4
    assert page["about"]["roots"] == [str(library)] and page["about"]["threshold"] == 0.5


def test_policy_and_map_say_what_after_means(genretag, library, tmp_path) -> None:
    names = tmp_path / "map.toml"
    names.write_text('[rename]\nHigh = "Treble"\n[aliases]\nHissing = "High"\n')
    tags.write(write_tone(library / "alias.flac", 3.0, hz=HIGH_HZ), ["Hissing"])
    page = tmp_path / "page.html"
    options = ("--policy", "replace", "--map", names, "--threshold", "0.5")
    assert genretag("report", library, "-o", page, *options).returncode == 1
    shown = data(page)
    after = {
        path: shown["names"][place]
        for path, place in zip(shown["rows"]["path"], shown["rows"]["after"], strict=True)
    }
    assert after["right.flac"] == after["wrong.flac"] == "Treble" and after["plain.flac"] == "Low"
    clash = dict(zip(shown["rows"]["path"], shown["rows"]["clash"], strict=True))
    assert [path for path, clashes in clash.items() if clashes] == ["wrong.flac"]


def test_what_a_scan_heard_is_not_heard_again(genretag, library, tmp_path) -> None:
    assert genretag("scan", "-n", "--policy", "replace", library).returncode == 1
    first = genretag("cache", "stats").stdout
    assert genretag("report", library, "-o", tmp_path / "a.html").returncode == 1
    assert genretag("cache", "stats").stdout.splitlines()[:1] == first.splitlines()[:1]
    assert genretag("report", library, "-o", tmp_path / "b.html", "--no-cache").returncode == 1
    one, other = data(tmp_path / "a.html"), data(tmp_path / "b.html")
    for page in (one, other):  # they hold the time
        del page["about"], page["id"]
    assert one == other


def test_a_page_never_takes_the_place_of_music(genretag, library) -> None:
    run = genretag("report", library, "-o", library / "plain.flac")
    assert run.returncode == 2 and "bad-option" in run.stderr
    assert genretag("report", library).returncode == 2


def test_where_no_page_can_be_written_nothing_is_heard(genretag, library) -> None:
    nowhere = genretag("report", library, "-o", library / "no" / "page.html")
    assert nowhere.returncode == 3 and "output-failed" in nowhere.stderr
    assert "files in" not in nowhere.stderr and not (library / "no").exists()
    long = genretag("report", library, "-o", library / f"{'x' * 300}.html")
    assert long.returncode == 3 and "output-failed" in long.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_ends_the_run_with_a_hint(genretag, library) -> None:
    run = genretag("report", library, "-o", "/dev/full")
    assert run.returncode == 3 and "output-failed" in run.stderr and "Traceback" not in run.stderr
    assert Path("/dev/full").is_char_device()


def test_a_page_takes_the_place_of_an_older_one_behind_a_link(genretag, library, tmp_path) -> None:
    older, link = tmp_path / "older.html", tmp_path / "link.html"
    older.write_text("older")
    link.symlink_to(older)
    assert genretag("report", library, "-o", link).returncode == 1
    assert link.is_symlink() and data(older)["rows"]["path"]
    assert not list(tmp_path.glob(".genretag-*"))


def test_a_folder_without_music_gives_an_empty_page(genretag, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    run = genretag("report", tmp_path / "empty", "-o", tmp_path / "page.html")
    assert run.returncode == 0 and data(tmp_path / "page.html")["rows"]["path"] == []
