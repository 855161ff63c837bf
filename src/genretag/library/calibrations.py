"""Keeps the calibrations that were fitted on a person's library, one for each model."""

import stat
from pathlib import Path

from genretag.domain.calibration import Calibration
from genretag.errors import Code, RunError, reason
from genretag.library import files

_MOST_BYTES = 64 << 10


def locate_calibration(sha256: str, data: Path) -> Path:
    """Return the file of the calibration of a model, there or not.

    Args:
        sha256: of the model's file, so that another file of its name has no part in it.
        data: the folder with a person's models.
    """
    return data / "models" / f"{sha256}.calibration.json"


def read_calibration(sha256: str, data: Path) -> Calibration | None:
    """Read the calibration of a model; None if there is none. Args as `locate_calibration`.

    Raises:
        RunError: `calibration-invalid`, the file is none, or cannot be read.
    """
    path = locate_calibration(sha256, data)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            raise _invalid(path, f"it is no file of {_MOST_BYTES} bytes at most")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(path, reason(error)) from error
    try:
        return Calibration.from_json(text, sha256)
    except ValueError as error:
        raise _invalid(path, reason(error)) from error


def save_calibration(calibration: Calibration, data: Path) -> Path:
    """Save the calibration of a model, whole or not at all, and return its file.

    Raises:
        OSError: it cannot be written.
    """
    path = locate_calibration(calibration.sha256, data)
    files.rewrite(path, calibration.to_json().encode())
    return path


def _invalid(path: Path, why: str) -> RunError:
    return RunError(
        Code.CALIBRATION_INVALID,
        f"{path}: this saved calibration cannot be used: {why}",
        "Delete the file, and calibrate the model again with `genretag evaluate --save`.",
    )
