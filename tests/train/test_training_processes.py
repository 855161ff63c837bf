"""Several processes train one net, with gloo on the CPU, and one goes on where others stopped."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import pytest
import torch
from toy_music import GENRES, run, table

from genretag.errors import UsageError
from genretag_train.config import TrainConfig
from genretag_train.export.release import release_model
from genretag_train.features.extraction import make_feature_spec
from genretag_train.features.store import StoredWindows
from genretag_train.training.batches import make_valid_loader
from genretag_train.training.learner import Learner

RECIPE = {"window_s": 1.0, "hidden": 4, "rnn_hidden": 4, "batch_size": 4, "threads": 1,
          "mask_s": 0.1, "mask_mels": 8, "min_accepted": 1, "name": "toy", "ema": 0.5,
          "mixup": 0.3, "plateau_patience": 0}  # fmt: skip
TWO = {"accelerator": "cpu", "devices": 2, "strategy": "ddp"}


def start(script: Path, *arguments: Any) -> None:
    """Run a script, which starts its other processes by itself."""
    command = [sys.executable, script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def train_by_two(
    data: Path, out: Path, cache: Path, *more: str, **settings: Any
) -> subprocess.CompletedProcess[str]:
    """`genretag train` with two processes."""
    options = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in {**RECIPE, **TWO, **settings}.items()
    ]
    return subprocess.run(
        [sys.executable, "-m", "genretag_train", "--data", data, "--out", out, "--cache", cache,
         *options, *more],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def read_curves(out: Path) -> list[dict[str, str]]:
    with (out / "curves.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def by_two(toy_library: Path, features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs by two processes."""
    out = tmp_path_factory.mktemp("two") / "run"
    done = train_by_two(toy_library, out, features, epochs=2)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("3 genres: learning") == 1
    return out


def test_two_processes_train_one_model(by_two: Path) -> None:
    assert len(read_curves(by_two)) == 2
    assert json.loads((by_two / "metrics.json").read_text())["test"]["clips"] == 3
    weights = torch.load(by_two / "best.ckpt", weights_only=True)["state_dict"]
    assert all(torch.isfinite(value).all() for value in weights.values())


def test_two_processes_go_on_where_two_stopped(
    by_two: Path, toy_library: Path, features: Path, tmp_path: Path
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    shutil.copytree(by_two, parts)
    for out, more in ((whole, []), (parts, ["--resume"])):
        done = train_by_two(toy_library, out, features, *more, epochs=4)
        assert done.returncode == 0, done.stderr[-2000:]
        assert "another" not in done.stderr
    assert read_curves(parts) == read_curves(whole)
    kept, again = (torch.load(o / "last.ckpt", weights_only=True) for o in (whole, parts))
    for name, values in kept["state_dict"].items():
        assert torch.equal(values, again["state_dict"][name]), name


def test_one_process_goes_on_where_two_stopped(
    by_two: Path, toy_library: Path, features: Path, tmp_path: Path
) -> None:
    shutil.copytree(by_two, out := tmp_path / "run")
    with pytest.raises(UsageError, match="with another learning_rate "):
        run(toy_library, out, features, resume=True, **{**RECIPE, "learning_rate": 0.1})
    said: list[str] = []
    run(toy_library, out, features, resume=True, notify=said.append, epochs=4, **RECIPE)
    assert "began with another devices, strategy" in said[0]
    assert read_curves(out)[:2] == read_curves(by_two)
    assert [row["epoch"] for row in read_curves(out)] == ["0", "1", "2", "3"]


def test_two_processes_go_on_where_one_stopped_and_both_can_be_exported(
    by_two: Path, toy_library: Path, features: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run(toy_library, out, features, epochs=2, **RECIPE)
    before = read_curves(out)
    done = train_by_two(toy_library, out, features, "--resume", epochs=4)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("began with another devices, strategy") == 1
    assert read_curves(out)[:2] == before and len(read_curves(out)) == 4
    for trained in (out, by_two):
        made = tmp_path / f"{trained.parent.name}.onnx"
        assert release_model(trained, None, "fp32", made, lambda done, of: None, 1.0).parity <= 1e-4
        assert made.exists()


def test_too_few_clips_for_the_processes_are_refused(toy_library, features, tmp_path) -> None:
    rows = [
        {"path": str(toy_library / genre / f"{clip}.flac"), "genre": genre, "split": side}
        for genre in GENRES
        for clip, side in enumerate(("train", "validation", "test"))
    ]
    data = table(tmp_path / "clips.csv", rows)
    done = train_by_two(data, tmp_path / "run", features, min_tracks=1, min_groups=1)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "A side of 3 clips is too small for 2 processes" in done.stderr


FIT = """
import sys
from pathlib import Path

import lightning.pytorch as lightning
import numpy as np
import torch

from genretag_train.config import TrainConfig
from genretag_train.features.extraction import make_feature_spec
from genretag_train.features.store import StoredWindows
from genretag_train.training.batches import Crops, make_train_loader, make_valid_loader
from genretag_train.training.learner import Learner
from genretag_train.training.loop import fit

folder = Path(sys.argv[1])
config = TrainConfig(
    window_s=1.0, hidden=4, rnn_hidden=4, batch_size=4, epochs=5, threads=1, mask_s=0.1,
    learning_rate=0.02, patience=1, plateau_patience=0, accelerator="cpu", devices=2,
    strategy="ddp",
)
torch.set_num_threads(1)
torch.manual_seed(config.seed)
sides = np.load(folder / "sides.npz")
files = sorted(folder.glob("clip*.npy"))
spec = make_feature_spec(config)
crops = Crops(files, sides["train"].tolist(), [1.0] * len(files), spec)
windows = StoredWindows(sorted(folder.glob("windows*.npy")))
seen = []


class Watch(lightning.Callback):
    def on_train_epoch_end(self, trainer, learner):
        scores = {name: float(value) for name, value in trainer.callback_metrics.items()}
        scores.pop("batch_loss")  # each process has its own
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        seen.append((scores, rate, trainer.should_stop))


class Noting(Crops):
    drawn = []

    def __getitem__(self, draw):
        self.drawn.append(draw)
        return super().__getitem__(draw)


crops.__class__ = Noting
learner = fit(
    Learner(config, ("A", "B", "C"), None), make_train_loader(crops, config),
    make_valid_loader(windows, sides["valid"].tolist(), config.batch_size), folder, False,
    lambda text: None, [Watch()], [],
)
rank = learner.trainer.global_rank
torch.save((seen, crops.drawn, learner.state_dict()), folder / f"{rank}.pt")
"""


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A run by two processes over an odd number of clips, and what each of them saw."""
    folder = tmp_path_factory.mktemp("ranks")
    draw = np.random.default_rng(0)
    genres = draw.integers(3, size=(2, 29))
    for number, genre in enumerate(genres[0]):
        power = draw.uniform(-6, genre - 2, (80, 128)).astype(np.float16)
        np.save(folder / f"clip{number:02}.npy", power)
    spec = make_feature_spec(TrainConfig(window_s=1.0))
    valid = genres[1][:12]
    for number in range(len(valid)):
        # Some clips have more windows than others, some have none.
        windows = draw.random((number % 4, spec.n_frames, 128), np.float32)
        np.save(folder / f"windows{number:02}.npy", windows)
    np.savez(folder / "sides.npz", train=genres[0], valid=valid)
    (script := folder / "fit.py").write_text(FIT)
    start(script, folder)
    return folder, [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


def test_an_epoch_of_two_processes_has_each_clip_once(ranks) -> None:
    _, [(first, mine, _), (_, yours, _)] = ranks
    epochs = len(first)
    assert abs(len(mine) - len(yours)) == epochs  # 15 and 14 clips
    clips = [index for index, _ in mine + yours]
    assert sorted(clips) == sorted([*range(29)] * epochs)


def test_all_processes_see_the_same_scores_and_decide_alike(ranks) -> None:
    folder, [(first, _, kept), (second, _, same)] = ranks
    assert first == second
    curves = read_curves(folder)
    assert len(first) == len(curves)
    for (scores, rate, _), row in zip(first, curves, strict=True):
        assert {**scores, "learning_rate": rate} == {
            name: float(text) for name, text in row.items() if name != "epoch"
        }
    assert all(torch.equal(kept[name], same[name]) for name in kept)


def test_scores_of_two_processes_are_those_of_one(ranks) -> None:
    folder, _ = ranks
    sides = np.load(folder / "sides.npz")
    windows = StoredWindows(sorted(folder.glob("windows*.npy")))
    config = TrainConfig(window_s=1.0, hidden=4, rnn_hidden=4)
    learner = Learner(config, ("A", "B", "C"), None)
    learner.load_state_dict(torch.load(folder / "last.ckpt", weights_only=True)["state_dict"])
    trainer = lightning.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False
    )
    loader = make_valid_loader(windows, sides["valid"].tolist(), batch_size=32)
    [alone] = trainer.validate(learner, loader, verbose=False)
    last = read_curves(folder)[-1]
    for name in ("val_loss", "val_accuracy", "val_f1_macro", "val_f1_weighted"):
        assert float(last[name]) == pytest.approx(alone[name], abs=1e-6), name


RANKS = """
import sys
from pathlib import Path

import lightning.pytorch as lightning
import torch
from torch.utils.data import DataLoader

from genretag_train.training.augment import augment, mix_up
from genretag_train.training.batches import EpochSampler, ShareBatches
from genretag_train.config import TrainConfig
from genretag_train.training.learner import Learner

torch.set_num_threads(1)


class Noting(Learner):
    noted = []

    def training_step(self, batch, batch_idx):
        (mel,) = batch
        changed = augment(mel, self.config)
        mixed, shares = mix_up(changed, torch.eye(len(mel)), 5.0)
        self.noted.append((changed, shares, torch.rand(())))
        return self.net(mixed).sum()


config = TrainConfig(hidden=4, rnn_hidden=4, noise=0.1, noise_p=1.0, plateau=False)
learner = Noting(config, ("A", "B"), None)
windows = torch.utils.data.TensorDataset(torch.full((16, 40, 128), 0.5))
trainer = lightning.Trainer(
    accelerator="cpu", devices=int(sys.argv[2]), strategy="ddp", max_epochs=2, logger=False,
    enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
)
trainer.fit(learner, DataLoader(windows, batch_size=4))
draws = sum(ShareBatches(EpochSampler(clips=10, crops=2, seed=1), 4, 2), [])
torch.save((learner.noted, draws), Path(sys.argv[1], f"{trainer.global_rank}.pt"))
"""


def test_each_process_draws_changes_and_windows_of_its_own(tmp_path: Path) -> None:
    (script := tmp_path / "ranks.py").write_text(RANKS)

    def drawn(processes: int) -> list[tuple[list[tuple[torch.Tensor, ...]], list[tuple[int, int]]]]:
        (folder := tmp_path / str(processes)).mkdir()
        start(script, folder, processes)
        return [torch.load(folder / f"{rank}.pt") for rank in range(processes)]

    (first, windows), (second, others) = drawn(2)
    # The same windows came in everywhere, so what differs is what was drawn.
    for mine, yours in zip(first, second, strict=True):
        assert not any(torch.equal(a, b) for a, b in zip(mine, yours, strict=True))
    assert len({float(number) for *_, number in first + second}) == len(first + second)
    assert not {*windows} & {*others} and len(windows) == len(others) == 10
    # The first of two draws what one alone draws.
    ((alone, _),) = drawn(1)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first[:2], alone[:2], strict=True))
