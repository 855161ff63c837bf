"""The folder of a run: names of its files and columns, and how JSON is written there."""

import json
from pathlib import Path
from typing import Any

MODEL = "model.onnx"
METRICS = "metrics.json"
CONFIG = "config.toml"
CURVES = "curves.csv"
PREDICTIONS = "predictions.csv"
"""Of the test side, which is judged once: what compares runs reads it from here."""
LAST, BEST = "last.ckpt", "best.ckpt"

VALID_METRICS = ("val_loss", "val_accuracy", "val_f1_weighted", "val_f1_macro")
"""Columns of CURVES: the scores of the valid side."""


def write_json(file: Path, value: Any) -> None:
    """Write `value` to `file`, one space for each level and Unicode as it is."""
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    # What stands for odd bytes of a file's name becomes an escape, as JSON has them.
    file.write_text(text, encoding="utf-8", errors="backslashreplace")


def read_json(file: Path) -> dict[str, Any]:
    """Read what `write_json` wrote; empty if it is not there, or was cut short."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
