"""Schedules, loggers, several processes: the ways in which a run can differ."""

import csv
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from toy_music import run

from genretag_train.config import TrainConfig
from genretag_train.nets import NETS
from genretag_train.training.learner import Learner


def rates(out: Path) -> list[float]:
    with (out / "curves.csv").open(newline="") as lines:
        return [float(row["learning_rate"]) for row in csv.DictReader(lines)]


def test_the_rate_steps_down_every_few_epochs_and_resumes(toy_library, features, tmp_path) -> None:
    ways = {"step_epochs": 2, "step_gamma": 0.5, "plateau": False, "patience": 99}
    run(toy_library, tmp_path / "whole", features, epochs=5, **ways)
    run(toy_library, tmp_path / "parts", features, epochs=3, **ways)
    run(toy_library, tmp_path / "parts", features, epochs=5, resume=True, **ways)
    wanted = [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4]
    assert rates(tmp_path / "whole") == rates(tmp_path / "parts") == pytest.approx(wanted)


def test_windows_loaded_by_other_processes_teach_the_same(toy_library, features, tmp_path) -> None:
    for loaders in (0, 2):
        run(toy_library, tmp_path / str(loaders), features, loaders=loaders, epochs=2)
    alone, shared = (tmp_path / name / "curves.csv" for name in ("0", "2"))
    assert alone.read_bytes() == shared.read_bytes()


def test_a_run_with_loaders_resumes_as_one_without_goes_on(toy_library, features, tmp_path) -> None:
    run(toy_library, tmp_path / "whole", features, epochs=2)
    run(toy_library, tmp_path / "parts", features, loaders=1, epochs=1)
    run(toy_library, tmp_path / "parts", features, loaders=1, epochs=2, resume=True)
    whole, parts = (tmp_path / name / "curves.csv" for name in ("whole", "parts"))
    assert parts.read_bytes() == whole.read_bytes()


def test_plateau_and_steps_work_together() -> None:
    learner = Learner(
        TrainConfig(step_epochs=1, step_gamma=0.5, plateau_patience=0, hidden=4, rnn_hidden=4),
        ("A", "B"), None,
    )  # fmt: skip
    adam = learner.configure_optimizers()
    for _ in range(2):
        adam.step()
        learner.plateau.step(1.0)
        learner.steps.step()
    assert adam.param_groups[0]["lr"] == pytest.approx(1e-3 * 0.5 * 0.5 * 0.5)


@pytest.mark.parametrize("arch", sorted(NETS))
def test_every_architecture_goes_from_music_to_a_model(
    arch: str, toy_library, features, tmp_path
) -> None:
    run(toy_library, tmp_path / arch, features, arch=arch, epochs=1, hidden=4, rnn_layers=2)
    assert (tmp_path / arch / "model.onnx").exists()


@pytest.mark.skipif(not importlib.util.find_spec("wandb"), reason="needs the extra wandb")
def test_weights_and_biases_gets_curves_and_confusions_offline(
    toy_library, features, tmp_path, monkeypatch
) -> None:
    from genretag_train.training.pipeline import RunPaths, train

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    out = tmp_path / "run"
    config = TrainConfig(window_s=1.0, hidden=4, rnn_hidden=4, batch_size=8, epochs=2, threads=1,
                         mask_s=0.1, min_accepted=1)  # fmt: skip
    place = RunPaths(toy_library, out, features, wandb=True)
    train(config, place, False, lambda text: None, lambda done, of: None)
    (journal,) = out.glob("wandb/offline-run-*/*.wandb")
    names = ("epoch_avg_loss", "batch_loss", "val_loss", "val_accuracy", "val_f1_weighted",
             "val_f1_macro", "learning_rate", "confusion_matrix")  # fmt: skip
    # A process of its own writes it, which on a busy machine is done a bit later.
    end = time.monotonic() + 60
    while (missing := _absent(names, journal)) and time.monotonic() < end:
        time.sleep(0.2)
    assert not missing


def _absent(names: Iterable[str], file: Path) -> list[str]:
    content = file.read_bytes()
    return [name for name in names if name.encode() not in content]


@pytest.mark.skipif(not importlib.util.find_spec("tensorboard"), reason="needs tensorboard")
def test_tensorboard_gets_events(toy_library, features, tmp_path) -> None:
    from genretag_train.training.loggers import make_loggers

    (logger,) = make_loggers(TrainConfig(), tmp_path, wandb=False, tensorboard=True)
    logger.log_metrics({"val_loss": 1.0}, 0)
    logger.save()
    assert list((tmp_path / "tensorboard").glob("events.*"))


def test_two_processes_train_one_model(toy_library, features, tmp_path) -> None:
    out = tmp_path / "run"
    small = ["--window-s", "1", "--hidden", "4", "--rnn-hidden", "4", "--batch-size", "4",
             "--epochs", "2", "--threads", "1", "--mask-s", "0.1",
             "--min-accepted", "1"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "genretag_train", "--data", toy_library, "--out", out, "--cache",
         features, "--accelerator", "cpu", "--devices", "2", "--strategy", "ddp", *small],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("Learning 3 genres") == 1
    assert len(rates(out)) == 2
    assert json.loads((out / "metrics.json").read_text())["test"]["clips"] == 3
    weights = torch.load(out / "best.ckpt", weights_only=True)["state_dict"]
    assert all(torch.isfinite(value).all() for value in weights.values())


RANKS = """
import sys
from pathlib import Path

import lightning.pytorch as lightning
import torch
from torch.utils.data import DataLoader

from genretag_train.training.augment import augment
from genretag_train.training.batches import EpochSampler
from genretag_train.config import TrainConfig
from genretag_train.training.learner import Learner

torch.set_num_threads(1)


class Noting(Learner):
    noted = []

    def training_step(self, batch, batch_idx):
        (mel,) = batch
        self.noted.append((augment(mel, self.config), torch.rand(())))
        return self.net(mel).sum()


config = TrainConfig(hidden=4, rnn_hidden=4, noise=0.1, noise_p=1.0, plateau=False)
learner = Noting(config, ("A", "B"), None)
windows = torch.utils.data.TensorDataset(torch.full((8, 40, 128), 0.5))
trainer = lightning.Trainer(
    accelerator="cpu", devices=int(sys.argv[2]), strategy="ddp", max_epochs=2, logger=False,
    enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
)
trainer.fit(learner, DataLoader(windows, batch_size=2))
draws = list(EpochSampler(clips=10, crops=2, seed=1))
torch.save((learner.noted, draws), Path(sys.argv[1], f"{trainer.global_rank}.pt"))
"""


def test_each_process_draws_changes_and_windows_of_its_own(tmp_path: Path) -> None:
    (script := tmp_path / "ranks.py").write_text(RANKS)

    def drawn(processes: int) -> list[tuple[list[tuple[torch.Tensor, ...]], list[tuple[int, int]]]]:
        (folder := tmp_path / str(processes)).mkdir()
        command = [sys.executable, str(script), str(folder), str(processes)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return [torch.load(folder / f"{rank}.pt") for rank in range(processes)]

    (first, windows), (second, others) = drawn(2)
    # The same windows came in everywhere, so what differs is what was drawn.
    for mine, yours in zip(first, second, strict=True):
        assert not any(torch.equal(a, b) for a, b in zip(mine, yours, strict=True))
    assert len({float(number) for _, number in first + second}) == len(first + second)
    assert not {*windows} & {*others} and len(windows) == len(others) == 10
    # The first of two draws what one alone draws.
    ((alone, _),) = drawn(1)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first[:2], alone[:2], strict=True))
