"""The models that come with genretag: they are what their cards say, and hear as they did."""

import csv
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from audio_files import RECIPES, chirp, encode, noise, tone

from genretag.audio.decode import read_excerpts
from genretag.domain.window import Excerpt
from genretag.inference import session, store
from genretag.pipeline.score import predict

ROOT = Path(__file__).parents[2]
CLIPS = ROOT.parent / "shared" / "data" / "clips"
GOLDEN = ROOT / "tests" / "golden" / "bundled.json"
PROMISED = 0.85


def heard(model: str, folder: Path) -> dict[str, dict[str, float]]:
    """The scores of sounds made by code; `tests/golden/regenerate.py` keeps them."""
    rng = np.random.default_rng(0)
    beat = np.sin(np.arange(44100 * 12) * 0.03) * (np.arange(44100 * 12) % 22050 < 4000)
    sounds = {
        "tone": tone(12.0),
        "noise": noise(12.0, seed=1),
        "chirp": chirp(12.0),
        "beat": np.stack([beat, beat * rng.uniform(0.5, 1)]).astype(np.float32) * 0.5,
    }
    loaded = session.load(store.list_bundled()[model])
    return {
        name: {
            genre.name: genre.score
            for genre in predict(
                encode(folder / f"{model} {name}.flac", sound, RECIPES["FLAC"]), loaded, "balanced"
            ).genres
        }
        for name, sound in sounds.items()
    }


@pytest.mark.parametrize("model", sorted(store.list_bundled()))
def test_a_file_is_the_one_that_the_cards_name(model: str) -> None:
    digest = sha256(store.list_bundled()[model].read_bytes()).hexdigest()
    cards = (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    assert f"| `{model}.onnx` | `{digest}` |" in cards
    assert (ROOT / "models" / f"{model}.md").read_text(encoding="utf-8").startswith(f"# {model}\n")


@pytest.mark.parametrize("model", sorted(store.list_bundled()))
def test_sounds_made_by_code_get_the_scores_that_they_got(model: str, tmp_path: Path) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[model]
    now = heard(model, tmp_path)
    assert now.keys() == golden.keys()
    for name, scores in golden.items():
        assert now[name] == pytest.approx(scores, abs=1e-4)


def promise() -> str:
    """What the default model's manifest promises of the genres that are written, as a sentence."""
    found = session.load(store.list_bundled()[store.DEFAULT]).manifest.scores["groups"]["accepted"]
    few, most = found["coverage_95"]
    low, high = found["precision_95"]
    return (
        f"Of {found['clips']} recordings as people have them, from {found['groups']} artists and "
        f"collections that it had not heard, it wrote a genre into {found['coverage']:.0%} (95% "
        f"interval {few:.0%} to {most:.0%}), and {found['precision']:.0%} of these genres were "
        f"right ({low:.0%} to {high:.0%}), where any genre for music of a kind that it does not "
        "know counted as wrong."
    )


@pytest.mark.parametrize("paper", ["docs/explanation/accuracy.md", f"models/{store.DEFAULT}.md"])
def test_documentation_and_card_promise_what_was_measured(paper: str) -> None:
    assert promise() in " ".join((ROOT / paper).read_text(encoding="utf-8").split())


def test_the_help_of_scan_promises_what_was_measured() -> None:
    found = session.load(store.list_bundled()[store.DEFAULT]).manifest.scores["groups"]["accepted"]
    low, high = found["precision_95"]
    command = [sys.executable, "-m", "genretag", "scan", "--help"]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    assert (
        f"wrote a genre into {found['coverage']:.0%} of songs as people have them, and "
        f"{found['precision']:.0%} of these genres were right "
        f"(95% interval {low:.0%} to {high:.0%})"
    ) in " ".join(shown.split())


def test_the_documentation_names_the_thresholds_of_the_default_model() -> None:
    manifest = session.load(store.list_bundled()[store.DEFAULT]).manifest
    assert manifest.pooling
    assert (
        f"{manifest.pooling.threshold:.2f} for tracks that are decided together, and "
        f"{manifest.threshold:.2f} for a track by itself"
    ) in " ".join((ROOT / "docs/explanation/decision.md").read_text(encoding="utf-8").split())


def test_the_default_model_keeps_the_precision_that_it_was_made_for() -> None:
    manifest = session.load(store.list_bundled()[store.DEFAULT]).manifest
    asked = manifest.training["head"]
    assert asked["target_precision"] >= PROMISED
    assert asked["calibrate_on"] == ["songs", "wild", "named_clips"]
    for found in ("chosen", "accepted"):
        assert manifest.scores["groups"][found]["precision_95"][0] >= PROMISED
    assert manifest.scores["groups"]["chosen"]["threshold"] == manifest.threshold


@pytest.mark.real
@pytest.mark.skipif(not CLIPS.exists(), reason="needs ../shared/data")
def test_the_judged_clips_bear_the_promise_out() -> None:
    manifest = session.load(store.list_bundled()[store.DEFAULT]).manifest
    with (CLIPS.parent / "clips.csv").open(encoding="utf-8", newline="") as lines:
        sources = {row["file"]: row["source"] for row in csv.DictReader(lines)}
    with (ROOT / "models" / f"{store.DEFAULT}.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if sources[row["file"]] in manifest.training["head"]["calibrate_on"]
        ]
    written = [row for row in rows if float(row["family_score"]) >= manifest.threshold]

    def is_right(row: dict[str, str]) -> bool:
        if float(row["score"]) >= manifest.threshold:
            return row["genre"] == row["predicted"]
        parent = manifest.genres.parents.get(row["genre"])
        return row["genre"] in manifest.genres.names and row["family"] in (row["genre"], parent)

    right = sum(map(is_right, written)) / len(written)
    found = manifest.scores["groups"]["accepted"]
    assert len(rows) == found["clips"]
    # Each clip's own threshold was chosen on the other folds, so this is not quite the same.
    assert len(written) / len(rows) == pytest.approx(found["coverage"], abs=0.02)
    assert right == pytest.approx(found["precision"], abs=0.03)


@pytest.mark.real
@pytest.mark.skipif(not CLIPS.exists(), reason="needs ../shared/data")
def test_level_channels_and_codec_hardly_change_what_the_default_model_says(tmp_path: Path) -> None:
    model = session.load(store.list_bundled()[store.DEFAULT])
    altered = {
        "quiet": (lambda sound: sound / 10, RECIPES["FLAC"], 2),
        "loud, clipped": (lambda sound: np.clip(2 * sound, -1, 1), RECIPES["FLAC"], 2),
        "one channel": (lambda sound: sound, RECIPES["FLAC"], 1),
        "MP3 at 64 kb/s": (lambda sound: sound, replace(RECIPES["MP3"], bit_rate=64_000), 2),
    }
    same = Counter()
    clips = sorted(CLIPS.iterdir())[::100]
    for clip in clips:
        sound = next(read_excerpts(clip, 44100, lambda length_s: [Excerpt(0.0, length_s)])).samples
        # Another rate than the clip's may by itself turn a best genre over that is hardly ahead.
        plain = encode(tmp_path / "plain.flac", np.stack([sound] * 2), RECIPES["FLAC"])
        before = predict(plain, model, "balanced").genres[0].name
        same["44.1 kHz"] += predict(clip, model, "balanced").genres[0].name == before
        for way, (alter, recipe, channels) in altered.items():
            file = tmp_path / f"clip.{recipe.suffix}"
            encode(file, np.stack([alter(sound)] * channels), recipe)
            same[way] += predict(file, model, "balanced").genres[0].name == before
    assert same["one channel"] == len(clips)
    assert min(same.values()) >= len(clips) - 2, same


def test_the_default_model_is_unsure_of_what_is_no_music(tmp_path: Path) -> None:
    threshold = session.load(store.list_bundled()[store.DEFAULT]).manifest.threshold
    for name, scores in heard(store.DEFAULT, tmp_path).items():
        best = max(scores, key=lambda genre: scores[genre])
        assert scores[best] < threshold or best == "Spoken", (name, best, scores[best])
