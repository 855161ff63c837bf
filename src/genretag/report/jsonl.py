"""Writes outcomes as JSON, one object per line: the contract for scripts."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from genretag.domain.change import TagChange, layout_to_dict
from genretag.domain.outcome import Outcome, Planned
from genretag.domain.places import fields_to_dict
from genretag.domain.prediction import ScoredGenre
from genretag.domain.unit import Unit

SCHEMA = 1
TOP_GENRES = 5
DIGITS = 4


def to_dict(outcome: Outcome) -> dict[str, Any]:
    """Convert an outcome; numbers are rounded to four digits.

    The key `fields` is there only for a file in which other places than the genre change.
    """
    prediction = outcome.prediction
    own = outcome.own or prediction
    error = outcome.error
    return {
        "schema": SCHEMA,
        "path": str(outcome.path),
        "status": outcome.status,
        "reason": outcome.reason,
        "before": list(outcome.before),
        "after": list(outcome.after),
        "genres": _genres(prediction.genres if prediction else ()),
        "duration_s": round(prediction.duration_s, DIGITS) if prediction else None,
        "windows": prediction.windows if prediction else None,
        "model": prediction.model if prediction else None,
        "notes": list(outcome.notes),
        "change": _change(outcome.change) if isinstance(outcome, Planned) else None,
        "error": error and error.to_dict(),
        "own": _genres(own.genres if own else ()),
        "unit": outcome.unit and unit_to_dict(outcome.unit),
        "source": outcome.source,
        "family": family_to_dict(outcome.family),
        **calibrated_to_dict(prediction is None or prediction.is_calibrated),
        **({"fields": fields_to_dict(outcome.fields)} if outcome.fields else {}),
    }


def calibrated_to_dict(is_calibrated: bool) -> dict[str, bool]:
    """Return an entry that says so where scores are not calibrated; else none."""
    return {} if is_calibrated else {"calibrated": False}


def _genres(genres: Sequence[ScoredGenre]) -> list[dict[str, Any]]:
    """Convert the best genres and their scores."""
    return list(map(_scored, genres[:TOP_GENRES]))


def family_to_dict(family: ScoredGenre | None) -> dict[str, Any] | None:
    """Convert the family that decided, if one did."""
    return _scored(family) if family else None


def _scored(genre: ScoredGenre) -> dict[str, Any]:
    return {"name": genre.name, "score": round(genre.score, DIGITS)}


def unit_to_dict(unit: Unit) -> dict[str, Any]:
    """Convert a unit, with its best genres."""
    return {
        "kind": unit.kind,
        "name": unit.name,
        "tracks": unit.tracks,
        "genres": _genres(unit.genres),
    }


def _change(change: TagChange) -> dict[str, Any]:
    """Convert what `apply` needs beside the genres."""
    return {
        "container": change.container,
        "size": change.stamp and change.stamp.size,
        "mtime_ns": change.stamp and change.stamp.mtime_ns,
        "layout": layout_to_dict(change.layout),
    }


def reporter(stream: TextIO) -> Callable[[Outcome], None]:
    """Write each outcome as a line, in ASCII, so that no name can break the stream."""

    def report(outcome: Outcome) -> None:
        stream.write(json.dumps(to_dict(outcome)) + "\n")
        stream.flush()

    return report
