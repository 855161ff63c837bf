"""All that is known of one file, as data."""

from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from genretag.domain.inspection import Inspection
from genretag.domain.occlusion import Effect
from genretag.domain.players import PLAYERS
from genretag.errors import GenretagError
from genretag.report.jsonl import SCHEMA

_DIGITS = 4


def as_object(inspection: Inspection) -> dict[str, Any]:
    """The JSON object of one file; scores are rounded to four digits."""
    heard = inspection.timeline
    prediction = heard.prediction
    return {
        "schema": SCHEMA,
        "path": str(inspection.path),
        "container": inspection.container,
        "tags": [asdict(tag) for tag in inspection.tags],
        "stale": list(inspection.stale),
        "before": list(inspection.genres),
        "players": {
            player.name: list(player.shows(inspection.container or "", inspection.tags))
            for player in PLAYERS
        },
        "genres": [_scored(genre.name, genre.score) for genre in prediction.genres],
        "threshold": inspection.threshold,
        "sure": inspection.is_sure,
        "set": [genre.name for genre in inspection.likely],
        "duration_s": _short(prediction.duration_s),
        "model": prediction.model,
        "timeline": [
            {
                "start_s": _short(excerpt.start_s),
                "length_s": _short(excerpt.length_s),
                "genres": [_scored(*pair) for pair in zip(heard.genres, row, strict=True)],
            }
            for excerpt, row in zip(heard.excerpts, heard.scores.tolist(), strict=True)
        ],
        "silent": [
            {"start_s": _short(e.start_s), "length_s": _short(e.length_s)} for e in heard.silent
        ],
        "effects": [
            _effect(effect)
            for effect in chain.from_iterable((*inspection.effects, *inspection.bands))
        ],
        "error": None,
    }


def refusal(path: Path, error: GenretagError) -> dict[str, Any]:
    """The JSON object of a file that cannot be inspected."""
    told = {"code": str(error.code), "message": error.message, "hint": error.hint}
    return {"schema": SCHEMA, "path": str(path), "error": told}


def _scored(name: str, score: float) -> dict[str, Any]:
    return {"name": name, "score": _short(score)}


def _effect(effect: Effect) -> dict[str, Any]:
    part = effect.part
    return {
        "start_s": _short(part.excerpt.start_s),
        "length_s": _short(part.excerpt.length_s),
        "low_hz": part.band and part.band.low_hz,
        "high_hz": part.band and part.band.high_hz,
        "worth": _short(effect.worth),
    }


def _short(number: float) -> float:
    return round(number, _DIGITS)
