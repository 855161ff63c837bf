"""The bundled model on the real clips that it never heard."""

import csv
from pathlib import Path

import numpy as np
import pytest

from genretag_train.data.dataset import labelled, selected
from genretag_train.data.splits import sides_of
from genretag_train.evaluation.calibration import probabilities_at
from genretag_train.features.extraction import FeatureSpec, scanned
from genretag_train.nets.onnx_export import logits_of, manifest_of

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
MODEL = ROOT / "models" / "genretag-cnn1d-lstm.onnx"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (DATA / "clips.csv").exists(), reason="needs ../shared/data"),
]


def held_out() -> list[dict[str, str]]:
    with (ROOT / "models" / "genretag-cnn1d-lstm.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_bundled_model_says_of_held_out_clips_what_its_card_says() -> None:
    manifest = manifest_of(MODEL)
    spec = FeatureSpec(manifest.front_end, manifest.window, clip_s=30, min_s=1)
    rows = held_out()
    heard = [scanned(DATA / row["file"], spec) for row in rows[::4]]
    probabilities = probabilities_at(logits_of(MODEL, heard), manifest.temperature)
    for row, scores in zip(rows[::4], probabilities, strict=True):
        assert manifest.genres.names[int(scores.argmax())] == row["predicted"]
        assert scores.max() == pytest.approx(float(row["score"]), abs=1e-3)


def test_the_card_counts_what_is_in_the_list() -> None:
    right = np.mean([row["predicted"] == row["genre"] for row in held_out()])
    assert manifest_of(MODEL).scores["test"]["accuracy"] == pytest.approx(right)


def test_held_out_clips_are_of_groups_that_were_not_learned_from() -> None:
    settings = manifest_of(MODEL).training["settings"]
    every = labelled(DATA / "clips.csv", settings["label_column"])
    clips, _ = selected(
        [clip for clip in every if clip.source != "songs"],  # which came after this model
        settings["min_tracks"],
        settings["min_groups"],
    )
    sides = sides_of(clips, settings["split"], settings["split_seed"])
    listed = {row["file"] for row in held_out()}
    assert listed == {c.name for c, side in zip(clips, sides, strict=True) if side == "test"}
    learned = {c.group for c, side in zip(clips, sides, strict=True) if side == "train"}
    assert not learned & {c.group for c in clips if c.name in listed}
