"""An evaluation as one JSON object."""

from dataclasses import asdict
from typing import Any

from genretag.domain.evaluation import Evaluation, EvaluationMetrics, Passing, Share
from genretag.report.evaluation import map_lines

SCHEMA = 1


def as_object(evaluation: Evaluation) -> dict[str, Any]:
    """The object; where nothing could be judged, all that grades would say is null."""
    return {
        "schema": SCHEMA,
        "model": evaluation.model,
        "files": asdict(evaluation.counts),
        "grades": _grades(evaluation.grades) if evaluation.grades else None,
        "unknown_names": [asdict(one) for one in evaluation.unmapped],
        "map_lines": map_lines(evaluation.unmapped),
    }


def _grades(grades: EvaluationMetrics) -> dict[str, Any]:
    wish = grades.wish
    return {
        "accuracy": grades.accuracy.value,
        "accuracy_95": _limits(grades.accuracy),
        "accuracy_any": grades.accuracy_any.value,
        "accuracy_any_95": _limits(grades.accuracy_any),
        "f1_macro": grades.f1_macro.value,
        "f1_macro_95": _limits(grades.f1_macro),
        "ece": grades.ece,
        "mean_score": grades.mean_score,
        "genres": {
            name: {
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
                "files": one.clips,
                "heard": heard,
            }
            for name, one, heard in zip(
                grades.classes, grades.genres, grades.confusion.sum(axis=0).tolist(), strict=True
            )
        },
        "confusion": grades.confusion.tolist(),
        "reliability": [
            {"from": one.low, "files": one.clips, "score": one.score, "right": one.right}
            for one in grades.reliability
        ],
        "coverage": [asdict(one) for one in grades.coverage],
        "accepted": _passing(grades.own),
        "target": {"wished": wish.precision, "reached": wish.is_met, **_passing(wish.nearest)},
    }


def _passing(found: Passing) -> dict[str, Any]:
    return {
        "threshold": found.threshold,
        "files": found.files,
        "coverage": found.coverage,
        "precision": found.precision.value,
        "precision_95": _limits(found.precision),
    }


def _limits(share: Share) -> list[float]:
    return [share.low, share.high]
