"""The models that come with genretag: they are what their cards say, and hear as they did."""

import json
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from audio_files import RECIPES, chirp, encode, noise, tone

from genretag.audio.decode import listen
from genretag.domain.window import Excerpt
from genretag.inference import session, store
from genretag.workflow.hear import hear

ROOT = Path(__file__).parents[2]
CLIPS = ROOT.parent / "shared" / "data" / "clips"
GOLDEN = ROOT / "tests" / "golden" / "bundled.json"


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
    loaded = session.load(store.bundled()[model])
    return {
        name: {
            genre.name: genre.score
            for genre in hear(
                encode(folder / f"{model} {name}.flac", sound, RECIPES["FLAC"]), loaded, "balanced"
            ).genres
        }
        for name, sound in sounds.items()
    }


@pytest.mark.parametrize("model", sorted(store.bundled()))
def test_a_file_is_the_one_that_the_cards_name(model: str) -> None:
    digest = sha256(store.bundled()[model].read_bytes()).hexdigest()
    cards = (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    assert f"| `{model}.onnx` | `{digest}` |" in cards
    assert (ROOT / "models" / f"{model}.md").read_text(encoding="utf-8").startswith(f"# {model}\n")


@pytest.mark.parametrize("model", sorted(store.bundled()))
def test_sounds_made_by_code_get_the_scores_that_they_got(model: str, tmp_path: Path) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[model]
    now = heard(model, tmp_path)
    assert now.keys() == golden.keys()
    for name, scores in golden.items():
        assert now[name] == pytest.approx(scores, abs=1e-4)


@pytest.mark.real
@pytest.mark.skipif(not CLIPS.exists(), reason="needs ../shared/data")
def test_level_channels_and_codec_hardly_change_what_the_default_model_says(tmp_path: Path) -> None:
    model = session.load(store.bundled()[store.DEFAULT])
    altered = {
        "quiet": (lambda sound: sound / 10, RECIPES["FLAC"], 2),
        "loud, clipped": (lambda sound: np.clip(2 * sound, -1, 1), RECIPES["FLAC"], 2),
        "one channel": (lambda sound: sound, RECIPES["FLAC"], 1),
        "MP3 at 64 kb/s": (lambda sound: sound, replace(RECIPES["MP3"], bit_rate=64_000), 2),
    }
    same = Counter()
    clips = sorted(CLIPS.iterdir())[::100]
    for clip in clips:
        before = hear(clip, model, "balanced").genres[0].name
        sound = next(listen(clip, 44100, lambda length_s: [Excerpt(0.0, length_s)])).samples
        for way, (alter, recipe, channels) in altered.items():
            file = tmp_path / f"clip.{recipe.suffix}"
            encode(file, np.stack([alter(sound)] * channels), recipe)
            same[way] += hear(file, model, "balanced").genres[0].name == before
    assert same["one channel"] == len(clips)
    assert min(same.values()) >= len(clips) - 2, same


def test_the_default_model_is_unsure_of_what_is_no_music(tmp_path: Path) -> None:
    threshold = session.load(store.bundled()[store.DEFAULT]).manifest.threshold
    for name, scores in heard(store.DEFAULT, tmp_path).items():
        best = max(scores, key=lambda genre: scores[genre])
        assert scores[best] < threshold or best == "Spoken", (name, best, scores[best])
