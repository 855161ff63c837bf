"""Markdown for model cards: tables, and scores with their intervals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def render_section(title: str, *paragraphs: str) -> str:
    """Return a heading of the second level and paragraphs below it."""
    return "\n\n".join((f"## {title}", *paragraphs))


def render_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table with all columns but the first aligned right.

    >>> print(render_table(("genre", "clips"), [("Jazz", 3)]))
    | genre | clips |
    | --- | ---: |
    | Jazz | 3 |
    """
    lines = [head, ("---",) + ("---:",) * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def format_interval(scores: Mapping[str, Any], name: str) -> str:
    """Return a score in [0, 1], and in brackets its 95% interval `NAME_95`.

    >>> format_interval({"accuracy": 0.5, "accuracy_95": (0.4, 0.6)}, "accuracy")
    '0.500 (0.400 to 0.600)'
    """
    low, high = scores[f"{name}_95"]
    return f"{scores[name]:.3f} ({low:.3f} to {high:.3f})"


def format_share(shares: Mapping[str, Any], name: str) -> str:
    """Return a share in [0, 1] as a percentage, and in brackets its 95% interval `NAME_95`.

    >>> format_share({"coverage": 0.5, "coverage_95": (0.4, 0.6)}, "coverage")
    '50.0% (40.0% to 60.0%)'
    """
    low, high = shares[f"{name}_95"]
    return f"{shares[name]:.1%} ({low:.1%} to {high:.1%})"


def describe_written(written: Mapping[str, Any]) -> str:
    """Return what a threshold lets through, from `measure_accepted`, as a part of a sentence."""
    coverage, precision = (format_share(written, name) for name in ("coverage", "precision"))
    return f"{coverage} of the clips through, and {precision} of these are right"


def render_genres(metrics: Mapping[str, Any]) -> str:
    """Return precision, recall, F1 and number of clips of each genre of `compute_metrics`."""
    rows = [
        (genre, *(f"{score[name]:.2f}" for name in ("precision", "recall", "f1")), score["clips"])
        for genre, score in metrics["genres"].items()
    ]
    return render_table(("genre", "precision", "recall", "F1", "clips"), rows)


def render_confusion(metrics: Mapping[str, Any]) -> str:
    """Return the confusion matrix of `compute_metrics`."""
    genres = list(metrics["genres"])
    rows = [(genre, *row) for genre, row in zip(genres, metrics["confusion"], strict=True)]
    table = render_table(("", *genres), rows)
    return f"Rows are true genres, columns what the model said.\n\n{table}"
