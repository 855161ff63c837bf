"""The predictions of a run for its test side, as `predictions.csv` keeps them."""

import csv
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from genretag.errors import Code, RunError
from genretag_train.evaluation.holdout import ClipPrediction

_COLUMNS = ("file", "group", "genre", "predicted", "score")
TEXT: Mapping[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
"""Options with which a CSV file is opened: names of files may hold any bytes."""


def write_predictions(predictions: Iterable[ClipPrediction], file: Path) -> None:
    """Write a row for each clip: its file, group and genre, and what was predicted."""
    with file.open("w", **TEXT) as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for clip in predictions:
            writer.writerow((clip.name, clip.group, clip.truth, clip.genre, f"{clip.score:.4f}"))


def read_predictions(file: Path, genres: Collection[str]) -> list[ClipPrediction]:
    """Read what `write_predictions` wrote; RunError `bad-dataset` if it is damaged.

    It is, too, if it holds another genre than those of `genres`, or no clip at all.
    """
    try:
        with file.open(**TEXT) as lines:
            rows = [[row[name] for name in _COLUMNS] for row in csv.DictReader(lines)]
        found = [
            ClipPrediction(name, group, truth, *(genre, float(score)) * 2)
            for name, group, truth, genre, score in rows
        ]
        if not found or not {g for clip in found for g in (clip.truth, clip.genre)} <= {*genres}:
            raise ValueError("these are not the predictions of the run")
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise RunError(
            Code.BAD_DATASET,
            f"{file}: the predictions of the run cannot be read",
            "Remove the run's folder, and train it anew.",
        ) from error
    return found
