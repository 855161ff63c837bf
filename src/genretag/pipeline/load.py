"""Loads a model with the calibration that a person fitted for it."""

from pathlib import Path

from genretag.errors import Warn
from genretag.inference.session import Model
from genretag.library.calibrations import read_calibration
from genretag.pipeline.load_model import load_model


def load_calibrated(
    path: Path,
    data: Path,
    device: str = "auto",
    warn: Warn = lambda message: None,
    threads: int = 1,
) -> Model:
    """Load a model as `load_model` does, with the calibration that is saved for it, if any.

    Args:
        path: its file.
        data: the folder with a person's models and calibrations.
        device: as of `load_model`.
        warn: the same.
        threads: the same.

    Raises:
        RunError: `calibration-invalid`, what is saved is none; and as `load_model`.
        UsageError: as `load_model`.
    """
    model = load_model(path, device, warn, threads)
    calibration = None
    if not model.raw.manifest.is_calibrated:
        calibration = read_calibration(model.raw.digest, data)
    return model.calibrate(calibration) if calibration else model
