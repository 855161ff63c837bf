"""A model as it is bundled: the file, its card, and the list of clips it was measured on."""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

from genretag.errors import Code, UsageError
from genretag.inference import store
from genretag.inference.statistics import statistics_file
from genretag_train.evaluation.holdout import ClipPrediction
from genretag_train.evaluation.predictions import TEXT
from genretag_train.evaluation.prose import render_beginning
from genretag_train.nets.onnx_export import read_manifest

BEGIN = "<!-- measured: written by `genretag train --bundle`, do not edit -->"
END = "<!-- /measured -->"


def check_bundle_name(name: str) -> None:
    """Refuse the name of a model that cannot be that of a file; UsageError `bad-config`."""
    if not store.is_model_name(name):
        raise UsageError(
            Code.BAD_CONFIG,
            f"Training setting 'name': {name!r} cannot be the name of a model's file",
            "It may have up to 64 letters, digits, dots, dashes and underscores.",
        )


def write_bundle(
    model: Path,
    measurements: str,
    predictions: Iterable[ClipPrediction],
    folder: Path,
    notices: Iterable[Path] = (),
) -> Path:
    """Write what a wheel's folder of models holds of one; return the model there.

    NAME.onnx, NAME.csv (the predictions), NAME.md (the card), the statistics of its embeddings
    where they were measured, and `notices`, which the licences of others' weights ask for.

    `measurements` is the Markdown between the two marks of the card; what an existing card says
    outside of them is kept, and a new one says there what the model is for.
    """
    manifest = read_manifest(model)
    check_bundle_name(manifest.name)
    folder.mkdir(parents=True, exist_ok=True)
    bundled = folder / f"{manifest.name}.onnx"
    copies = {model: bundled, statistics_file(model): statistics_file(bundled)}
    copies |= {notice: folder / notice.name for notice in notices}
    for source, target in copies.items():
        if source.exists() and not (target.exists() and source.samefile(target)):
            shutil.copyfile(source, target)
    with bundled.with_suffix(".csv").open("w", **TEXT) as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("file", "genre", "predicted", "score", "family", "family_score"))
        for clip in predictions:
            best = (clip.genre, f"{clip.score:.4f}", clip.family, f"{clip.family_score:.4f}")
            writer.writerow((clip.name, clip.truth, *best))
    card = bundled.with_suffix(".md")
    old = card.read_text(encoding="utf-8") if card.exists() else render_beginning(manifest)
    card.write_text(_replace_measurements(old, measurements), encoding="utf-8")
    return bundled


def _replace_measurements(card: str, measurements: str) -> str:
    before, _, rest = card.partition(BEGIN)
    _, _, after = rest.partition(END)
    text = f"{before.rstrip()}\n\n{BEGIN}\n\n{measurements}\n\n{END}\n\n{after.strip()}"
    return text.rstrip() + "\n"
