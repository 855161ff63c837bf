"""The measured part of the card of a model whose head was fitted to pretrained backbones."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from genretag.domain.genre import GenreVocabulary
from genretag_train.evaluation import markdown
from genretag_train.transfer.fitted_head import FittedHead
from genretag_train.transfer.unit_card import render_units
from genretag_train.transfer.validation_report import CALIBRATED_ON, ELSEWHERE

_FOLDS = {
    "groups": "five folds, no artist in two; GTZAN by its artist-filtered lists",
    "sources": "whole collections left out; GTZAN and `wild` as above",
}


def render_measurements(fitted: FittedHead) -> str:
    """Return data, scores, baselines, calibration and confusions as sections of Markdown."""
    groups = fitted.validations["groups"].report
    return "\n\n".join(
        (
            _data(fitted),
            _scores(fitted),
            _baselines(fitted),
            _calibration(fitted),
            *([render_units(fitted.units, fitted.config.target_precision)] if fitted.units else []),
            markdown.render_section(
                "By genre", "Five folds by artist.", markdown.render_genres(groups)
            ),
            markdown.render_section(
                "Confusion", "Five folds by artist. " + markdown.render_confusion(groups)
            ),
            _sources(fitted),
        )
    )


def _data(fitted: FittedHead) -> str:
    config, clips = fitted.config, Counter(clip.genre for clip in fitted.clips)
    groups = Counter(genre for genre, _ in {(clip.genre, clip.group) for clip in fitted.clips})
    few = ", ".join(f"{genre} ({n})" for genre, n in fitted.few.items())
    weak = ", ".join(f"{genre} ({f1:.2f})" for genre, f1 in fitted.weak.items())
    rows = [(genre, clips[genre], groups[genre]) for genre in fitted.genres]
    known = sum(clips[genre] for genre in fitted.genres)
    return markdown.render_section(
        "Data",
        f"{config.trained_on} The head was fitted to {known} clips of the genres below. The "
        f"other {len(fitted.clips) - known} taught it that there are other genres. Left out for "
        f"having fewer than {config.min_tracks} clips or {config.min_groups} groups: "
        f"{few or 'none'}; for an F1 below {config.min_f1:.2f} on clips that were not "
        f"heard: {weak or 'none'}; on purpose: {', '.join(config.unnamed) or 'none'}. "
        f"Skipped clips: {len(fitted.skipped)}.",
        markdown.render_table(("genre", "clips", "groups"), rows),
        *_families(fitted),
    )


def _families(fitted: FittedHead) -> Iterator[str]:
    families = GenreVocabulary(fitted.genres, fitted.parents).families
    if families:
        named = "; ".join(f"{family.name}: {', '.join(family.genres)}" for family in families)
        yield (
            "Families, whose names are written where none of their genres is sure enough and "
            f"their sum is, and are right for each of them: {named}."
        )


def _scores(fitted: FittedHead) -> str:
    reports = {name: validation.report for name, validation in fitted.validations.items()}
    rows = [
        (
            f"{_FOLDS[name]} ({report['clips']} clips, {report['groups']} groups)",
            markdown.format_interval(report, "accuracy"),
            f"{report['accuracy_top2']:.3f}",
            f"{report['half']:.3f}",
            markdown.format_interval(report, "f1_macro"),
            f"{report['ece']:.3f}",
        )
        for name, report in reports.items()
    ]
    return markdown.render_section(
        "Scores",
        "Each clip is judged as `genretag scan` judges it, by a head that was fitted without "
        "its fold, at a temperature that was fitted without it too. In brackets 95% bootstrap "
        "intervals over groups.",
        markdown.render_table(("", "accuracy", "top-2", "surest half", "macro-F1", "ECE"), rows),
    )


def _baselines(fitted: FittedHead) -> str:
    clips = next(iter(fitted.baselines.values()))["clips"]
    rows = [
        (
            name,
            markdown.format_interval(scores, "accuracy"),
            markdown.format_interval(scores, "f1_macro"),
        )
        for name, scores in fitted.baselines.items()
    ]
    return markdown.render_section(
        "Beside others",
        f"On the {clips} clips of its genres that it was calibrated on, none of which the heads "
        "that are judged heard, under the labels of the data (Metal counts as Rock, and so on).",
        markdown.render_table(("", "accuracy", "macro-F1"), rows),
    )


def _calibration(fitted: FittedHead) -> str:
    groups = fitted.validations["groups"]
    report, sources = groups.report, fitted.config.calibrate_on
    chosen, accepted, others = report["chosen"], report["accepted"], report["others"]
    named = ", ".join(f"`{source}`" for source in sources)
    return markdown.render_section(
        "Calibration, and when it says unsure",
        "Temperature and threshold were chosen on "
        f"{f'the sources {named}' if sources else 'all sources'}: {accepted['clips']} clips by "
        f"{accepted['groups']} artists. Of these clips {others['clips']} are of genres that it "
        "does not know, so whatever is written into them counts as wrong.",
        f"Temperature {groups.temperature}. Below the threshold {groups.threshold:.2f} nothing "
        "is written: the lowest at which surely "
        f"{fitted.config.target_precision:.0%} of what passes is right, or which comes nearest "
        f"to it. It lets {markdown.describe_written(chosen)}. Thresholds that were chosen "
        f"on the other folds let {markdown.describe_written(accepted)}: that is what the model "
        "promises. In brackets 95% intervals: the wider one of a bootstrap over artists, as "
        "clips of one artist are alike, and of Wilson's, as few clips may be right by luck.",
        f"Of the clips of its genres {report['known']['coverage']:.0%} passed, "
        f"{report['known']['precision']:.1%} of them right; of the others "
        f"{others['coverage']:.0%}.",
        *_calibration_tables(report),
        "`genretag inspect --set P` names genres that hold the true one with probability P. "
        + " ".join(
            f"Sets of {percent}% held it in {share['holds']:.1%} of the clips of its genres "
            f"and had {share['genres']:.1f} genres."
            for percent, share in report["sets"].items()
        ),
    )


def _calibration_tables(report: Mapping[str, Any]) -> tuple[str, ...]:
    shares = [
        (f"{row['coverage']:.0%}", f"{row['threshold']:.2f}", f"{row['precision']:.1%}")
        for row in report["coverage"]
    ]
    bins = [
        (f"{row['from']:.1f}", row["clips"], f"{row['score']:.2f}", f"{row['right']:.2f}")
        for row in report["reliability"]
    ]
    return (
        "Of all these clips:",
        markdown.render_table(("surest", "score at least", "of these right"), shares),
        "Score by score, how often it was right about clips of its genres:",
        markdown.render_table(("scores from", "clips", "mean score", "right"), bins),
    )


def _sources(fitted: FittedHead) -> str:
    make_group_folds, left_out = (fitted.validations[name].report["sources"] for name in _FOLDS)
    names = {CALIBRATED_ON: "those that it was calibrated on", ELSEWHERE: "the others"}
    rows = []
    for source, report in make_group_folds.items():
        written = report["written"]
        scores = [f"{report[name]:.2f}" for name in ("accuracy", "accuracy_top2", "ece")]
        scores.append(f"{left_out[source]['accuracy']:.2f}")
        rows.append(
            (
                names.get(source, source),
                report["clips"],
                *(scores if report["clips"] else [""] * len(scores)),
                written["clips"],
                f"{written['coverage']:.0%}",
                f"{written['precision']:.0%}" if written["coverage"] else "",
            )
        )
    head = (
        "source", "clips of its genres", "accuracy", "top-2", "ECE", "accuracy, source left out",
        "all clips", "of these written", "of these right",
    )  # fmt: skip
    note = "Five folds by artist, thresholds of the other folds."
    return markdown.render_section("By source", note, markdown.render_table(head, rows))
