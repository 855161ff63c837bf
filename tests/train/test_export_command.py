import json
import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from commands import done, refused
from toy_music import grown, run
from typer.testing import CliRunner

from genretag.cli.app import app as genretag
from genretag.errors import Code
from genretag.inference import session
from genretag_train.export import release
from genretag_train.nets.onnx_export import OPSET, read_manifest


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_scan_runs_what_export_wrote(
    precision: str, toy_run: tuple[Path, Path], toy_library: Path, tmp_path: Path
) -> None:
    file = tmp_path / "made.onnx"
    shown = done("export", toy_run[0], "--precision", precision, "--out", file)
    assert str(file) in shown and "parity with torch" in shown
    assert [path.name for path in tmp_path.iterdir()] == ["made.onnx"]
    clips = [toy_library / genre / "3.flac" for genre in ("Hum", "Whistle", "Hiss")]
    own = {"GENRETAG_CONFIG": str(tmp_path / "none.toml"), "GENRETAG_CACHE_DIR": str(tmp_path)}
    arguments = ["scan", "-n", "-j", "1", "--threshold", "0", "--format", "jsonl"]
    arguments += ["--model", str(file), *map(str, clips)]
    scanned = CliRunner().invoke(genretag, arguments, env=own)
    assert scanned.exit_code == 0, scanned.output
    lines = [json.loads(line) for line in scanned.stdout.splitlines()]
    digest = session.load(file).identity
    assert {line["model"] for line in lines} == {digest}
    assert {line["status"] for line in lines} == {"planned"}


def test_an_export_of_a_finished_run_is_the_model_that_it_had(
    toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    done("export", toy_run[0], "--out", tmp_path / "again.onnx")
    before = read_manifest(toy_run[0] / "model.onnx")
    again = read_manifest(tmp_path / "again.onnx")
    assert (again.temperature, again.threshold) == (before.temperature, before.threshold)
    assert again.genres == before.genres and again.scores["test"] == before.scores["test"]
    mel = np.random.default_rng(1).random((3, 60, 128), dtype=np.float32)
    one, other = (session.load(f) for f in (toy_run[0] / "model.onnx", tmp_path / "again.onnx"))
    assert np.array_equal(one.score(mel), other.score(mel))


def test_the_file_has_free_batch_and_time_and_a_pinned_opset(
    toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    done("export", toy_run[0], "--out", tmp_path / "made.onnx")
    model = onnx.load(tmp_path / "made.onnx")
    assert [entry.version for entry in model.opset_import if not entry.domain] == [OPSET] == [17]
    batch, frames, mels = model.graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param and frames.dim_param and mels.dim_value == 128


@pytest.mark.parametrize(("precision", "share"), [("fp16", 0.75), ("int8", 0.75)])
def test_a_lower_precision_tells_what_it_costs(
    precision: str, share: float, toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    shown = done("export", toy_run[0], "--precision", precision, "--out", tmp_path / "small.onnx")
    assert "test accuracy" in shown and "fp32" in shown and "same best genre" in shown
    cost = read_manifest(tmp_path / "small.onnx").scores["precision"]
    assert cost["precision"] == precision and cost["clips"] == 6
    assert 0 < cost["largest_gap"] < 0.2 and cost["parity"] <= 1e-4
    whole = json.loads((toy_run[0] / "metrics.json").read_text())["test"]["accuracy"]
    assert cost["accuracy_fp32"] == whole
    sizes = (_weight_bytes(file) for file in (tmp_path / "small.onnx", toy_run[0] / "model.onnx"))
    assert next(sizes) < share * next(sizes)


def _weight_bytes(file: Path) -> int:
    return sum(len(weights.raw_data) for weights in onnx.load(file).graph.initializer)


def test_a_run_that_was_cut_short_can_be_exported(
    toy_run: tuple[Path, Path], toy_library: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(toy_run[0] / "best.ckpt", run)
    assert "--data" in refused("export", run).hint
    done("export", run, "--data", toy_library)
    before, after = read_manifest(toy_run[0] / "model.onnx"), read_manifest(run / "model.onnx")
    assert (before.temperature, before.genres) == (after.temperature, after.genres)
    error = refused("export", run, "--data", grown(toy_library, tmp_path / "music"))
    assert error.code is Code.BAD_DATASET and "held out other clips" in error.message


def test_an_export_that_differs_from_torch_is_not_written(
    toy_run: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(net: torch.nn.Module, file: Path, n_frames: int, n_mels: int) -> None:
        model = onnx.load(toy_run[0] / "model.onnx")
        last = next(node for node in model.graph.node if "logits" in node.output)
        [bias] = [w for w in model.graph.initializer if w.name == last.input[2]]
        numbers = onnx.numpy_helper.to_array(bias) + np.array([0.01, 0, 0], np.float32)
        bias.CopyFrom(onnx.numpy_helper.from_array(numbers, bias.name))
        onnx.save(model, file)

    monkeypatch.setattr(release, "export_onnx", wrong)
    error = refused("export", toy_run[0], "--out", tmp_path / "made.onnx")
    assert error.code is Code.PARITY and error.exit_code == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_finished_run_is_bundled_as_training_bundles_it(
    precision: str, toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    command = ("export", toy_run[0], "--precision", precision, "--out", tmp_path / "made.onnx")
    done(*command, "--bundle", tmp_path / "models")
    bundle = tmp_path / "models"
    assert {file.name for file in bundle.iterdir()} == {"toy.onnx", "toy.md", "toy.csv"}
    assert (bundle / "toy.onnx").read_bytes() == (tmp_path / "made.onnx").read_bytes()
    card, before = (bundle / "toy.md").read_text(), (toy_run[1] / "toy.md").read_text()
    if precision == "fp32":
        assert card == before
        assert (bundle / "toy.csv").read_text() == (toy_run[1] / "toy.csv").read_text()
    else:
        assert "Weights in int8" in card and "Artists apart:" in card


@pytest.fixture(scope="module")
def spoilt_run(toy_library: Path, features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net that tells all clips, with one weight so large that 8 bits hold no other beside it.

    All genres get the same from it, so that in single precision nothing changes.
    """
    out = tmp_path_factory.mktemp("spoilt") / "run"
    run(toy_library, out, features, epochs=12, learning_rate=1e-2, mask_p=0.0)
    kept = torch.load(out / "best.ckpt", weights_only=True)
    names = [name for name, weights in kept["state_dict"].items() if weights.shape[:1] == (3,)]
    head = next(kept["state_dict"][name] for name in names if kept["state_dict"][name].ndim == 2)
    head[:, 0] += 300
    torch.save(kept, out / "best.ckpt")
    return out


def test_a_precision_that_loses_accuracy_is_refused(spoilt_run: Path, tmp_path: Path) -> None:
    file = tmp_path / "small.onnx"
    error = refused("export", spoilt_run, "--precision", "int8", "--out", file)
    assert error.code is Code.ACCURACY_LOST and error.exit_code == 3
    told = re.search(r"loses ([\d.]+) points .* of accuracy and ([\d.]+) points", error.message)
    assert told and float(told[1]) > 1 and "6 held-out clips" in error.message
    assert "--precision fp16" in error.hint and "--allow-loss" in error.hint
    assert list(tmp_path.iterdir()) == []
    done("export", spoilt_run, "--precision", "fp16", "--out", tmp_path / "half.onnx")
    allowed = error.hint.rstrip(".").split()[-1]
    shown = done(
        "export", spoilt_run, "--precision", "int8", "--out", file, "--allow-loss", allowed
    )
    [line] = [line for line in shown.splitlines() if line.startswith("right before, wrong now")]
    cost = read_manifest(file).scores["precision"]
    assert file.exists() and cost["spoilt"] > 0 and f"{cost['spoilt']} of 6 clips" in line


def test_what_is_no_run_cannot_be_exported(
    toy_run: tuple[Path, Path], toy_library: Path, tmp_path: Path
) -> None:
    assert refused("export", tmp_path).code is Code.BAD_OPTION
    one = tmp_path / "music"
    shutil.copytree(toy_library / "Hum", one / "Hum")
    shutil.copytree(toy_library / "Hiss", one / "Other")
    assert refused("export", toy_run[0], "--data", one).code is Code.BAD_DATASET
    error = refused("export", toy_run[0], "--out", tmp_path / "no" / "made.onnx")
    assert error.code is Code.OUTPUT_FAILED


def test_a_run_is_not_measured_on_clips_that_it_was_not_trained_with(
    toy_run: tuple[Path, Path], toy_library: Path, tmp_path: Path
) -> None:
    """Of more clips the split is another: some that it learned from would be held out."""
    music = grown(toy_library, tmp_path / "music")
    error = refused("export", toy_run[0], "--data", music, "--out", tmp_path / "made.onnx")
    assert error.code is Code.BAD_DATASET and "24" in error.message and "--data" in error.hint
    assert not (tmp_path / "made.onnx").exists()


def test_a_name_that_cannot_be_bundled_is_refused_before_anything_is_written(
    toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    kept = torch.load(toy_run[0] / "best.ckpt", weights_only=True)
    kept["genretag"]["config"]["name"] = "my/model"
    torch.save(kept, out / "best.ckpt")
    assert "my/model" in refused("export", out, "--bundle", tmp_path / "models").message
    assert [file.name for file in out.iterdir()] == ["best.ckpt"]
