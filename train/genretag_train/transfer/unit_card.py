"""The part of a model's card that says what deciding by album and artist is worth."""

from collections.abc import Iterable, Mapping
from typing import Any

from genretag_train.evaluation import markdown
from genretag_train.transfer.fit_pooling import MOST_LOST


def render_units(report: Mapping[str, Any], precision: float) -> str:
    """Return the section on units from what `report_units` measured.

    `precision` is what the threshold was chosen to reach.
    """
    sizes = {name: row for name, row in report["sizes"].items() if row["known"]}
    return markdown.render_section(
        "By album and artist",
        _describe_model(report),
        _describe_threshold(report, precision),
        "Each row has the same clips twice, alone and with the other clips of their artist. "
        "Accuracy and top-2 are those of clips of its genres, of the best genre of each clip; in "
        "the ECE and in what is written clips of other genres count as wrong.",
        _render_scores(sizes),
        "The largest share of the clips that can be written so that a given share of it is right; "
        f"{_last_precision(report):.1%} is what the threshold for single tracks promises:",
        _render_coverage(sizes),
        "Clips of many artists, dealt at random: as files in one folder, and as if tags said that "
        "they are one album. Tags that are wrong cost that much:",
        _render_folders(report["folders"]),
        "Where a person gave some tracks of an artist the true genre, what is written into the "
        "others; a genre that the model does not know goes on where half of them or more have it:",
        _render_votes(report["votes"]),
    )


def _describe_model(report: Mapping[str, Any]) -> str:
    fitted, everything = report["parameters"], report["sizes"]["all"]
    return (
        "Tracks that belong together, an album or the songs of an artist, are taken to have one "
        f"genre with the probability {fitted['coherent']} (tags say so) or "
        f"{fitted['coherent_folder']} (they lie in one folder) before anything is heard. In such "
        f"a unit a track has the common genre with the probability {fitted['agreement']}. The "
        f"scores of a track say nothing with the probability {fitted['outlier']}, and tracks of "
        "one artist are wrong in the same way, so what is left is tempered by the power "
        f"{fitted['weight']} / (1 + {fitted['correlation']} (n - 1)) of n tracks, by the design "
        "effect (Kish, 1965), as in a fractional posterior (Grünwald and van Ommen, 2017). A "
        "genre that a person gave is the unit's with the "
        f"probability {fitted['vote']}. The rest of a track's score comes from itself. These "
        f"numbers were fitted to {everything['units']} artists with {everything['clips']} clips, "
        "scored by heads that did not hear them, by log loss; the probability for folders is the "
        f"largest with which folders of many artists lose at most {100 * MOST_LOST} points of "
        "accuracy, and that for a person's genre comes from how often labels agree. The form of "
        "the model was chosen on the same artists, so what follows may be a bit too good."
    )


def _describe_threshold(report: Mapping[str, Any], precision: float) -> str:
    chosen, written = report["chosen"], report["sizes"]["all"]["pooled"]["written"]
    return (
        "The score of a unit is the mean of its tracks'. If its best reaches "
        f"{chosen['threshold']:.2f}, its genre is written into all of them, but for a track whose "
        f"own sound reaches {report['parameters']['apart']:.2f} for another genre; otherwise "
        "nothing is written. That is the lowest "
        f"threshold at which surely {precision:.0%} is right, or which comes nearest to it: it "
        f"lets {markdown.describe_written(chosen)}. Numbers that were fitted to the other folds, "
        f"thresholds too, let {markdown.describe_written(written)}. Whole artists are right or "
        "wrong, so this is "
        "less sure than for single tracks."
    )


def _render_scores(sizes: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (
            f"{name} tracks ({row['units']} artists, {row['clips']} clips), {way}",
            markdown.format_interval(row[way], "accuracy"),
            f"{row[way]['accuracy_top2']:.3f}",
            f"{row[way]['ece']:.3f}",
            f"{row[way]['written']['coverage']:.0%}",
            f"{row[way]['written']['precision']:.1%}",
        )
        for name, row in sizes.items()
        for way in ("alone", "pooled")
    ]
    head = ("units of", "accuracy", "top-2", "ECE", "written", "of these right")
    gains = (
        f"{100 * row['gain']:+.1f} points for {name} ({100 * low:+.1f} to {100 * high:+.1f})"
        for name, row in sizes.items()
        for low, high in [row["gain_95"]]
    )
    return f"{markdown.render_table(head, rows)}\n\nChange in accuracy: {', '.join(gains)}."


def _render_coverage(sizes: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (
            f"{name} tracks, {share['precision']:.1%} right",
            f"{share['alone']:.1%}",
            f"{share['pooled']:.1%}",
            f"{share['ratio']:.2f}" if share["ratio"] is not None else "",
        )
        for name, row in sizes.items()
        for share in row["at_precision"]
    ]
    return markdown.render_table(("units of", "alone", "pooled", "times as much"), rows)


def _last_precision(report: Mapping[str, Any]) -> float:
    precision: float = report["sizes"]["all"]["at_precision"][-1]["precision"]
    return precision


def _render_folders(folders: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            f"{'tagged as one album' if row['is_tagged'] else 'one folder'}, "
            f"{row['size'] or 'as many as an artist has'} clips",
            f"{row['alone']:.3f}",
            f"{row['pooled']:.3f}",
            f"{100 * (row['pooled'] - row['alone']):+.1f}",
        )
        for row in folders
    ]
    return markdown.render_table(("", "alone", "pooled", "change in points"), rows)


def _render_votes(votes: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (
            name,
            row["groups"],
            markdown.format_share(row, "coverage"),
            markdown.format_share(row, "precision"),
        )
        for name, row in votes.items()
    ]
    return markdown.render_table(("tracks with a genre", "artists", "written", "right"), rows)
