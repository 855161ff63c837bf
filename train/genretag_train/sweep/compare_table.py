"""A comparison of recipes as a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from genretag_train.evaluation.card import describe_leaks

SCORES_IN_WORDS = {
    "accuracy": "accuracy",
    "f1_weighted": "F1 weighted",
    "f1_macro": "F1 macro",
    "recall_rare": "recall rare",
    "recall_frequent": "recall other",
}
_DIFFERENCES = ("accuracy", "f1_macro")


def make_tables(summary: Mapping[str, Any]) -> Group:
    """Return the tables of a summary by `compare_recipes`."""
    corpus, seeds = summary["corpus"], ", ".join(map(str, summary["seeds"]))
    skipped = ", ".join(f"{count} {reason}" for reason, count in corpus["skipped"].items())
    head = f"{summary['clips']} test clips of {summary['groups']} groups, "
    return Group(
        f"{head}{len(summary['genres'])} genres, split '{summary['split']}', seeds {seeds}. "
        "Scores in %, their 95% intervals (a bootstrap over groups) in brackets.",
        describe_leaks(corpus),
        f"Skipped clips: {skipped or 'none'}.",
        "",
        _make_scores(summary["rows"]),
        "",
        "'recall rare' is the mean recall of the rarer half of the genres, 'recall other' that of "
        "the rest.",
        "",
        "Differences in points; * differs surely (the 95% interval of the paired bootstrap, in "
        "brackets, leaves 0 out)",
        _make_differences(summary),
    )


def make_protocol_tables(summary: Mapping[str, Any]) -> Group:
    """Return the tables of a summary by `run_protocol`, task by task."""
    parts: list[RenderableType] = [
        f"Protocol {summary['protocol']}. What was published is of twelve genres and of a split by "
        "clip, which leaks: with artists apart lower scores are to be expected."
    ]
    for task, of_task in summary["tasks"].items():
        parts += ["", Text(task, "bold"), make_tables(of_task)]
    return Group(*parts)


def _make_scores(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a line for each score of each recipe, so that intervals fit a terminal."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    is_published = any(row["published"] for row in rows)
    for words in ("recipe", "", *(["published"] if is_published else []), "measured"):
        right = words in ("published", "measured")
        table.add_column(words, no_wrap=True, justify="right" if right else "left")
    for words in ("valid\naccuracy", "minutes\na run"):
        table.add_column(words, justify="right")
    for row in rows:
        of_run = (_percent(row["valid_accuracy"]), f"{row['training_s'] / 60:.1f}")
        for name, words in SCORES_IN_WORDS.items():
            is_first = name == next(iter(SCORES_IN_WORDS))
            low, high = map(_percent, row[f"{name}_95"])
            known = row["published"] or {}
            published = _percent(known[name], 2) if name in known else ""
            table.add_row(
                row["recipe"] if is_first else "",
                words,
                *([published] if is_published else []),
                f"{_percent(row[name])} \\[{low}, {high}]",
                *(of_run if is_first else ("", "")),
            )
    return table


def _make_differences(summary: Mapping[str, Any]) -> Table:
    """Return a line for each pair of recipes, in points."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("first less second")
    for name in _DIFFERENCES:
        table.add_column(SCORES_IN_WORDS[name], justify="right", no_wrap=True)
    for pair in summary["differences"]:
        cells = (_points(pair[name], pair[f"{name}_95"]) for name in _DIFFERENCES)
        table.add_row(" less ".join(pair["recipes"]), *cells)
    return table


def _points(difference: float, interval: Sequence[float]) -> str:
    low, high = interval
    mark = "*" if low > 0 or high < 0 else " "
    return f"{100 * difference:+.1f} \\[{100 * low:+.1f}, {100 * high:+.1f}]{mark}"


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"
