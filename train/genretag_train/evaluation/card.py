"""The measured part of a trained model's card, as Markdown."""

from collections.abc import Mapping
from typing import Any

from genretag_train.config import TrainConfig
from genretag_train.evaluation import markdown
from genretag_train.evaluation.holdout import HoldoutReport
from genretag_train.progress import describe_counts

_LONG_MINUTES = 120
_ENERGY = {
    "gpu": "by the GPU",
    "processor": "by the processor, with all else that ran on it",
}


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
        markdown.render_section("Time and energy", describe_cost(facts)),
    )
    return "\n\n".join(sections)


def describe_leaks(facts: Mapping[str, Any]) -> str:
    """Say whether artists are kept apart, as far as the data names them.

    `facts` is what `corpus.summarise` returns, or the part of it that a manifest keeps.
    """
    if "leaks" not in facts:
        return "Artists apart: not recorded."
    own, by_clip = facts["leaks"]["own"], facts["leaks"]["stratified"]
    alone, clips = facts["clips_without_group"], sum(facts["clips"].values())
    if own["groups_on_two_sides"]:
        text = (
            f"Artists apart: no. {own['groups_on_two_sides']} artists or other groups are on two "
            f"sides, and {_format_leaked(own)} are by groups that it learned from: the scores are "
            "too high for music by others."
        )
    elif alone == clips:
        return (
            "Artists apart: not known. The data does not say whose the clips are, so each counts "
            "as a group of its own; if an artist has several, the scores are too high and the "
            "intervals too narrow."
        )
    else:
        text = "Artists apart: yes. No artist or other group is on two sides."
    if alone:
        text += f" Of {alone} of the {clips} clips it is not known whose they are."
    if facts.get("moved_from_published_side"):
        published = facts["leaks"]["published"]
        text += (
            f" As published, {published['groups_on_two_sides']} artists or other groups are on "
            f"two sides, and {_format_leaked(published)} are by groups that it learned from; "
            f"{facts['moved_from_published_side']} clips by "
            f"{facts['groups_moved_from_published_side']} of them were moved to where most of "
            "their clips are."
        )
    if by_clip["test_clips_of_train_groups"] > own["test_clips_of_train_groups"]:
        text += (
            f" Split by clip, {_format_leaked(by_clip)} would be by groups that it learned from."
        )
    return text


def _format_leaked(leak: Mapping[str, int]) -> str:
    leaked, clips = leak["test_clips_of_train_groups"], leak["test_clips"]
    return f"{leaked} of {clips} test clips ({leaked / clips:.0%})"


def describe_cost(facts: Mapping[str, Any]) -> str:
    """Say how long training took, on what, and with how much energy if that was measured."""
    if "training_s" not in facts:
        return "Training time and energy: not recorded."
    minutes = facts["training_s"] / 60
    took = f"{minutes / 60:.1f} hours" if minutes >= _LONG_MINUTES else f"{minutes:.1f} minutes"
    text = f"Training took {took}"
    if hardware := facts.get("hardware"):
        gpu = f"{hardware['gpu']}, with " if hardware["gpu"] else ""
        text += f" on {gpu}{hardware['cores']} cores of {hardware['processor']}"
    measured = facts.get("energy_wh", {})
    energy = [
        f"{watt_hours:.3g} Wh {words}"
        for part, words in _ENERGY.items()
        if (watt_hours := measured.get(part)) is not None
    ]
    return f"{text}, without the features. Energy: {' and '.join(energy) or 'not measured'}."


def _data(facts: Mapping[str, Any], config: TrainConfig) -> str:
    rows = [
        (genre, *counts.values(), sum(counts.values())) for genre, counts in facts["genres"].items()
    ]
    totals = list(facts["clips"].values())
    rows.append(("all", *totals, sum(totals)))
    words = f"{config.trained_on} " if config.trained_on else ""
    return markdown.render_section(
        "Data and split",
        f"{words}Split: {config.split}, seed {config.split_seed}; "
        f"{facts['left_out_by_published_split']} clips are left out by a published split. "
        f"Genres dropped for having fewer than {config.min_tracks} clips or "
        f"{config.min_groups} groups: {describe_counts(facts['dropped_genres']) or 'none'}. "
        f"Skipped clips: {sum(facts['skipped'].values())}.",
        describe_leaks(facts),
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


def render_precision(cost: Mapping[str, Any] | None) -> str:
    """Return what a lower precision cost, from `PrecisionCost`; empty if there is none."""
    if not cost or cost["precision"] == "fp32":
        return ""
    return f"""## Precision

Weights in {cost["precision"]}: test accuracy {cost["accuracy"]:.3f}, in fp32
{cost["accuracy_fp32"]:.3f}; macro-F1 {cost["f1_macro"]:.3f}, in fp32 {cost["f1_macro_fp32"]:.3f};
the same best genre for {cost["same_genre"]:.1%} of {cost["clips"]} clips."""
