"""How much altered sound changes what the default model says: python bench_robustness.py CLIPS.csv.

The head is fitted without the first fold, whose clips are then altered, written to files and
heard as `genretag scan` hears them.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.signal import resample_poly

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio_files import RECIPES, Recipe, encode

from genretag.audio.decode import read_excerpts
from genretag.domain.window import Excerpt
from genretag.inference import session, store
from genretag.learning.calibration import probabilities_at
from genretag.learning.synthetic_negatives import generate_sounds
from genretag.library.paths import cache_dir
from genretag_train.data.dataset import Clip
from genretag_train.data.folds import make_group_folds
from genretag_train.features.extraction import extract_windows
from genretag_train.nets.onnx_export import export_onnx, open_session, run_session
from genretag_train.nets.pretrained.backbones import Headed
from genretag_train.nets.pretrained.musicnn import N_MELS
from genretag_train.transfer.degradations import DEGRADATIONS
from genretag_train.transfer.embeddings import embed_clips, embed_sounds, load_backbones
from genretag_train.transfer.head_config import read_config
from genretag_train.transfer.linear import fit_head
from genretag_train.transfer.vocabulary import read_named_clips

RATE = 44100
MIN_S = 20.0
EVERY = 1
RECIPE = Path(__file__).parents[2] / "train" / "configs" / "musicnn.toml"

Sound = NDArray[np.float32]
WAV = RECIPES["WAV"]
MP3_64K = replace(RECIPES["MP3"], bit_rate=64_000)


def gain(decibels: float) -> Callable[[Sound], Sound]:
    """Louder or quieter, clipped at full scale."""
    return lambda sound: np.clip(sound * np.float32(10 ** (decibels / 20)), -1, 1)


def noisy(sound: Sound) -> Sound:
    """With noise 20 dB below the music."""
    level = 0.1 * np.sqrt(np.mean(np.square(sound)))
    return sound + np.random.default_rng(0).normal(0, level, len(sound)).astype(np.float32)


def narrow(sound: Sound) -> Sound:
    """As a recording with 8 kHz has it: nothing above 4 kHz."""
    low = resample_poly(sound, 80, 441)
    return resample_poly(low, 441, 80)[: len(sound)].astype(np.float32)


WAYS: Mapping[str, tuple[Callable[[Sound], Sound], Recipe, int]] = {
    "as it is": (lambda sound: sound, WAV, 2),
    "gain -20 dB": (gain(-20), WAV, 2),
    "gain -10 dB": (gain(-10), WAV, 2),
    "gain +6 dB, clipped": (gain(6), WAV, 2),
    "gain +12 dB, clipped": (gain(12), WAV, 2),
    "MP3 at 64 kb/s": (lambda sound: sound, MP3_64K, 2),
    "one channel instead of two": (lambda sound: sound, WAV, 1),
    "8 kHz": (narrow, WAV, 2),
    "noise 20 dB below": (noisy, WAV, 2),
    "20 s of silence before": (lambda s: np.concatenate([np.zeros(20 * RATE, "f4"), s]), WAV, 2),
    "first 10 s alone": (lambda sound: sound[: 10 * RATE], WAV, 2),
    "last 10 s alone": (lambda sound: sound[-10 * RATE :], WAV, 2),
}


def without_a_fold(data: Path, folder: Path) -> tuple[Callable[[Path], str], list[Clip]]:
    """What the default model says of a file, fitted without the first fold; that fold's clips."""
    config = read_config(RECIPE)
    spec, cache = config.spec, cache_dir() / "robustness"
    clips, _ = read_named_clips(data, config)
    backbones = load_backbones(config.backbones, cache_dir(), None, config.pooled_layers)
    found, _ = embed_clips(
        clips, backbones, spec, cache, lambda done, of: None, tuple(DEGRADATIONS)
    )
    folds = make_group_folds([one.clip for one in found])
    genres = session.load(store.list_bundled()[store.DEFAULT]).manifest.genres.names
    sounds = generate_sounds(spec.n_samples, spec.front_end.rate_hz, seed=0)
    unlabelled = embed_sounds(sounds, backbones, spec)
    kept = [one for one, fold in zip(found, folds, strict=True) if fold]
    learned = fit_head(kept, genres, config.recipe, unlabelled)
    file = folder / "model.onnx"
    net = Headed(backbones, learned.weight, learned.bias)
    export_onnx(net, file, spec.n_frames, N_MELS, any_length=False)
    model = open_session(file)

    def said(sound: Path) -> str:
        windows = extract_windows(sound, spec)
        if not len(windows):
            return "silence"
        logits = [run_session(model, windows)]
        return genres[int(probabilities_at(logits, 1.0, config.averaging).argmax())]

    judged = [one.clip for one, fold in zip(found, folds, strict=True) if fold == 0]
    return said, [clip for clip in judged if clip.genre in genres]


def main(data: Path) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        predict_with_embeddings, clips = without_a_fold(data, folder)
        said: dict[str, list[str]] = {way: [] for way in WAYS}
        truth = []
        for clip in track(clips[::EVERY], console=Console(stderr=True)):
            heard = next(read_excerpts(clip.path, RATE, lambda length_s: [Excerpt(0.0, length_s)]))
            if len(heard.samples) < MIN_S * RATE:
                continue
            truth.append(clip.genre)
            for way, (alter, recipe, channels) in WAYS.items():
                file = folder / f"clip.{recipe.suffix}"
                encode(file, np.stack([alter(heard.samples)] * channels), recipe)
                said[way].append(predict_with_embeddings(file))
    table = Table("", "accuracy", "change, points", "same genre")
    before = np.mean([a == b for a, b in zip(said["as it is"], truth, strict=True)])
    for way, names in said.items():
        right = np.mean([a == b for a, b in zip(names, truth, strict=True)])
        same = np.mean([a == b for a, b in zip(names, said["as it is"], strict=True)])
        table.add_row(way, f"{right:.3f}", f"{100 * (right - before):+.1f}", f"{same:.0%}")
    console = Console(file=sys.stdout)
    console.print(f"{len(truth)} clips of {MIN_S:g} s or more, none of them learned from")
    console.print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
