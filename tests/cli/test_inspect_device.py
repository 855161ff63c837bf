"""`genretag inspect` goes on with the CPU where a device fails, and says so once."""

from pathlib import Path

import pytest
from audio_files import write_tone
from toy_model import HIGH_HZ
from typer.testing import CliRunner, Result

from genretag.cli.app import app
from genretag.inference import session
from genretag.inference.runtime import ort
from genretag.inference.session import DeviceError, Model


class Failing(Model):
    """A device that has no memory."""

    def predict_with_embeddings(self, windows: object, batch: int = 16) -> None:  # type: ignore[override]
        raise DeviceError("out of memory")


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    return [write_tone(tmp_path / f"{n}.flac", seconds=5.0, hz=HIGH_HZ) for n in range(3)]


@pytest.fixture
def inspect(toy: Path, songs: list[Path], home: dict[str, str]):
    def run(*arguments: str) -> Result:
        command = ["inspect", "--explain", "none", *arguments, *map(str, songs)]
        return CliRunner().invoke(app, command, env=home)

    return run


def on(device: str, model: Model) -> Failing:
    return Failing(model.manifest, model.digest, device, model._open)


def test_a_device_that_fails_is_left_with_one_warning(inspect, toy, monkeypatch) -> None:
    model = session.load(toy, "cpu")
    monkeypatch.setattr(
        session, "load",
        lambda path, device="auto", *_: model if device == "cpu" else on("cuda", model),
    )  # fmt: skip
    run = inspect()
    assert run.exit_code == 0, run.output
    assert run.stderr.count("Warning") == 1
    assert "Warning: The device cuda failed (out of memory); going on with cpu" in run.stderr
    assert all(f"{n}.flac" in run.stdout for n in range(3))


def test_where_the_cpu_fails_too_the_run_ends_with_a_message(inspect, toy, monkeypatch) -> None:
    model = session.load(toy, "cpu")
    monkeypatch.setattr(
        session, "load",
        lambda path, device="auto", *_: on("cpu" if device == "cpu" else "cuda", model),
    )  # fmt: skip
    run = inspect()
    assert run.exit_code == 3 and run.stderr.count("Warning") == 1
    assert "scoring failed: out of memory" in run.stderr and "model-invalid" in run.stderr


def test_a_device_that_is_not_there_gives_way_with_one_warning(inspect, monkeypatch) -> None:
    monkeypatch.setattr(
        ort, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    run = inspect("--device", "cuda")
    assert run.exit_code == 0, run.output
    assert run.stderr.count("Warning: The device cuda cannot be used; going on with cpu") == 1
