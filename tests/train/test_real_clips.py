"""The bundled model on the real clips that it never heard."""

import csv
from pathlib import Path

import numpy as np
import pytest

from genretag.learning.calibration import probabilities_at
from genretag_train.data.dataset import read_clips, select_genres
from genretag_train.data.splits import assign_sides
from genretag_train.features.extraction import FeatureSpec, extract_windows
from genretag_train.nets.onnx_export import compute_logits, read_manifest

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
    manifest = read_manifest(MODEL)
    spec = FeatureSpec(manifest.front_end, manifest.window, clip_s=30, min_s=1)
    rows = held_out()
    heard = [extract_windows(DATA / row["file"], spec) for row in rows[::4]]
    probabilities = probabilities_at(compute_logits(MODEL, heard), manifest.temperature)
    for row, scores in zip(rows[::4], probabilities, strict=True):
        assert manifest.genres.names[int(scores.argmax())] == row["predicted"]
        assert scores.max() == pytest.approx(float(row["score"]), abs=1e-3)


def test_the_card_counts_what_is_in_the_list() -> None:
    right = np.mean([row["predicted"] == row["genre"] for row in held_out()])
    assert read_manifest(MODEL).scores["test"]["accuracy"] == pytest.approx(right)


def test_held_out_clips_are_of_groups_that_were_not_learned_from() -> None:
    settings = read_manifest(MODEL).training["settings"]
    every = read_clips(DATA / "clips.csv", settings["label_column"])
    clips, _ = select_genres(
        [clip for clip in every if clip.source != "songs"],  # which came after this model
        settings["min_tracks"],
        settings["min_groups"],
    )
    sides = assign_sides(clips, settings["split"], settings["split_seed"])
    listed = {row["file"] for row in held_out()}
    assert listed == {c.name for c, side in zip(clips, sides, strict=True) if side == "test"}
    learned = {c.group for c, side in zip(clips, sides, strict=True) if side == "train"}
    assert not learned & {c.group for c in clips if c.name in listed}
