"""From training to a package: a bundled model is scanned with by its file, and by its name."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from commands import done
from toy_music import GENRES, run

ROOT = Path(__file__).parents[2]


def scan(model: str | Path, clips: list[Path], home: Path, **environment: str) -> list[dict]:
    """Return what `genretag scan` would write, in a process of its own."""
    own = {f"GENRETAG_{place}_DIR": str(home / "own") for place in ("CACHE", "DATA")}
    own |= {"GENRETAG_CONFIG": str(home / "none.toml")}
    told = ["--dry-run", "--threshold", "0", "--jobs", "1", "--format", "jsonl", "--model", model]
    ended = subprocess.run(
        [sys.executable, "-m", "genretag", "scan", *map(str, told), *map(str, clips)],
        env=os.environ | own | environment, capture_output=True, text=True, check=False, cwd=home,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.fixture(scope="module")
def clips(toy_library: Path) -> list[Path]:
    return [toy_library / genre / "3.flac" for genre in GENRES]


def test_one_command_trains_and_the_next_scans_with_what_it_bundled(
    toy_library: Path, features: Path, clips: list[Path], tmp_path: Path
) -> None:
    small = ("--window-s", "1", "--hidden", "8", "--rnn-hidden", "8", "--batch-size", "8",
             "--epochs", "2", "--threads", "1", "--min-accepted", "1")  # fmt: skip
    out, models = tmp_path / "run", tmp_path / "models"
    done("--data", toy_library, "--out", out, "--bundle", models, "--name", "mine",
         "--cache", features, *small)  # fmt: skip
    lines = scan(models / "mine.onnx", clips, tmp_path)
    assert {line["model"].partition("@")[0] for line in lines} == {"mine"}
    assert all(line["after"][0] in GENRES for line in lines)


def test_a_wheel_built_with_the_bundle_knows_the_model_by_its_name(
    toy_library: Path, features: Path, clips: list[Path], tmp_path: Path
) -> None:
    pytest.importorskip("hatchling")
    project, site = tmp_path / "project", tmp_path / "site"
    for folder in ("src", "train/genretag_train", "models"):
        shutil.copytree(
            ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, project)
    run(toy_library, tmp_path / "run", features, epochs=2, bundle=project / "models", name="mine")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"]
    subprocess.run(build, cwd=project, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    assert {f"mine.{kind}" for kind in ("onnx", "md", "csv")} < {
        file.name for file in (site / "genretag" / "_models").iterdir()
    }
    lines = scan("mine", clips, tmp_path, PYTHONPATH=str(site))
    assert lines == scan(project / "models" / "mine.onnx", clips, tmp_path)
    assert {line["model"].partition("@")[0] for line in lines} == {"mine"}
