"""One JSON object per file and line: the contract for scripts."""

import json
from collections.abc import Callable
from typing import Any, TextIO

from genretag.domain.change import TagChange, layout_as_object
from genretag.domain.outcome import Outcome, Planned

SCHEMA = 1
TOP_GENRES = 5
_DIGITS = 4


def as_object(outcome: Outcome) -> dict[str, Any]:
    """The JSON object of one outcome; scores are rounded to four digits."""
    heard = outcome.prediction
    error = outcome.error
    return {
        "schema": SCHEMA,
        "path": str(outcome.path),
        "status": outcome.status,
        "reason": outcome.reason,
        "before": list(outcome.before),
        "after": list(outcome.after),
        "genres": [
            {"name": genre.name, "score": round(genre.score, _DIGITS)}
            for genre in (heard.genres[:TOP_GENRES] if heard else ())
        ],
        "duration_s": round(heard.duration_s, _DIGITS) if heard else None,
        "windows": heard.windows if heard else None,
        "model": heard.model if heard else None,
        "notes": list(outcome.notes),
        "change": _stored(outcome.change) if isinstance(outcome, Planned) else None,
        "error": error and {"code": str(error.code), "message": error.message, "hint": error.hint},
    }


def _stored(change: TagChange) -> dict[str, Any]:
    """What `apply` must know beside the genres."""
    return {
        "container": change.container,
        "size": change.stamp and change.stamp.size,
        "mtime_ns": change.stamp and change.stamp.mtime_ns,
        "layout": layout_as_object(change.layout),
    }


def reporter(stream: TextIO) -> Callable[[Outcome], None]:
    """Write each outcome as a line, in ASCII, so that no name can break the stream."""

    def report(outcome: Outcome) -> None:
        stream.write(json.dumps(as_object(outcome)) + "\n")
        stream.flush()

    return report
