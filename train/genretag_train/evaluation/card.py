"""The measured part of a trained model's card, as Markdown."""

from collections.abc import Mapping
from typing import Any

from genretag_train.config import TrainConfig
from genretag_train.evaluation import markdown
from genretag_train.evaluation.holdout import HoldoutReport


def render_measurements(
    report: HoldoutReport, facts: Mapping[str, Any], config: TrainConfig
) -> str:
    """Return data, scores, calibration and confusions as sections of Markdown.

    `facts` is what `corpus.summarise` returns.
    """
    sections = (
        _data(facts, config),
        _scores(report),
        _calibration(report, config),
        markdown.render_section("Test side by genre", markdown.render_genres(report.test)),
        markdown.render_section(
            "Confusion on the test side", markdown.render_confusion(report.test)
        ),
    )
    return "\n\n".join(sections)


def _data(facts: Mapping[str, Any], config: TrainConfig) -> str:
    rows = [
        (genre, *counts.values(), sum(counts.values())) for genre, counts in facts["genres"].items()
    ]
    totals = list(facts["clips"].values())
    rows.append(("all", *totals, sum(totals)))
    rule = "no artist on two sides" if config.split == "artist" else facts["warning"]
    dropped = ", ".join(f"{genre} ({n})" for genre, n in facts["dropped_genres"].items())
    return markdown.render_section(
        "Data and split",
        f"{config.trained_on} Split: {config.split} ({rule}), seed {config.split_seed}; "
        f"{facts['left_out_by_published_split']} clips are left out by a published split. "
        f"Genres dropped for having fewer than {config.min_tracks} clips or "
        f"{config.min_groups} groups: {dropped or 'none'}. "
        f"Skipped clips: {sum(facts['skipped'].values())}.",
        markdown.render_table(("clips", "train", "valid", "test", "all"), rows),
    )


def _scores(report: HoldoutReport) -> str:
    rows = [
        (
            f"{side} ({metrics['clips']} clips, {metrics['groups']} groups)",
            markdown.format_interval(metrics, "accuracy"),
            markdown.format_interval(metrics, "f1_macro"),
            f"{metrics['accuracy_top2']:.3f}",
        )
        for side, metrics in report.sides.items()
    ]
    return markdown.render_section(
        "Scores",
        "Whole clips as `genretag scan` judges them, by the exported file. In brackets 95% "
        "bootstrap intervals over groups. The valid side chose the epoch, the temperature "
        "and the threshold; the test side chose nothing.",
        markdown.render_table(("", "accuracy", "macro-F1", "top-2 accuracy"), rows),
    )


def _calibration(report: HoldoutReport, config: TrainConfig) -> str:
    rows = [
        (
            side,
            f"{metrics['mean_score']:.3f}",
            f"{metrics['ece']:.3f}",
            f"{metrics['accepted']['coverage']:.0%}",
            f"{metrics['accepted']['precision']:.1%}",
        )
        for side, metrics in report.sides.items()
    ]
    return markdown.render_section(
        "Calibration",
        f"Temperature {report.temperature}. Below the threshold {report.threshold:.2f} "
        "nothing is written: the lowest at which the valid side reaches a precision of "
        f"{config.target_precision:.0%}, or comes nearest to it.",
        markdown.render_table(
            ("", "mean score", "ECE", "clips above threshold", "of these right"), rows
        ),
    )
