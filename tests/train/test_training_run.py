import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from audio_files import RECIPES, encode, garbage
from toy_music import RATE, grown, run

from genretag.errors import Code, RunError, UsageError
from genretag_train.config import TrainConfig
from genretag_train.evaluation.holdout import HoldoutReport
from genretag_train.features.extraction import FeatureSpec, extract_windows
from genretag_train.nets.onnx_export import compute_logits, read_manifest
from genretag_train.training.pipeline import describe_missed_precision

PATIENCE_S = 180
"""A bound for what takes a moment; the machine may have much else to do."""


def test_a_run_leaves_what_the_interface_promises(toy_run: tuple[Path, Path]) -> None:
    out, _ = toy_run
    names = {"model.onnx", "metrics.json", "config.toml", "last.ckpt", "best.ckpt", "curves.csv"}
    names |= {"predictions.csv"}
    assert {path.name for path in out.iterdir()} == names
    with (out / "curves.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert {"train_loss", "val_loss", "val_accuracy", "val_f1_macro", "learning_rate"} < set(
        rows[0]
    )


def test_the_manifest_tells_what_inference_must_know(toy_run: tuple[Path, Path]) -> None:
    manifest = read_manifest(toy_run[0] / "model.onnx")
    told = json.loads((toy_run[0] / "metrics.json").read_text())
    assert manifest.genres.names == ("Hiss", "Hum", "Whistle")
    assert (manifest.front_end.n_mels, manifest.window.length_s) == (128, 1.0)
    assert manifest.temperature == told["calibration"]["temperature"]
    assert manifest.scores["test"]["accuracy"] == told["test"]["accuracy"]
    assert manifest.training["clips"] == told["data"]["clips"] == {
        "train": 24, "valid": 3, "test": 3
    }  # fmt: skip


def test_a_checkpoint_explains_itself(toy_run: tuple[Path, Path]) -> None:
    told = torch.load(toy_run[0] / "last.ckpt", weights_only=True)["genretag"]
    assert told["config"]["hidden"] == 8
    assert told["genres"] == ["Hiss", "Hum", "Whistle"]
    assert "val_loss" in told["metrics"]


def test_a_bundle_holds_the_model_its_card_and_what_was_held_out(
    toy_run: tuple[Path, Path], toy_library: Path
) -> None:
    out, bundle = toy_run
    assert (bundle / "toy.onnx").read_bytes() == (out / "model.onnx").read_bytes()
    card = (bundle / "toy.md").read_text()
    assert card.startswith("# toy\n") and "| Whistle | 8 | 1 | 1 | 10 |" in card
    assert "## Intended use and limits" in card and "The weights: MIT" in card
    assert "## Confusion on the test side" in card
    manifest = read_manifest(bundle / "toy.onnx")
    spec = FeatureSpec(manifest.front_end, manifest.window, 30, 1)
    with (bundle / "toy.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            [logits] = compute_logits(
                bundle / "toy.onnx", [extract_windows(toy_library / row["file"], spec)]
            )
            probabilities = np.exp(logits / manifest.temperature)
            probabilities = (probabilities / probabilities.sum(axis=1, keepdims=True)).mean(axis=0)
            assert row["genre"] == Path(row["file"]).parent.name
            assert row["predicted"] == manifest.genres.names[int(probabilities.argmax())]
            assert float(row["score"]) == pytest.approx(probabilities.max(), abs=1e-4)


def test_a_new_bundle_keeps_the_prose_of_the_card(
    toy_run: tuple[Path, Path], toy_library: Path, features: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(toy_run[1], bundle)
    card = bundle / "toy.md"
    measured = card.read_text()
    prose = measured.replace("# toy\n", "# toy\n\nProse above.\n") + "\nProse below.\n"
    card.write_text(prose.replace("| Whistle | 8 |", "| Whistle | 7 |"))
    run(toy_library, tmp_path / "run", features, bundle=bundle)

    def without_time(text: str) -> str:
        return re.sub(r"Training took \S+ minutes", "Training took some time", text)

    assert without_time(card.read_text()) == without_time(prose)


def test_a_name_that_no_file_can_have_is_refused_before_training(
    toy_library: Path, tmp_path: Path
) -> None:
    for name in ("a/b", "../x", "con", ""):
        with pytest.raises(UsageError, match="'name'"):
            run(toy_library, tmp_path / "run", tmp_path / "f", bundle=tmp_path / "b", name=name)
    assert list(tmp_path.iterdir()) == []


def test_a_resumed_run_ends_where_one_without_a_stop_ends(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    recipe = {"ema": 0.5, "mixup": 0.3, "plateau_patience": 0}
    run(toy_library, whole, features, epochs=4, **recipe)
    run(toy_library, parts, features, epochs=2, **recipe)
    run(toy_library, parts, features, epochs=4, resume=True, **recipe)
    assert (parts / "curves.csv").read_text() == (whole / "curves.csv").read_text()
    for name in ("last.ckpt", "best.ckpt"):
        kept, again = (torch.load(o / name, weights_only=True) for o in (whole, parts))
        for key, weights in kept["state_dict"].items():
            assert torch.equal(weights, again["state_dict"][key]), key


def test_a_run_that_was_killed_after_it_had_stopped_early_does_not_go_on(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    recipe = {"epochs": 9, "patience": 1, "learning_rate": 1e-9}  # too low to learn anything
    run(toy_library, out, features, **recipe)
    curves, metrics = (out / "curves.csv").read_text(), (out / "metrics.json").read_text()
    (out / "metrics.json").unlink()
    run(toy_library, out, features, resume=True, **recipe)
    assert (out / "curves.csv").read_text() == curves and curves.count("\n") < 10
    assert json.loads((out / "metrics.json").read_text())["test"] == json.loads(metrics)["test"]


def test_another_seed_learns_something_else(
    toy_run: tuple[Path, Path], toy_library: Path, features: Path, tmp_path: Path
) -> None:
    run(toy_library, tmp_path / "run", features, epochs=1, seed=2)
    first = (toy_run[0] / "curves.csv").read_text().splitlines()[1]
    assert (tmp_path / "run" / "curves.csv").read_text().splitlines()[1] != first


def test_a_run_is_neither_overwritten_nor_resumed_with_other_settings(
    toy_run: tuple[Path, Path], toy_library: Path, features: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="holds a run already"):
        run(toy_library, toy_run[0], features)
    with pytest.raises(UsageError, match="another hidden"):
        run(toy_library, toy_run[0], features, resume=True, hidden=16)
    with pytest.raises(UsageError, match="no run to resume"):
        run(toy_library, tmp_path / "none", features, resume=True)
    with pytest.raises(UsageError, match="no architecture 'cnn9d'"):
        run(toy_library, tmp_path / "none", features, arch="cnn9d")
    with pytest.raises(UsageError, match="scaling"):
        run(toy_library, tmp_path / "none", features, scaling="linear")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_here_is_refused_before_any_clip_is_read(
    toy_library: Path, tmp_path: Path
) -> None:
    half = {"precision": "16-mixed"}  # CPUs have bfloat16 alone
    for wrong in ({"accelerator": "gpu"}, {"accelerator": "abacus"}, {"precision": "7-bit"}, half):
        with pytest.raises(UsageError) as refused:
            run(toy_library, tmp_path / "run", tmp_path / "features", **wrong)
        assert refused.value.code is Code.NO_DEVICE and "--accelerator cpu" in refused.value.hint
    assert not (tmp_path / "features").exists()


def test_clips_that_cannot_be_learned_from_are_counted_and_listed(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    shutil.copytree(toy_library, music)
    (music / "Hum" / "empty.flac").touch()
    garbage(music / "Hum" / "garbage.flac")
    flac = RECIPES["FLAC"]
    encode(music / "Hum" / "silent.flac", np.zeros((1, 2 * RATE), np.float32), flac)
    encode(music / "Hum" / "short.flac", np.ones((1, RATE // 4), np.float32) / 2, flac)
    said: list[str] = []
    run(music, tmp_path / "run", features, notify=said.append, epochs=1)
    assert said[0].startswith(
        "3 genres: learning from 24 clips, holding out 3 (valid) and 3 (test)"
    )
    assert "silent (1)" in said[0] and "{" not in said[0]
    data = json.loads((tmp_path / "run" / "metrics.json").read_text())["data"]
    assert data["skipped"] == {"empty": 1, "not-audio": 1, "silent": 1, "short": 1}
    assert data["skipped_files"]["Hum/garbage.flac"] == "not-audio"
    assert sum(data["clips"].values()) == 30


def test_a_model_that_is_not_as_precise_as_was_wished_is_told_of() -> None:
    accepted = {"coverage": 1.0, "precision": 0.25}
    report = HoldoutReport(1.0, 0.01, {"accepted": accepted}, {})
    said = describe_missed_precision(report, TrainConfig(target_precision=0.8))
    assert "precision of 80%" in said and "write 100%" in said and "25% of it right" in said
    assert not describe_missed_precision(report, TrainConfig(target_precision=0.2))


def test_a_split_by_clip_says_that_it_leaks(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    run(toy_library, tmp_path / "run", features, notify=said.append, epochs=1, split="stratified")
    assert any("leak" in text for text in said)
    assert "leak" in json.loads((tmp_path / "run" / "metrics.json").read_text())["data"]["warning"]


def test_a_library_without_sound_is_refused(tmp_path: Path) -> None:
    for genre in ("A", "B"):
        (tmp_path / "music" / genre).mkdir(parents=True)
        garbage(tmp_path / "music" / genre / "a.flac")
    with pytest.raises(RunError, match="fewer than two genres"):
        run(tmp_path / "music", tmp_path / "run", tmp_path / "cache")


def command(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """`python -m genretag_train` in a process of its own, after the statements `before`."""
    code = f"{before}\nimport runpy\nrunpy.run_module('genretag_train', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_trains_and_writes_nothing_to_stdout(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    done = command(
        "--data", str(toy_library), "--out", str(tmp_path / "run"), "--cache", str(features),
        "--epochs", "1", "--window-s", "1", "--hidden", "4", "--rnn-hidden", "4",
        "--threads", "1", "--class-weights",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Test: accuracy" in done.stderr
    written = (tmp_path / "run" / "config.toml").read_text()
    assert "hidden = 4\n" in written and "class_weights = true\n" in written


def test_an_interrupted_run_exits_130_and_can_be_resumed(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    arguments = ["--data", toy_library, "--out", out, "--cache", features, "--window-s", "1"]
    arguments += ["--hidden", "4", "--rnn-hidden", "4", "--threads", "1", "--patience", "10000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "genretag_train", *arguments, "--epochs", "10000"],
        stderr=subprocess.DEVNULL,
        # Who runs the tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + PATIENCE_S
    while not (out / "last.ckpt").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    done = len((out / "curves.csv").read_text().splitlines()) - 1
    small = {"hidden": 4, "rnn_hidden": 4, "batch_size": 32, "mask_s": 1.0, "mask_mels": 16}
    small |= {"patience": 10000, "min_accepted": 20, "name": "genretag-model"}
    run(toy_library, out, features, resume=True, epochs=done + 1, **small)
    assert (out / "model.onnx").exists()


def test_an_output_that_cannot_be_written_is_named(toy_library: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    done = command("--data", str(toy_library), "--out", str(tmp_path / "taken" / "run"))
    assert done.returncode == 3
    assert "taken" in done.stderr and "output-failed" in done.stderr


def test_help_needs_no_torch_and_training_without_it_names_the_extra(tmp_path: Path) -> None:
    missing = "import sys\nsys.modules['torch'] = None"
    assert "--learning-rate" in command("--help", before=missing).stdout
    done = command("--data", str(tmp_path), before=missing)
    assert done.returncode == 4
    assert "install" in done.stderr and "[train]" in done.stderr


def test_a_command_without_data_is_told_what_to_give() -> None:
    done = command()
    assert done.returncode == 2
    assert "--data" in done.stderr


def test_a_run_is_not_resumed_with_other_clips_held_out(toy_library: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "out", tmp_path / "features"
    run(toy_library, out, cache, epochs=1)
    before = (out / "metrics.json").read_bytes()
    with pytest.raises(RunError, match="held out other clips") as caught:
        run(grown(toy_library, tmp_path / "music"), out, cache, resume=True, epochs=2)
    assert caught.value.code is Code.BAD_DATASET
    assert (out / "metrics.json").read_bytes() == before
