"""Collects tags, predictions and occlusion effects of one file; nothing is written."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from genretag import tags
from genretag.domain.inspection import Inspection
from genretag.domain.occlusion import OCCLUSIONS, Effect
from genretag.domain.prediction import Prediction, ScoredGenre, prediction_set
from genretag.inference.session import Model
from genretag.pipeline.windows import effects, timeline


@dataclass(frozen=True)
class InspectionOptions:
    """Options of an inspection.

    Attributes:
        coverage: a key of `domain.window.COVERAGES`.
        explain: the `OCCLUSIONS` to try.
        set_probability: in (0, 1), with which a set of genres shall hold the true one; the model
            must know its `set_masses`. None for no set.
        threshold: the score from which a genre would be written; None for the model's own.
    """

    coverage: str = "balanced"
    explain: Collection[str] = ("time",)
    set_probability: float | None = None
    threshold: float | None = None


def inspect_file(path: Path, model: Model, options: InspectionOptions) -> Inspection:
    """Return everything about the file at `path`; FileError if it cannot be read or decoded."""
    with tags.open(path) as file:
        container, genres = file.container, file.genres
        stored = file.stored_tags() if container else ()
        stale = file.stale_tags() if container else ()
    track = timeline(path, model, options.coverage)
    best = next(iter(track.prediction.genres), None)

    def measure(occlusion: str) -> tuple[tuple[Effect, ...], ...]:
        if best is None or occlusion not in options.explain:
            return ()
        return tuple(effects(path, model, options.coverage, best.name, OCCLUSIONS[occlusion]))

    return Inspection(
        path,
        container,
        stored,
        genres,
        tuple(second.tag for second in stale),
        track,
        model.manifest.threshold if options.threshold is None else options.threshold,
        measure("time"),
        measure("bands"),
        options.set_probability,
        _likely_set(track.prediction, model, options.set_probability),
    )


def _likely_set(
    prediction: Prediction, model: Model, probability: float | None
) -> tuple[ScoredGenre, ...]:
    if probability is None:
        return ()
    return prediction_set(prediction, model.manifest.set_masses[round(100 * probability) - 1])
