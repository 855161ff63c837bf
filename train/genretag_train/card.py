"""The bundled model's papers: the measured part of its card, and the list of held-out clips."""

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genretag_train.config import TrainConfig
from genretag_train.judging import Judgement

CARD, HELD_OUT = "README.md", "held_out.csv"
BEGIN = "<!-- measured: written by `genretag train --bundle`, do not edit -->"
END = "<!-- /measured -->"


def bundled(
    model: Path, judgement: Judgement, facts: Mapping[str, Any], config: TrainConfig, folder: Path
) -> None:
    """Put the model into `folder`, with its held-out clips and the measured part of its card.

    What the card says outside the two marks is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{config.name}.onnx"
    shutil.copyfile(model, file)
    with (folder / HELD_OUT).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("file", "genre", "predicted", "score"))
        for verdict in judgement.verdicts:
            score = f"{verdict.score:.4f}"
            writer.writerow((verdict.name, verdict.truth, verdict.genre, score))
    card = folder / CARD
    old = card.read_text(encoding="utf-8") if card.exists() else f"# {config.name}\n"
    card.write_text(_replaced(old, measured(judgement, facts, config)), encoding="utf-8")


def measured(judgement: Judgement, facts: Mapping[str, Any], config: TrainConfig) -> str:
    """The part of the card that comes from numbers, as Markdown."""
    sections = (
        _data(facts, config),
        _scores(judgement),
        _calibration(judgement, config),
        _genres(judgement.test),
        _confusion(judgement.test),
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
            _table(("clips", "train", "valid", "test", "all"), rows),
        )
    )


def _scores(judgement: Judgement) -> str:
    rows = []
    for side, scores in (("valid", judgement.valid), ("test", judgement.test)):
        rows.append(
            (
                f"{side} ({scores['clips']} clips, {scores['groups']} groups)",
                _with_interval(scores, "accuracy"),
                _with_interval(scores, "f1_macro"),
                f"{scores['accuracy_top2']:.3f}",
            )
        )
    return "\n\n".join(
        (
            "## Scores",
            "Whole clips as `genretag scan` judges them, by the exported file. In brackets 95% "
            "bootstrap intervals over groups. The valid side chose the epoch, the temperature "
            "and the threshold; the test side chose nothing.",
            _table(("", "accuracy", "macro-F1", "top-2 accuracy"), rows),
        )
    )


def _with_interval(scores: Mapping[str, Any], name: str) -> str:
    low, high = scores[f"{name}_95"]
    return f"{scores[name]:.3f} ({low:.3f} to {high:.3f})"


def _calibration(judgement: Judgement, config: TrainConfig) -> str:
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
            _table(("", "mean score", "ECE", "clips above threshold", "of these right"), rows),
        )
    )


def _genres(scores: Mapping[str, Any]) -> str:
    rows = [
        (genre, *(f"{found[name]:.2f}" for name in ("precision", "recall", "f1")), found["clips"])
        for genre, found in scores["genres"].items()
    ]
    head = ("genre", "precision", "recall", "F1", "clips")
    return "## Test side by genre\n\n" + _table(head, rows)


def _confusion(scores: Mapping[str, Any]) -> str:
    genres = list(scores["genres"])
    rows = [(genre, *row) for genre, row in zip(genres, scores["confusion"], strict=True)]
    text = "Rows are true genres, columns what the model said."
    return f"## Confusion on the test side\n\n{text}\n\n" + _table(("", *genres), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ("---",) + ("---:",) * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
