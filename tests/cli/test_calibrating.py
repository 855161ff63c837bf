"""Scores of a model that is not calibrated say so, until its owner has calibrated them."""

import csv
import hashlib
import io
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
import toy_model
from audio_files import RECIPES, encode, tone
from toy_model import HIGH_HZ, LOW_HZ, MIDDLE_HZ

from genretag import Tagger
from genretag.api.results import Decision

ARTISTS, PER_GENRE = 12, 3
TONES_HZ = dict(zip(toy_model.GENRES, (LOW_HZ, MIDDLE_HZ, HIGH_HZ), strict=True))
BETWEEN_HZ = 3500.0
"""Between Middle and High: the better of them scores half as much as a clear one."""
NOTE = "are not calibrated: they rank genres"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model whose best score is 0.2 to 0.3 for a clear tone."""
    folder = tmp_path_factory.mktemp("styles")
    return toy_model.save(folder / "styles.onnx", toy_model.MULTILABEL, offset=-3.0)


@pytest.fixture
def home(home: dict[str, str], styles: Path) -> dict[str, str]:
    return home | {"GENRETAG_MODEL": str(styles)}


def song(path: Path, hz: float, **tags: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(path, tone(2.0, 22050, hz, channels=1), replace(RECIPES["FLAC"], rate=22050))
    file = mutagen.File(path, easy=True)
    file.update(tags)
    file.save()
    return path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 144 tagged files: the model is right about clear tones, and wrong about others."""
    music = tmp_path_factory.mktemp("library")
    for artist in range(ARTISTS):
        folder, named = music / str(artist), {"artist": f"Artist {artist}"}
        for genre, hz in TONES_HZ.items():
            for track in range(PER_GENRE):
                moved = hz * (1 + 0.01 * artist + 0.002 * track)
                song(folder / f"{genre} {track}.flac", moved, genre=genre, **named)
        for track in range(3):
            hz = BETWEEN_HZ + artist + 20 * track
            song(folder / f"between {track}.flac", hz, genre="Low", **named)
    return music


@pytest.fixture
def new(music: Path) -> Path:
    """Write an album without genres, all Low, and a file that is neither Middle nor High."""
    for track in range(3):
        named = {"artist": "New", "album": "LP"}
        song(music / "LP" / f"{track}.flac", LOW_HZ + track, **named)
    song(music / "other" / "between.flac", BETWEEN_HZ)
    return music


def words(text: str) -> str:
    """Return a text in one line, however it was broken."""
    return " ".join(text.split())


def rows(run: "subprocess.CompletedProcess[str]") -> list[dict]:
    assert run.returncode == 0, run.stderr
    return list(map(json.loads, run.stdout.splitlines()))


def saved(home: Mapping[str, str]) -> list[Path]:
    return sorted(Path(home["GENRETAG_DATA_DIR"]).glob("models/*"))


def test_from_scores_that_rank_to_a_threshold_that_holds(
    genretag: Run, home: dict[str, str], library: Path, new: Path, styles: Path
) -> None:
    before = genretag("scan", "-n", "--format", "jsonl", new)
    assert {row["status"] for row in rows(before)} == {"unsure"}
    assert {row["calibrated"] for row in rows(before)} == {False}
    assert words(before.stderr).count(NOTE) == 1
    assert "evaluate --model" in before.stderr and "--save" in before.stderr
    assert "rightly by the model's" not in before.stderr

    evaluated = genretag("evaluate", "--save", library)
    assert evaluated.returncode == 0, evaluated.stderr
    assert NOTE in words(evaluated.stdout)
    assert "Saved a calibration of toy-styles@" in evaluated.stderr
    assert "from 144 files by 12 artists" in evaluated.stderr
    (file,) = saved(home)
    kept = json.loads(file.read_text())
    assert file.name == f"{kept['sha256']}.calibration.json"
    assert kept["precision"] == 0.9

    after = genretag("scan", "-n", "--format", "jsonl", new)
    assert "calibrated" not in after.stdout + after.stderr
    found = {Path(row["path"]).stem: row for row in rows(after)}
    assert {found[str(track)]["status"] for track in range(3)} == {"planned"}
    assert found["0"]["after"] == ["Low"] and found["0"]["unit"]["tracks"] == 3
    assert found["0"]["genres"][0]["score"] >= kept["threshold"]
    assert found["between"]["status"] == "unsure"
    # Nothing was analysed for it.
    assert "Low" in genretag("scan", "-n", new, GENRETAG_TIMEOUT="0.1").stdout

    again = genretag("evaluate", "--format", "jsonl", library)
    (judged,) = rows(again)
    assert "calibrated" not in judged
    assert judged["grades"]["accepted"]["threshold"] == kept["threshold"]
    assert judged["grades"]["accepted"]["precision"] >= 0.9
    # What is fitted once more is fitted to what the model itself says.
    assert genretag("evaluate", "--save", library).returncode == 0
    assert json.loads(file.read_text()) == kept

    file.unlink()
    undone = genretag("scan", "-n", "--format", "jsonl", new)
    assert undone.stdout == before.stdout
    assert words(undone.stderr).count(NOTE) == 1


def save_calibration(home: Mapping[str, str], styles: Path, **changes: object) -> Path:
    """Save what the test above fits, near enough."""
    digest = hashlib.sha256(styles.read_bytes()).hexdigest()
    file = Path(home["GENRETAG_DATA_DIR"]) / "models" / f"{digest}.calibration.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    entries = {
        "schema": 1, "sha256": digest, "scale": 3.0, "bias": 5.0, "threshold": 0.8,
        "precision": 0.9, "files": 144, "artists": 12,
    }  # fmt: skip
    file.write_text(json.dumps(entries | changes))
    return file


def test_every_command_says_so_until_then(
    genretag: Run, home: dict[str, str], new: Path, styles: Path, tmp_path: Path
) -> None:
    one = new / "LP" / "0.flac"
    plan, page, table = (tmp_path / name for name in ("plan.jsonl", "page.html", "unsure.csv"))
    runs = {
        "scan": lambda: genretag("scan", "-n", new),
        "unsure": lambda: genretag("scan", "-n", "--yes", "--unsure", table, new),
        "csv": lambda: genretag("scan", "-n", "--format", "csv", new),
        "plan": lambda: genretag("scan", "--yes", "--threshold", "0", "--plan", plan, new),
        "apply": lambda: genretag("apply", plan),
        "undo": lambda: genretag("undo", "--yes"),
        "inspect": lambda: genretag("inspect", one),
        "inspect jsonl": lambda: genretag("inspect", "--format", "jsonl", one),
        "review": lambda: genretag("review", "--plain", new),
        "report": lambda: genretag("report", new, "-o", page),
        "show": lambda: genretag("models", "show", str(styles)),
    }

    def shown(name: str) -> str:
        done = runs[name]()
        assert done.returncode == 0, done.stderr
        written = {"plan": plan, "report": page, "unsure": table}
        text = written[name].read_text() if name in written else ""
        return words(f"{done.stdout} {done.stderr} {text}")

    def read_marks(text: str) -> set[str]:
        return {row["calibrated"] for row in csv.DictReader(io.StringIO(text))}

    before = {name: shown(name) for name in runs}
    for name in ("scan", "apply", "review", "inspect", "report", "show"):
        assert NOTE in before[name], name
    assert '"plan": {"state": "begun", "calibrated": false}' in before["plan"]
    assert before["inspect jsonl"].count('"calibrated": false') == 1
    assert read_marks(runs["csv"]().stdout) == {"False"}
    assert read_marks(table.read_text("utf-8-sig")) == {"False"}
    save_calibration(home, styles)
    after = {name: shown(name) for name in runs}
    for name, text in after.items():
        assert "not calibrated" not in text, name
        assert '"calibrated": false' not in text, name
    assert "calibrated on 144 of your files by 12 artists" in after["show"]
    assert "reaches 0.80" in after["inspect"]
    assert read_marks(runs["csv"]().stdout) == {""}
    assert read_marks(table.read_text("utf-8-sig")) <= {""}


def test_a_scan_that_scores_nothing_says_nothing_of_scores(genretag: Run, library: Path) -> None:
    run = genretag("scan", "-n", library / "0" / "Low 0.flac")
    assert run.returncode == 0 and "has a genre" in run.stderr and NOTE not in words(run.stderr)


def test_a_model_whose_file_changed_is_not_calibrated(
    genretag: Run, home: dict[str, str], new: Path, styles: Path, tmp_path: Path
) -> None:
    save_calibration(home, styles)
    assert NOTE not in words(genretag("scan", "-n", new).stderr)
    other = toy_model.save(tmp_path / "styles.onnx", toy_model.MULTILABEL, offset=-3.01)
    assert NOTE in words(genretag("scan", "-n", "--model", other, new).stderr)


def test_a_calibration_that_is_none_ends_a_run_before_music_is_touched(
    genretag: Run, home: dict[str, str], new: Path, styles: Path
) -> None:
    file = save_calibration(home, styles, scale=-1.0)
    for command in (("scan",), ("inspect",), ("models", "show", str(styles))):
        paths = [] if command[0] == "models" else [new / "LP" / "0.flac"]
        done = genretag(*command, *paths)
        assert done.returncode == 3, done.stderr
        assert "calibration-invalid" in done.stderr and file.name in done.stderr


def test_too_few_files_save_nothing(genretag: Run, home: dict[str, str], library: Path) -> None:
    done = genretag("evaluate", "--save", library / "0", library / "1")
    assert done.returncode == 3
    assert "24 files by 2 artists can be compared" in done.stderr
    assert "76 more files and 8 more artists" in done.stderr
    assert saved(home) == []


def test_the_api_scores_as_the_commands_do(
    genretag: Run, home: dict[str, str], new: Path, styles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    album = sorted((new / "LP").iterdir())
    raw = Tagger.load(styles)
    assert not raw.predict(album[0]).is_calibrated
    decisions = raw.decide(album)
    assert [one.after for one in decisions if isinstance(one, Decision)] == [()] * 3
    assert not any(one.is_calibrated for one in decisions if isinstance(one, Decision))
    assert raw.families == {}
    save_calibration(home, styles)
    tagger = Tagger.load(styles)
    assert tagger.threshold == 0.8
    prediction = tagger.predict(album[0])
    assert prediction.is_calibrated
    (first, *_) = decisions = tagger.decide(album)
    assert [one.after for one in decisions if isinstance(one, Decision)] == [("Low",)] * 3
    assert isinstance(first, Decision) and first.is_calibrated
    (row, *_) = rows(genretag("scan", "-n", "--format", "jsonl", new))
    assert row["own"][0]["score"] == pytest.approx(prediction.genres[0][1], abs=1e-4)
