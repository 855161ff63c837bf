"""The bundled model's papers: the measured part of its card, and the list of held-out clips."""

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genretag_train.config import TrainConfig
from genretag_train.evaluation.holdout import ClipPrediction, HoldoutReport

BEGIN = "<!-- measured: written by `genretag train --bundle`, do not edit -->"
END = "<!-- /measured -->"


def bundled(
    model: Path,
    judgement: HoldoutReport,
    facts: Mapping[str, Any],
    config: TrainConfig,
    folder: Path,
) -> None:
    """Put the model into `folder`: NAME.onnx, the card NAME.md and the held-out clips NAME.csv."""
    put(model, config.name, measured(judgement, facts, config), judgement.verdicts, folder)


def put(
    model: Path, name: str, part: str, verdicts: Iterable[ClipPrediction], folder: Path
) -> None:
    """Put a model into `folder`, with a list of verdicts and the measured part of its card.

    What the card says outside the two marks is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, folder / f"{name}.onnx")
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("file", "genre", "predicted", "score"))
        for verdict in verdicts:
            score = f"{verdict.score:.4f}"
            writer.writerow((verdict.name, verdict.truth, verdict.genre, score))
    card = folder / f"{name}.md"
    old = card.read_text(encoding="utf-8") if card.exists() else f"# {name}\n"
    card.write_text(_replaced(old, part), encoding="utf-8")


def measured(judgement: HoldoutReport, facts: Mapping[str, Any], config: TrainConfig) -> str:
    """The part of the card that comes from numbers, as Markdown."""
    sections = (
        _data(facts, config),
        _scores(judgement),
        _calibration(judgement, config),
        "## Test side by genre\n\n" + by_genre(judgement.test),
        "## Confusion on the test side\n\n" + confusion(judgement.test),
    )
    return "\n\n".join(sections)


def _replaced(old: str, part: str) -> str:
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before.rstrip()}\n\n{BEGIN}\n\n{part}\n\n{END}\n\n{after.strip()}".rstrip() + "\n"


def _data(facts: Mapping[str, Any], config: TrainConfig) -> str:
    rows = [
        (genre, *counts.values(), sum(counts.values())) for genre, counts in facts["genres"].items()
    ]
    totals = list(facts["clips"].values())
    rows.append(("all", *totals, sum(totals)))
    rule = "no artist on two sides" if config.split == "artist" else facts["warning"]
    dropped = ", ".join(f"{genre} ({n})" for genre, n in facts["dropped_genres"].items())
    return "\n\n".join(
        (
            "## Data and split",
            f"{config.trained_on} Split: {config.split} ({rule}), seed {config.split_seed}; "
            f"{facts['left_out_by_published_split']} clips are left out by a published split. "
            f"Genres dropped for having fewer than {config.min_tracks} clips or "
            f"{config.min_groups} groups: {dropped or 'none'}. "
            f"Skipped clips: {sum(facts['skipped'].values())}.",
            table(("clips", "train", "valid", "test", "all"), rows),
        )
    )


def _scores(judgement: HoldoutReport) -> str:
    rows = []
    for side, scores in (("valid", judgement.valid), ("test", judgement.test)):
        rows.append(
            (
                f"{side} ({scores['clips']} clips, {scores['groups']} groups)",
                with_interval(scores, "accuracy"),
                with_interval(scores, "f1_macro"),
                f"{scores['accuracy_top2']:.3f}",
            )
        )
    return "\n\n".join(
        (
            "## Scores",
            "Whole clips as `genretag scan` judges them, by the exported file. In brackets 95% "
            "bootstrap intervals over groups. The valid side chose the epoch, the temperature "
            "and the threshold; the test side chose nothing.",
            table(("", "accuracy", "macro-F1", "top-2 accuracy"), rows),
        )
    )


def with_interval(scores: Mapping[str, Any], name: str) -> str:
    """A score, and in brackets its 95% interval."""
    low, high = scores[f"{name}_95"]
    return f"{scores[name]:.3f} ({low:.3f} to {high:.3f})"


def _calibration(judgement: HoldoutReport, config: TrainConfig) -> str:
    rows = [
        (
            side,
            f"{scores['mean_score']:.3f}",
            f"{scores['ece']:.3f}",
            f"{scores['accepted']['coverage']:.0%}",
            f"{scores['accepted']['precision']:.1%}",
        )
        for side, scores in (("valid", judgement.valid), ("test", judgement.test))
    ]
    return "\n\n".join(
        (
            "## Calibration",
            f"Temperature {judgement.temperature}. Below the threshold {judgement.threshold:.2f} "
            "nothing is written: the lowest at which the valid side reaches a precision of "
            f"{config.target_precision:.0%}, or comes nearest to it.",
            table(("", "mean score", "ECE", "clips above threshold", "of these right"), rows),
        )
    )


def by_genre(scores: Mapping[str, Any]) -> str:
    """Precision, recall, F1 and number of clips of each genre, as Markdown."""
    rows = [
        (genre, *(f"{found[name]:.2f}" for name in ("precision", "recall", "f1")), found["clips"])
        for genre, found in scores["genres"].items()
    ]
    head = ("genre", "precision", "recall", "F1", "clips")
    return table(head, rows)


def confusion(scores: Mapping[str, Any]) -> str:
    """The confusion matrix, as Markdown."""
    genres = list(scores["genres"])
    rows = [(genre, *row) for genre, row in zip(genres, scores["confusion"], strict=True)]
    return "Rows are true genres, columns what the model said.\n\n" + table(("", *genres), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first stand right."""
    lines = [head, ("---",) + ("---:",) * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
