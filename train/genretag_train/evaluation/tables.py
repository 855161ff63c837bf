"""The tables in which a terminal shows what `evaluate_model` computes."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table

from genretag_train.progress import describe_counts

LEVELS = ("track", "window")
_INTERVALS = {"accuracy": "accuracy", "f1_weighted": "F1 weighted", "f1_macro": "F1 macro"}
_PLAIN = {
    "accuracy_top2": "top-2 accuracy",
    "log_loss": "log loss",
    "mean_score": "mean score",
    "ece": "ECE",
}


def render_evaluation(evaluation: Mapping[str, Any]) -> Group:
    """Return summary, genres and confusions of an evaluation, one below the other.

    `evaluation` is what `evaluate_model` returns and, as `side`, which clips it was given.
    """
    counts = ("{model}, side {side}: {clips} clips, {windows} windows, {groups} groups").format_map(
        evaluation
    )
    if evaluation["skipped"]:
        counts += f"; skipped: {describe_counts(evaluation['skipped'])}"
    if evaluation["dropped_genres"]:
        counts += f"; genres left out: {describe_counts(evaluation['dropped_genres'])}"
    tracks = evaluation["track"]
    return Group(
        counts, "", _render_summary([evaluation[level] for level in LEVELS]), "",
        _render_genres(tracks), "",
        "Of the tracks of a genre (rows), % that are taken for each", _render_confusion(tracks),
    )  # fmt: skip


def _render_summary(levels: list[Mapping[str, Any]]) -> Table:
    table = _new_table("")
    for level in LEVELS:
        table.add_column(f"by {level}", justify="right", no_wrap=True)
        table.add_column("95%", style="dim", no_wrap=True)
    for name, label in _INTERVALS.items():
        cells = []
        for metrics in levels:
            low, high = metrics[f"{name}_95"]
            cells += [f"{metrics[name]:.3f}", f"{low:.3f} to {high:.3f}"]
        table.add_row(label, *cells)
    for name, label in _PLAIN.items():
        table.add_row(label, *(cell for level in levels for cell in (f"{level[name]:.3f}", "")))
    accepted = [level["accepted"] for level in levels]
    threshold = f"{accepted[0]['threshold']:.2f}"
    for name, label in (("coverage", f"score >= {threshold}"), ("precision", "of these right")):
        table.add_row(label, *(cell for share in accepted for cell in (f"{share[name]:.1%}", "")))
    return table


def _render_genres(metrics: Mapping[str, Any]) -> Table:
    table = _new_table("genre (tracks)")
    for name in ("precision", "recall", "F1", "support"):
        table.add_column(name, justify="right")
    for genre, score in metrics["genres"].items():
        numbers = (f"{score[name]:.2f}" for name in ("precision", "recall", "f1"))
        table.add_row(genre, *numbers, str(score["clips"]))
    return table


def _render_confusion(metrics: Mapping[str, Any]) -> Table:
    table = _new_table("", space=1)
    for number in range(1, 1 + len(metrics["genres"])):
        table.add_column(str(number), justify="right", min_width=3)
    rows = zip(metrics["genres"], metrics["confusion_rows"], strict=True)
    for index, (genre, row) in enumerate(rows):
        cells = [f"{share:.0%}".rstrip("%") if share else "." for share in row]
        cells[index] = f"[bold]{cells[index]}[/]"
        table.add_row(f"{index + 1:>2} {genre}", *cells)
    return table


def _new_table(first: str, space: int = 2) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, space, 0, 0))
    table.add_column(first, no_wrap=True)
    return table
