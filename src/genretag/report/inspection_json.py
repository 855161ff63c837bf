"""Converts the inspection of a file to a JSON object."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from genretag.domain.inspection import Inspection, Member
from genretag.domain.occlusion import Effect
from genretag.domain.players import PLAYERS
from genretag.domain.prediction import ScoredGenre
from genretag.domain.stored_tags import StoredTag
from genretag.errors import GenretagError
from genretag.report.jsonl import (
    DIGITS,
    SCHEMA,
    calibrated_to_dict,
    family_to_dict,
    unit_to_dict,
)


def to_dict(inspection: Inspection) -> dict[str, Any]:
    """Convert an inspection; numbers are rounded to four digits."""
    timeline = inspection.timeline
    prediction = timeline.prediction
    decision = inspection.decision
    return {
        "schema": SCHEMA,
        "path": str(inspection.path),
        "container": inspection.container,
        "tags": list(map(_tag, inspection.tags)),
        "stale": list(inspection.stale),
        "before": list(inspection.genres),
        "players": {
            player.name: list(player.shows(inspection.container or "", inspection.tags))
            for player in PLAYERS
        },
        "genres": _genres(decision.genres if decision else prediction.genres),
        "threshold": decision.threshold if decision else inspection.threshold,
        "sure": bool(decision.names) if decision else inspection.is_sure,
        "set": [genre.name for genre in inspection.likely_set],
        "duration_s": _round(prediction.duration_s),
        "model": prediction.model,
        "timeline": [
            {
                "start_s": _round(excerpt.start_s),
                "length_s": _round(excerpt.length_s),
                "genres": [_scored(*pair) for pair in zip(timeline.genres, row, strict=True)],
            }
            for excerpt, row in zip(timeline.excerpts, timeline.scores.tolist(), strict=True)
        ],
        "silent": [
            {"start_s": _round(e.start_s), "length_s": _round(e.length_s)} for e in timeline.silent
        ],
        "effects": [
            _effect(effect)
            for effect in chain.from_iterable((*inspection.effects, *inspection.bands))
        ],
        "error": None,
        "own": _genres(prediction.genres),
        "unit": unit_to_dict(decision.unit) if decision and decision.unit else None,
        "source": decision and decision.source,
        "members": [_member(member) for member in decision.members] if decision else [],
        "family": family_to_dict(decision.family if decision else inspection.family),
        **calibrated_to_dict(prediction.is_calibrated),
    }


def _tag(tag: StoredTag) -> dict[str, Any]:
    """Convert a tag; `fields` is there only if other places hold anything."""
    entries = asdict(tag)
    return entries if tag.fields else {key: entries[key] for key in entries if key != "fields"}


def error_to_dict(path: Path, error: GenretagError) -> dict[str, Any]:
    """Convert the error of a file that cannot be inspected."""
    return {"schema": SCHEMA, "path": str(path), "error": error.to_dict()}


def _genres(genres: Sequence[ScoredGenre]) -> list[dict[str, Any]]:
    return [_scored(genre.name, genre.score) for genre in genres]


def _member(member: Member) -> dict[str, Any]:
    return {
        "path": str(member.path),
        "genre": member.genre,
        "score": None if member.score is None else _round(member.score),
        "given": list(member.given),
    }


def _scored(name: str, score: float) -> dict[str, Any]:
    return {"name": name, "score": _round(score)}


def _effect(effect: Effect) -> dict[str, Any]:
    part = effect.part
    return {
        "start_s": _round(part.excerpt.start_s),
        "length_s": _round(part.excerpt.length_s),
        "low_hz": part.band and part.band.low_hz,
        "high_hz": part.band and part.band.high_hz,
        "worth": _round(effect.worth),
    }


def _round(number: float) -> float:
    return round(number, DIGITS)
