"""`genretag evaluate` and `genretag train evaluate` agree over real clips."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from genretag import tags

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
MODEL = "genretag-cnn1d-lstm"
CLIPS = 60


@pytest.fixture
def clips(music: Path) -> Path:
    """Held-out clips with their genre in their tags, and a list of them for training."""
    with (ROOT / "models" / f"{MODEL}.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    music.mkdir()
    with (music / "labelled.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["path", "genre"])
        for row in rows[:: max(1, len(rows) // CLIPS)]:
            file = music / Path(row["file"]).name
            shutil.copyfile(DATA / row["file"], file)
            tags.write(file, (row["genre"],))
            table.writerow([file.name, row["genre"]])
    return music


@pytest.mark.real
@pytest.mark.skipif(not (DATA / "clips").exists(), reason="needs ../shared/data")
def test_it_says_of_real_clips_what_train_evaluate_says(genretag, clips, tmp_path) -> None:
    run = genretag("evaluate", clips, "--model", MODEL, "--format", "json")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    scores = tmp_path / "scores.json"
    data = ("--data", clips / "labelled.csv", "--side", "all", "--label-column", "genre")
    run = genretag("train", "evaluate", MODEL, *data, "--out", scores)
    assert run.returncode == 0, run.stderr
    other = json.loads(scores.read_text())["track"]
    grades = found["grades"]
    assert found["files"]["judged"] == other["clips"] >= CLIPS
    assert grades["accuracy"] == other["accuracy"]
    assert grades["f1_macro"] == pytest.approx(other["f1_macro"], abs=1e-12)
    assert grades["ece"] == pytest.approx(other["ece"], abs=1e-5)
    assert np.array_equal(grades["confusion"], other["confusion"])
    for genre, score in other["genres"].items():
        for name in ("precision", "recall", "f1"):
            assert grades["genres"][genre][name] == pytest.approx(score[name])
