"""The measured part of the card of a model whose head was fitted to pretrained backbones."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from genretag_train.evaluation.card import by_genre, confusion, table, with_interval
from genretag_train.evaluation.holdout import ClipPrediction
from genretag_train.transfer.cross_validation import CALIBRATED_ON, ELSEWHERE
from genretag_train.transfer.head import Fitted

_RULES = {
    "groups": "five folds, no artist in two; GTZAN by its artist-filtered lists",
    "sources": "whole collections left out; GTZAN and `wild` as above",
}


def measured(told: Fitted) -> str:
    """The part of the card that comes from numbers, as Markdown."""
    groups = told.outside["groups"].report
    return "\n\n".join(
        (
            _data(told),
            _scores(told),
            _rivals(told),
            _calibration(told),
            "## By genre\n\nFive folds by artist.\n\n" + by_genre(groups),
            "## Confusion\n\nFive folds by artist. " + confusion(groups),
            _sources(told),
        )
    )


def verdicts(told: Fitted) -> Iterable[ClipPrediction]:
    """What heads that did not hear a clip's fold made of it, also of clips of other genres."""
    outside = told.outside["groups"]
    for one, row in zip(outside.judged, outside.probabilities, strict=True):
        best = int(row.argmax())
        yield ClipPrediction(one.clip.name, one.clip.genre, told.genres[best], float(row[best]))


def _data(told: Fitted) -> str:
    config, clips = told.config, Counter(clip.genre for clip in told.clips)
    groups = Counter(genre for genre, _ in {(clip.genre, clip.group) for clip in told.clips})
    few = ", ".join(f"{genre} ({n})" for genre, n in told.few.items())
    weak = ", ".join(f"{genre} ({f1:.2f})" for genre, f1 in told.weak.items())
    rows = [(genre, clips[genre], groups[genre]) for genre in told.genres]
    known = sum(clips[genre] for genre in told.genres)
    return "\n\n".join(
        (
            "## Data",
            f"{config.trained_on} The head was fitted to {known} clips of the genres below. The "
            f"other {len(told.clips) - known} taught it that there are other genres. Left out for "
            f"having fewer than {config.min_tracks} clips or {config.min_groups} groups: "
            f"{few or 'none'}; for an F1 below {config.min_f1:.2f} on clips that were not "
            f"heard: {weak or 'none'}. Skipped clips: {len(told.skipped)}.",
            table(("genre", "clips", "groups"), rows),
        )
    )


def _scores(told: Fitted) -> str:
    rows = []
    for rule, outside in told.outside.items():
        scores = outside.report
        rows.append(
            (
                f"{_RULES[rule]} ({scores['clips']} clips, {scores['groups']} groups)",
                with_interval(scores, "accuracy"),
                f"{scores['accuracy_top2']:.3f}",
                f"{scores['half']:.3f}",
                with_interval(scores, "f1_macro"),
                f"{scores['ece']:.3f}",
            )
        )
    head = ("", "accuracy", "top-2", "surest half", "macro-F1", "ECE")
    return "\n\n".join(
        (
            "## Scores",
            "Each clip is judged as `genretag scan` judges it, by a head that was fitted without "
            "its fold, at a temperature that was fitted without it too. In brackets 95% bootstrap "
            "intervals over groups.",
            table(head, rows),
        )
    )


def _rivals(told: Fitted) -> str:
    clips = next(iter(told.rivals.values()))["clips"]
    rows = [
        (name, with_interval(scores, "accuracy"), with_interval(scores, "f1_macro"))
        for name, scores in told.rivals.items()
    ]
    return "\n\n".join(
        (
            "## Beside others",
            f"On {clips} clips that none of them heard, under the genres that all of them know "
            "(Metal counts as Rock, and so on).",
            table(("", "accuracy", "macro-F1"), rows),
        )
    )


def _calibration(told: Fitted) -> str:
    groups = told.outside["groups"]
    report = groups.report
    chosen, accepted, others = report["chosen"], report["accepted"], report["others"]
    rows = [
        (f"{row['coverage']:.0%}", f"{row['threshold']:.2f}", f"{row['precision']:.1%}")
        for row in report["coverage"]
    ]
    bins = [
        (f"{row['from']:.1f}", row["clips"], f"{row['score']:.2f}", f"{row['right']:.2f}")
        for row in report["reliability"]
    ]
    return "\n\n".join(
        (
            "## Calibration, and when it says unsure",
            f"Temperature and threshold were chosen on {_part(told)}: {accepted['clips']} clips by "
            f"{accepted['groups']} artists. Of these clips {others['clips']} are of genres that it "
            "does not know, so whatever is written into them counts as wrong.",
            f"Temperature {groups.temperature}. Below the threshold {groups.threshold:.2f} nothing "
            "is written: the lowest at which surely "
            f"{told.config.target_precision:.0%} of what passes is right, or which comes nearest "
            f"to it. It lets {_passing(chosen)}. Thresholds that were chosen "
            f"on the other folds let {_passing(accepted)}: that is what the model "
            "promises. In brackets 95% intervals: the wider one of a bootstrap over artists, as "
            "clips of one artist are alike, and of Wilson's, as few clips may be right by luck.",
            f"Of the clips of its genres {report['known']['coverage']:.0%} passed, "
            f"{report['known']['precision']:.1%} of them right; of the others "
            f"{others['coverage']:.0%}.",
            "Of all these clips:",
            table(("surest", "score at least", "of these right"), rows),
            "Score by score, how often it was right about clips of its genres:",
            table(("scores from", "clips", "mean score", "right"), bins),
            "`genretag inspect --set P` names genres that hold the true one with probability P. "
            + " ".join(
                f"Sets of {percent}% held it in {found['holds']:.1%} of the clips of its genres "
                f"and had {found['genres']:.1f} genres."
                for percent, found in report["sets"].items()
            ),
        )
    )


def _part(told: Fitted) -> str:
    on = [f"`{source}`" for source in told.config.calibrate_on]
    return "the sources " + ", ".join(on) if on else "all sources"


def _passing(found: Mapping[str, Any]) -> str:
    """Return what passed a threshold, and how much of it is right, with their intervals."""
    return (
        f"{_share(found, 'coverage')} of the clips through, and {_share(found, 'precision')} of "
        "these are right"
    )


def _share(found: Mapping[str, Any], name: str) -> str:
    low, high = found[f"{name}_95"]
    return f"{found[name]:.1%} ({low:.1%} to {high:.1%})"


def _sources(told: Fitted) -> str:
    judged, left_out = (told.outside[rule].report["sources"] for rule in ("groups", "sources"))
    names = {CALIBRATED_ON: "those that it was calibrated on", ELSEWHERE: "the others"}
    rows = []
    for source, found in judged.items():
        written = found["written"]
        scores = (
            f"{found['accuracy']:.2f}",
            f"{found['accuracy_top2']:.2f}",
            f"{found['ece']:.2f}",
            f"{left_out[source]['accuracy']:.2f}",
        )
        rows.append(
            (
                names.get(source, source),
                found["clips"],
                *(scores if found["clips"] else [""] * len(scores)),
                written["clips"],
                f"{written['coverage']:.0%}",
                f"{written['precision']:.0%}" if written["coverage"] else "",
            )
        )
    head = (
        "source", "clips of its genres", "accuracy", "top-2", "ECE", "accuracy, source left out",
        "all clips", "of these written", "of these right",
    )  # fmt: skip
    return "## By source\n\nFive folds by artist, thresholds of the other folds.\n\n" + table(
        head, rows
    )
