"""Collects tags, predictions, occlusion effects and the decision of one file; writes nothing."""

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.inspection import Decision, Inspection, Member
from genretag.domain.occlusion import OCCLUSIONS, Effect
from genretag.domain.outcome import Failed, Outcome, Planned
from genretag.domain.prediction import Prediction, ScoredGenre, prediction_set
from genretag.domain.selection import Selection
from genretag.domain.tagging import TagPolicy
from genretag.domain.track import Track
from genretag.inference.session import Model
from genretag.pipeline.decide import UnitSettings, decide, given_names
from genretag.pipeline.neighbours import Neighbours
from genretag.pipeline.read import read, select
from genretag.pipeline.windows import effects, timeline


@dataclass(frozen=True)
class InspectionOptions:
    """Options of an inspection.

    Attributes:
        coverage: a key of `domain.window.COVERAGES`.
        explain: the `OCCLUSIONS` to try.
        set_probability: in (0, 1), with which a set of genres shall hold the true one; the model
            must know its `set_masses`. None for no set.
    """

    coverage: str = "balanced"
    explain: Collection[str] = ("time",)
    set_probability: float | None = None


def inspect_file(
    path: Path, model: Model, options: InspectionOptions, neighbours: Neighbours
) -> Inspection:
    """Return everything about the file at `path`; FileError if it cannot be read or decoded."""
    with tags.open(path) as file:
        found, outcome = select(read(file), Selection())
        container, genres = file.container, file.genres
        stored = file.stored_tags() if container else ()
        stale = file.stale_tags() if container else ()
    track = timeline(path, model, options.coverage)
    best = next(iter(track.prediction.genres), None)
    choice = neighbours.policy.choose(track.prediction)

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
        neighbours.policy.threshold,
        measure("time"),
        measure("bands"),
        options.set_probability,
        _likely_set(track.prediction, model, options.set_probability),
        _decide(found, track.prediction, outcome, neighbours),
        choice.scored_family if choice else None,
    )


def _decide(
    track: Track, prediction: Prediction, outcome: Outcome | None, neighbours: Neighbours
) -> Decision | None:
    """Return what `scan` would decide for `track`; None if it leaves it out."""
    policy, units = neighbours.policy, neighbours.units
    # Links stay as they are: it is the files beside the link that count.
    track = replace(track, path=Path(os.path.abspath(track.path)))  # noqa: PTH100
    own = Analysis(track.path, track, prediction, outcome)
    batch, files = neighbours.find_unit(own)
    decided = [analysis.outcome for analysis in decide([batch], policy, units)]
    final = next((one for one in decided if one and one.path == own.path), None)
    if final is None or final.prediction is None or final.source is None:
        return None
    used = policy.for_source(final.source)
    members = [_member(file, own.path, policy, units) for file in files] if final.unit else []
    return Decision(
        final.prediction.genres,
        final.after if isinstance(final, Planned) else (),
        used.threshold,
        final.source,
        final.unit,
        tuple(filter(None, members)),
        tuple(one.path for one in decided if isinstance(one, Failed)),
        used.choose(final.prediction),
    )


def _member(analysis: Analysis, own: Path, policy: TagPolicy, units: UnitSettings) -> Member | None:
    """Return what a file says about the unit of the one at `own`; None if nothing is known."""
    path = analysis.path
    if names := given_names(analysis, policy, units):
        return Member(path, units.meaning(names) or names[0], given=names)
    if analysis.prediction is None:
        return None
    member = Member(path, is_own=path == own)
    for best in analysis.prediction.genres[:1]:
        member = replace(member, genre=best.name, score=best.score)
    return member


def _likely_set(
    prediction: Prediction, model: Model, probability: float | None
) -> tuple[ScoredGenre, ...]:
    if probability is None:
        return ()
    return prediction_set(prediction, model.manifest.set_masses[round(100 * probability) - 1])
