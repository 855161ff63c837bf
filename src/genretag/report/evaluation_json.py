"""Converts an evaluation to a JSON object."""

from dataclasses import asdict
from typing import Any

from genretag.domain.evaluation import Estimate, Evaluation, EvaluationMetrics, ThresholdResult
from genretag.report.evaluation import map_lines
from genretag.report.jsonl import calibrated_to_dict

SCHEMA = 1


def to_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Convert an evaluation; without comparable files its `grades` are null."""
    counts = asdict(evaluation.counts)
    return {
        "schema": SCHEMA,
        "model": evaluation.model,
        "files": {"judged": counts.pop("compared"), **counts},
        "grades": _metrics(evaluation.metrics) if evaluation.metrics else None,
        "unknown_names": [asdict(one) for one in evaluation.unmapped],
        "map_lines": map_lines(evaluation.unmapped),
        **calibrated_to_dict(evaluation.is_calibrated),
    }


def _metrics(metrics: EvaluationMetrics) -> dict[str, Any]:
    target = metrics.target
    return {
        "accuracy": metrics.accuracy.value,
        "accuracy_95": _limits(metrics.accuracy),
        "accuracy_any": metrics.accuracy_any.value,
        "accuracy_any_95": _limits(metrics.accuracy_any),
        "f1_macro": metrics.f1_macro.value,
        "f1_macro_95": _limits(metrics.f1_macro),
        "ece": metrics.ece,
        "mean_score": metrics.mean_score,
        "genres": {
            name: {
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
                "files": one.clips,
                "heard": predicted,
            }
            for name, one, predicted in zip(
                metrics.classes, metrics.genres, metrics.confusion.sum(axis=0).tolist(), strict=True
            )
        },
        "confusion": metrics.confusion.tolist(),
        "reliability": [
            {"from": one.low, "files": one.clips, "score": one.score, "right": one.right}
            for one in metrics.reliability
        ],
        "coverage": [asdict(one) for one in metrics.coverage],
        "accepted": _threshold_result(metrics.at_model_threshold),
        "target": {
            "wished": target.precision,
            "reached": target.is_met,
            **_threshold_result(target.nearest),
        },
    }


def _threshold_result(result: ThresholdResult) -> dict[str, Any]:
    return {
        "threshold": result.threshold,
        "files": result.files,
        "coverage": result.coverage,
        "precision": result.precision.value,
        "precision_95": _limits(result.precision),
        "families": result.families,
    }


def _limits(share: Estimate) -> list[float]:
    return [share.low, share.high]
