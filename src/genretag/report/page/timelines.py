"""Converts the timeline of a track for a page: scores by time, and what its windows said."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genretag.domain.timeline import Timeline
from genretag.domain.window import Excerpt
from genretag.report.page.text import to_thousandths
from genretag.report.text import format_time, visible

_MOST_GENRES = 4
_MOST_COLUMNS = 10
_MOST_SPANS = 6
_GAP_S = 1.0
"""Windows that lie no farther apart are told as one stretch."""


def convert_timeline(row: int, timeline: Timeline) -> dict[str, Any]:
    """Convert the timeline of the track in a row; of many windows, several become one column.

    `said` has, for each genre that is the best of some windows, the one of most windows first:
    its name, how many they are, the mean of its scores there in thousandths, where they lie, and
    how many more places there are.
    """
    parts = np.array_split(
        np.arange(len(timeline.excerpts)), min(_MOST_COLUMNS, len(timeline.excerpts))
    )
    best = timeline.prediction.genres[:_MOST_GENRES]
    columns = [timeline.genres.index(genre.name) for genre in best]
    scores = np.stack([timeline.scores[part].mean(axis=0) for part in parts])[:, columns]
    return {
        "row": row,
        "starts": [format_time(timeline.excerpts[part[0]].start_s) for part in parts],
        "genres": [visible(genre.name) for genre in best],
        "scores": np.rint(1000 * scores.T).astype(int).tolist(),
        "windows": len(timeline.excerpts),
        "silent": len(timeline.silent),
        "said": _said(timeline),
    }


def _said(timeline: Timeline) -> list[list[Any]]:
    likeliest = timeline.scores.argmax(axis=1)
    genres, counts = np.unique(likeliest, return_counts=True)
    said = []
    for genre in genres[np.argsort(-counts, kind="stable")]:
        windows = np.flatnonzero(likeliest == genre)
        spans = _spans([timeline.excerpts[n] for n in windows])
        mean = to_thousandths(float(timeline.scores[windows, genre].mean()))
        name = visible(timeline.genres[genre])
        more = max(0, len(spans) - _MOST_SPANS)
        said.append([name, len(windows), mean, spans[:_MOST_SPANS], more])
    return said


def _spans(excerpts: Sequence[Excerpt]) -> list[str]:
    """Format where windows start; those that follow each other at once are one stretch."""
    spans: list[list[Excerpt]] = []
    for excerpt in excerpts:
        if spans and excerpt.start_s - spans[-1][-1].end_s <= _GAP_S:
            spans[-1].append(excerpt)
        else:
            spans.append([excerpt])
    return [_format_span(span[0], span[-1]) for span in spans]


def _format_span(first: Excerpt, last: Excerpt) -> str:
    start = format_time(first.start_s)
    return start if first == last else f"{start} to {format_time(last.end_s)}"
