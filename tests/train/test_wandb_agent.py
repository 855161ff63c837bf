"""Sweep files are W&B's: its own agent takes them and runs `genretag` by them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import refused
from wandb_server import SWEEP, WandbServer, serving

from genretag.errors import ExtraMissingError

CONFIGS = Path(__file__).parents[2] / "train" / "configs"
SMALL = """
window_s = 1.0
threads = 1
mask_mels = 8
mask_s = 0.1
min_accepted = 1
"""


def run_agent(wandb: WandbServer, *arguments: Any, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genretag", "train", "sweep", "--wandb", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=os.environ | wandb.environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_wandb_agent_runs_the_sweep_files_that_optuna_runs(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    pytest.importorskip("wandb")
    (base := tmp_path / "base.toml").write_text(SMALL)
    shared = ["--data", toy_library, "--cache", features, "--config", base, "--trials", 2]
    file = CONFIGS / "sweep_clips.yaml"
    with serving() as wandb:
        ended = run_agent(wandb, file, *shared, "--out", tmp_path / "out", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert f"sweep {SWEEP}" in ended.stdout
    given = yaml.safe_load(file.read_text())
    assert wandb.sweep == given and wandb.project == "genretag"
    assert len(wandb.begun) == 2
    for run, drawn in wandb.begun.items():
        settings = (tmp_path / "out" / run / "config.toml").read_text().splitlines()
        assert f"learning_rate = {drawn['learning_rate']}" in settings
        assert f"hidden = {given['parameters']['hidden']['value']}" in settings
        assert (tmp_path / "out" / run / "model.onnx").is_file()
        # What the run logs stays here until the user sends it.
        assert list(tmp_path.glob(f"wandb/offline-run-*-{run}"))


@pytest.mark.parametrize("name", ["sweep_first.yaml", "sweep_second.yaml"])
def test_wandb_accepts_the_studys_sweep_files(name: str, tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    raw = yaml.safe_load((CONFIGS / name).read_text())
    code = f"import wandb; print(wandb.sweep({raw!r}, project='genretag'))"
    with serving() as server:
        ended = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | server.environment(), cwd=tmp_path,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert ended.returncode == 0 and SWEEP in ended.stdout, ended.stderr[-2000:]
    assert server.sweep == raw


def test_a_server_that_refuses_is_an_error_with_advice(toy_library: Path, tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    with serving() as wandb:
        wandb.refuses = True
        ended = run_agent(wandb, CONFIGS / "sweep_clips.yaml", "--data", toy_library, cwd=tmp_path)
    assert ended.returncode == 3
    assert "data-unreachable" in ended.stderr and "wandb login" in ended.stderr


def test_without_wandb_the_missing_extra_is_named(toy_library: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    error = refused("sweep", CONFIGS / "sweep_clips.yaml", "--data", toy_library, "--wandb")
    assert isinstance(error, ExtraMissingError) and error.extra == "wandb"
