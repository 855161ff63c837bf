"""Schedules, loggers, precisions: the ways in which a run can differ."""

import csv
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from toy_music import run

from genretag_train.config import TrainConfig
from genretag_train.export.release import release_model
from genretag_train.nets import NETS
from genretag_train.training.curves import read_curves
from genretag_train.training.learner import Learner
from genretag_train.training.loop import load_checkpoint


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


@pytest.mark.skipif(not importlib.util.find_spec("wandb"), reason="needs the extra wandb")
def test_without_a_login_weights_and_biases_is_an_error_with_a_way_out(tmp_path) -> None:
    code = """
from pathlib import Path
from genretag_train.config import TrainConfig
from genretag_train.training.loggers import make_loggers
make_loggers(TrainConfig(), Path("run"), wandb=True, tensorboard=False)
"""
    # A process of its own: the library keeps what an earlier run in the same one was told.
    env = {n: v for n, v in os.environ.items() if n not in ("WANDB_API_KEY", "WANDB_MODE")}
    env |= {"WANDB_BASE_URL": "http://127.0.0.1:9", "NETRC": str(tmp_path / "netrc")}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "Weights & Biases does not take the run" in ended.stderr
    assert "(data-unreachable)" in ended.stderr and "WANDB_MODE=offline" in ended.stderr


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


def test_a_run_in_half_precision_is_scored_in_single_precision_and_exports(
    toy_library, features, tmp_path
) -> None:
    out, made = tmp_path / "run", tmp_path / "made.onnx"
    ways = {"class_weights": True, "mixup": 0.3, "noise": 0.1}
    run(toy_library, out, features, epochs=1, **ways)
    run(toy_library, out, features, epochs=3, precision="bf16-mixed", resume=True, **ways)
    for row in read_curves(out / "curves.csv"):
        for name in ("train_loss", "val_loss"):
            exact = torch.tensor(row[name])
            assert exact != exact.bfloat16().float(), name
    assert load_checkpoint(out / "best.ckpt")["state_dict"]["net.head.0.weight"].dtype == (
        torch.float32
    )
    assert release_model(out, None, "fp32", made, lambda done, of: None, 1.0).parity <= 1e-4


def test_a_checkpoint_of_a_gpu_is_read_where_there_is_none(tmp_path, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        # It is written as on a GPU: with the name of the device beside the weights.
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        torch.save({"weights": torch.ones(2)}, tmp_path / "best.ckpt")
    assert load_checkpoint(tmp_path / "best.ckpt")["weights"].device.type == "cpu"
