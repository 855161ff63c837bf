"""`genretag scan` does on the held-out clips what the card of a bundled model says."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from genretag.inference import session, store

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
# The default model has no held-out clips: its head was fitted to all of them.
MODEL = "genretag-cnn1d-lstm"


@pytest.mark.real
@pytest.mark.skipif(not (DATA / "clips").exists(), reason="needs ../shared/data")
def test_scan_reaches_the_accuracy_on_the_card(genretag, tmp_path) -> None:
    with (ROOT / "models" / "genretag-cnn1d-lstm.csv").open(newline="") as lines:
        truth = {Path(row["file"]).name: row["genre"] for row in csv.DictReader(lines)}
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in truth:
        shutil.copyfile(DATA / "clips" / name, clips / name)
    run = genretag("scan", "--dry-run", "--format", "jsonl", clips, GENRETAG_MODEL=MODEL)
    assert run.returncode == 0, run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(rows) == len(truth)
    right = [row["genres"][0]["name"] == truth[Path(row["path"]).name] for row in rows]
    card = session.load(store.list_bundled()[MODEL]).manifest.scores["test"]
    assert sum(right) / len(right) == pytest.approx(card["accuracy"], abs=1e-6)
