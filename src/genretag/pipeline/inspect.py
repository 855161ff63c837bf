"""Looks at one file from all sides; nothing is written."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from genretag import tags
from genretag.domain.inspection import Inspection
from genretag.domain.occlusion import OCCLUSIONS, Effect
from genretag.domain.prediction import prediction_set
from genretag.inference.session import Model
from genretag.pipeline.windows import effects, timeline


@dataclass(frozen=True)
class InspectionOptions:
    """How closely to look at a file.

    `explain` names the `OCCLUSIONS` to try; `wished` is the probability with which a set of
    genres shall hold the true one, for a model that knows its `set_masses`. `threshold` is the
    score from which a genre would be written, the model's own if there is none.
    """

    coverage: str = "balanced"
    explain: Collection[str] = ("time",)
    wished: float | None = None
    threshold: float | None = None


def inspect_file(path: Path, model: Model, options: InspectionOptions) -> Inspection:
    """Return everything about the file at `path`; FileError if it cannot be read or decoded."""
    with tags.open(path) as file:
        container, genres = file.container, file.genres
        stored = file.stored_tags() if container else ()
        stale = file.stale_tags() if container else ()
    heard = timeline(path, model, options.coverage)
    best = next(iter(heard.prediction.genres), None)

    def found(occlusion: str) -> tuple[tuple[Effect, ...], ...]:
        if best is None or occlusion not in options.explain:
            return ()
        return tuple(effects(path, model, options.coverage, best.name, OCCLUSIONS[occlusion]))

    manifest = model.manifest
    return Inspection(
        path,
        container,
        stored,
        genres,
        tuple(second.tag for second in stale),
        heard,
        manifest.threshold if options.threshold is None else options.threshold,
        found("time"),
        found("bands"),
        options.wished,
        prediction_set(heard.prediction, manifest.set_masses[round(100 * options.wished) - 1])
        if options.wished
        else (),
    )
