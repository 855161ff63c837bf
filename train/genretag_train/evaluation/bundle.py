"""A model as it is bundled: the file, its card, and the list of clips it was measured on."""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

from genretag.inference.statistics import statistics_file
from genretag_train.evaluation.holdout import ClipPrediction

BEGIN = "<!-- measured: written by `genretag train --bundle`, do not edit -->"
END = "<!-- /measured -->"


def write_bundle(
    model: Path, name: str, measurements: str, predictions: Iterable[ClipPrediction], folder: Path
) -> None:
    """Write NAME.onnx, NAME.csv (the predictions) and NAME.md (the card) into `folder`.

    The statistics of its embeddings go with it, where they were measured.

    `measurements` is the Markdown between the two marks of the card; what an existing card says
    outside of them is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bundled = folder / f"{name}.onnx"
    shutil.copyfile(model, bundled)
    if statistics_file(model).exists():
        shutil.copyfile(statistics_file(model), statistics_file(bundled))
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("file", "genre", "predicted", "score", "family", "family_score"))
        for clip in predictions:
            best = (clip.genre, f"{clip.score:.4f}", clip.family, f"{clip.family_score:.4f}")
            writer.writerow((clip.name, clip.truth, *best))
    card = folder / f"{name}.md"
    old = card.read_text(encoding="utf-8") if card.exists() else f"# {name}\n"
    card.write_text(_replace_measurements(old, measurements), encoding="utf-8")


def _replace_measurements(card: str, measurements: str) -> str:
    before, _, rest = card.partition(BEGIN)
    _, _, after = rest.partition(END)
    text = f"{before.rstrip()}\n\n{BEGIN}\n\n{measurements}\n\n{END}\n\n{after.strip()}"
    return text.rstrip() + "\n"
