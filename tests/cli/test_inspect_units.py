"""`genretag inspect --by`: what `scan` decides for a file, and which tracks of its unit say so."""

import json
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
import toy_model
from audio_files import garbage, write_tone
from toy_model import HIGH_HZ, LOW_HZ, MIDDLE_HZ

KEYS = ("genres", "own", "unit", "source")


@pytest.fixture(scope="session")
def pooled(tmp_path_factory) -> Path:
    """Return the toy model with parameters of pooling."""
    manifest = replace(toy_model.MANIFEST, pooling=toy_model.POOLING)
    return toy_model.save(tmp_path_factory.mktemp("model") / "pooled.onnx", manifest)


@pytest.fixture
def asked(genretag, pooled):
    """Run the command with that model, and return its lines of data."""

    def ask(*arguments: object) -> list[dict[str, object]]:
        run = genretag(*arguments, "--format", "jsonl", GENRETAG_MODEL=str(pooled))
        assert run.returncode == 0, run.stderr
        return [json.loads(line) for line in run.stdout.splitlines()]

    return ask


def song(path: Path, hz: float = HIGH_HZ, **tags: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tone(path, seconds=2.5, hz=hz)
    file = mutagen.File(path)
    for name, value in tags.items():
        file[name] = value
    file.save()
    return path


def album(folder: Path, name: str, *tones: float, artist: str = "Tool") -> list[Path]:
    return [
        song(folder / f"{n:02}.flac", hz, album=name, artist=artist)
        for n, hz in enumerate(tones, start=1)
    ]


def library(root: Path) -> list[Path]:
    """An album on two discs, one that persons have begun to tag, one of a folder, and singles."""
    files = [
        *album(root / "Album (CD 1)", "Album", HIGH_HZ, HIGH_HZ, LOW_HZ),
        *album(root / "Album (CD 2)", "Album", HIGH_HZ, MIDDLE_HZ),
        *album(root / "Band", "Begun", LOW_HZ, HIGH_HZ, HIGH_HZ, artist="Band"),
        *(song(root / "Folder" / f"{n}.flac", MIDDLE_HZ) for n in range(2)),
        *(song(root / "Singles" / f"{n}.flac", artist=f"Artist {n // 2}") for n in range(4)),
        song(root / "Tool" / "live.flac", LOW_HZ, artist="Tool"),
    ]
    for file in files[5:7]:
        tagged = mutagen.File(file)
        tagged["genre"] = "Shoegaze"
        tagged.save()
    return files


@pytest.mark.parametrize(
    ("by", "evidence"),
    [("album", "library"), ("album", "heard"), ("artist", "library"), ("track", "library")],
)
def test_every_file_is_decided_as_scan_decides_it(asked, music, by, evidence) -> None:
    files = library(music)
    how = ("--by", by, "--from", evidence)
    inspected = {row["path"]: row for row in asked("inspect", "--explain", "none", *how, *files)}
    scanned = asked("scan", "-n", *how, music)
    decided = [row for row in scanned if row["reason"] != "has a genre"]
    assert len(scanned) == len(files) and len(decided) == len(files) - 2
    for row in decided:
        shown = inspected[row["path"]]
        own = {**shown, "genres": shown["genres"][:5], "own": shown["own"][:5]}
        assert [own[key] for key in KEYS] == [row[key] for key in KEYS], row["path"]
        assert shown["sure"] == (row["status"] == "planned")


@pytest.mark.parametrize("disc", ["Album/CD 1", "Album (CD 1)", "Album/Disc 1 - Live"])
def test_discs_beside_each_other_are_found(asked, music, disc) -> None:
    first = album(music / disc, "Album", HIGH_HZ, HIGH_HZ)
    second = album(music / disc.replace("1", "2"), "Album", HIGH_HZ)
    album(music / "Zoo", "Zoo", LOW_HZ, LOW_HZ, artist="Zoo")
    for file in (*first, *second):
        (row,) = asked("inspect", "--explain", "none", file)
        assert row["unit"]["tracks"] == 3 and row["source"] == "album"
        assert [member["path"] for member in row["members"]] == [*map(str, (*first, *second))]


def test_what_genretag_wrote_is_explained_as_it_was_decided(asked, genretag, pooled, music) -> None:
    files = album(music / "A", "A", HIGH_HZ, LOW_HZ, HIGH_HZ, HIGH_HZ, HIGH_HZ)
    before = asked("scan", "-n", "--threshold", "0.5", music)
    assert genretag("scan", "--threshold", "0.5", music, GENRETAG_MODEL=str(pooled)).returncode == 0
    assert mutagen.File(files[0])["genre"] == ["High"]
    after = asked("inspect", "--explain", "none", "--threshold", "0.5", *files)
    assert [row["unit"] for row in after] == [row["unit"] for row in before]
    assert [row["source"] for row in after] == [row["source"] for row in before]
    assert {member["genre"] for member in after[0]["members"]} == {"High", "Low"}


def test_the_page_shows_both_scores_and_who_says_what(genretag, pooled, music) -> None:
    files = album(music / "A", "A", LOW_HZ, HIGH_HZ, HIGH_HZ, HIGH_HZ)
    tagged = mutagen.File(files[3])
    tagged["genre"] = "high"
    tagged.save()
    page = genretag("inspect", files[1], GENRETAG_MODEL=str(pooled)).stdout
    assert "Tool / A, 4 tracks" in page and "scan writes high" in page
    assert "by genres that you gave: sure" in page and "+ 3 for High, - 1 against" in page
    lines = [line.split() for line in page.splitlines()]
    assert [line[:2] + line[-1:] for line in lines if line[:1] in (["+"], ["-"])] == [
        ["-", "Low", "01.flac"], ["+", "High", "file"], ["+", "High", "03.flac"],
        ["+", "high", "04.flac"],
    ]  # fmt: skip


def test_by_track_no_other_file_is_opened(genretag, pooled, music, tmp_path) -> None:
    file, _ = album(music / "A", "A", HIGH_HZ, HIGH_HZ)
    garbage(music / "A" / "03.flac")
    alone = genretag("inspect", "--by", "track", file, GENRETAG_MODEL=str(pooled))
    assert "album" not in alone.stdout and not alone.stderr
    assert not (tmp_path / "cache").exists()
    cannot_pool = genretag("inspect", "--by", "artist", "--format", "jsonl", file)
    assert json.loads(cannot_pool.stdout)["unit"] is None and not cannot_pool.stderr


def test_a_file_beside_it_that_fails_is_left_out_and_named(genretag, pooled, music) -> None:
    file, _ = album(music / "A", "A", HIGH_HZ, HIGH_HZ)
    garbage(music / "A" / "03.flac")
    run = genretag("inspect", "--format", "jsonl", file, GENRETAG_MODEL=str(pooled))
    assert run.returncode == 0 and "1 file beside it that cannot be read: 03.flac" in run.stderr
    assert json.loads(run.stdout)["unit"]["tracks"] == 2


def test_a_file_that_scan_does_not_find_is_decided_by_itself(asked, music) -> None:
    first, second = album(music / "A", "A", HIGH_HZ, HIGH_HZ)
    hidden = second.rename(second.with_name(".02.flac"))
    (row,) = asked("inspect", "--explain", "none", hidden)
    assert row["unit"] is None and row["source"] == "heard" and row["members"] == []
    (row,) = asked("inspect", "--explain", "none", first)
    assert row["unit"] is None


def test_a_relative_path_has_the_same_unit(genretag, pooled, music, monkeypatch) -> None:
    file, _ = album(music / "A", "A", HIGH_HZ, HIGH_HZ)
    monkeypatch.chdir(file.parent)
    run = genretag("inspect", "--format", "jsonl", file.name, GENRETAG_MODEL=str(pooled))
    assert json.loads(run.stdout)["unit"]["tracks"] == 2


def test_what_is_found_out_about_others_is_cached(asked, music, home) -> None:
    file, *_ = album(music / "A", "A", HIGH_HZ, HIGH_HZ, LOW_HZ)
    plain = asked("inspect", "--explain", "none", "--no-cache", file)
    assert not Path(home["GENRETAG_CACHE_DIR"]).exists()
    assert asked("inspect", "--explain", "none", file) == plain
    assert list(Path(home["GENRETAG_CACHE_DIR"]).iterdir())
    assert asked("inspect", "--explain", "none", file) == plain
