"""Stage 8: decide what to write into the files of a batch."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from genretag.domain import tagging
from genretag.domain.analysis import Analysis
from genretag.domain.family import choose
from genretag.domain.genre import Names
from genretag.domain.grouping import Group
from genretag.domain.naming import Spellings
from genretag.domain.outcome import Outcome, Unchanged, Unsure
from genretag.domain.places import GENRE
from genretag.domain.pooling import Pooling
from genretag.domain.prediction import Prediction
from genretag.domain.tagging import TagPolicy
from genretag.domain.track import Track
from genretag.domain.unit import UnitKind
from genretag.domain.verdict import IsNarrow, Meaning, Members, decide_together
from genretag.library.journal import Origin
from genretag.pipeline.group import Batch

FindOrigin = Callable[[Path], Origin]
"""Returns where the genres of a file come from, as far as runs wrote into it."""


@dataclass(frozen=True)
class UnitSettings:
    """How tracks are decided together.

    Attributes:
        by: what makes a unit.
        pooling: of the model; None if it has none, and then an album by its tags is decided by the
            mean scores of its tracks, and each other track by itself.
        meaning: of genres that persons gave.
        uses_library: whether genres that persons gave other tracks count.
        find_origin: tells what persons gave from what genretag wrote.
        overwrites_decided: whether genres that a person decided with genretag may be changed.
        is_narrow: of genres that persons gave; such do not go to a unit where few have them.
    """

    by: UnitKind = "track"
    pooling: Pooling | None = None
    meaning: Meaning = lambda names: None
    uses_library: bool = True
    find_origin: FindOrigin = lambda path: Origin()
    is_narrow: IsNarrow = lambda names: False
    overwrites_decided: bool = False

    @property
    def kind(self) -> UnitKind:
        """What makes a unit, as far as the model can pool."""
        return self.by if self.pooling or self.by == "album" else "track"


BY_TRACK = UnitSettings()
"""Each track is decided by itself."""


@dataclass(frozen=True)
class Fallback:
    """The base of a learned model, which decides where that is unsure.

    Attributes:
        policy: with that model's thresholds and families.
        units: with its pooling.
    """

    policy: TagPolicy
    units: UnitSettings

    def with_spellings(self, spellings: Spellings) -> "Fallback":
        """Return the same with the spellings of a library."""
        return replace(self, policy=self.policy.with_spellings(spellings))

    def decide(self, batch: Batch) -> dict[int, Outcome]:
        """Return the outcomes of the files that are not decided, by their positions."""
        analyses = tuple(replace(one, prediction=one.base_prediction) for one in batch.analyses)
        return _decide_batch(Batch(analyses, batch.by), self.policy, self.units)


def keep_decided(
    analyses: Iterable[Analysis], policy: TagPolicy, units: UnitSettings
) -> Iterator[Analysis]:
    """Yield all; files whose genres a person decided with genretag keep them, if they are to.

    Where other fields are filled in, these genres are in no danger.
    """
    for analysis in analyses:
        track = None if analysis.outcome or units.overwrites_decided else analysis.track
        is_kept = track and policy.mode == "fill" and GENRE not in policy.find_open(track)
        if track and not is_kept and is_decided(track, units.find_origin):
            same = track.genres
            outcome = Unchanged(
                path=track.path,
                before=same,
                after=same,
                prediction=analysis.prediction,
                reason="a person decided it",
            )
            analysis = replace(analysis, outcome=outcome)
        yield analysis


def is_decided(track: Track, find_origin: FindOrigin) -> bool:
    """Tell whether a person decided the genres of a file with genretag, and it still has them."""
    return bool(track.genres) and find_origin(track.path).decided == track.genres


def decide(
    batches: Iterable[Batch],
    policy: TagPolicy,
    units: UnitSettings = BY_TRACK,
    fallback: Fallback | None = None,
) -> Iterator[Analysis]:
    """Yield each file with its outcome under `policy`, in their order; unsure ones by `fallback`.

    A fallback finishes no unit that has its genre under `policy`: a track of it that stands apart,
    and is not sure enough by its own sound, would get the genre that the other model has for all.
    """
    for batch in batches:
        decided = _decide_batch(batch, policy, units)
        unsure = [n for n, outcome in decided.items() if _is_open(outcome, policy)]
        others = fallback.decide(batch) if fallback and unsure else {}
        for position in unsure:
            other = others.get(position)
            if other and not isinstance(other, Unsure):
                decided[position] = other
        for position, analysis in enumerate(batch.analyses):
            outcome = decided.get(position)
            yield replace(analysis, outcome=outcome) if outcome else analysis


def _is_open(outcome: Outcome, policy: TagPolicy) -> bool:
    """Return whether a file is unsure, and so is its unit if it has one."""
    threshold = policy.for_units().threshold
    unit = outcome.unit
    is_sure = unit is not None and choose(unit.genres, policy.families, threshold) is not None
    return isinstance(outcome, Unsure) and not is_sure


def _decide_batch(batch: Batch, policy: TagPolicy, units: UnitSettings) -> dict[int, Outcome]:
    decided: dict[int, Outcome] = {}
    if any(analysis.outcome is None for analysis in batch.analyses):
        for group in batch.groups:
            decided |= _decide_group(group, batch.analyses, policy, units)
    return decided


def _decide_group(
    group: Group, analyses: tuple[Analysis, ...], policy: TagPolicy, units: UnitSettings
) -> dict[int, Outcome]:
    """Return the outcomes of the files in a group that have none, by their positions."""
    own = {n: analyses[n] for n in group.members if analyses[n].outcome is None}
    members, positions = _collect_members(group, analyses, policy, units)
    has_scores = any(prediction.genres for prediction in members.predictions)
    is_pooled = units.pooling is not None or group.is_release
    if not is_pooled or members.size < 2 or not positions or not has_scores:
        return {n: _decide_alone(analysis, policy) for n, analysis in own.items()}
    outcomes = {n: _decide_alone(own[n], policy) for n in own if n not in positions}
    threshold = policy.for_units().threshold
    verdicts = decide_together(
        members, units.pooling, threshold, units.meaning, policy.families, units.is_narrow
    )
    for position, verdict in zip(positions, verdicts, strict=True):
        track = own[position].track
        assert track
        used = policy.for_source(verdict.source)
        outcome = tagging.decide(track, verdict.prediction, used, verdict.names)
        outcomes[position] = replace(
            outcome, own=own[position].prediction, unit=verdict.unit, source=verdict.source
        )
    return outcomes


def _decide_alone(analysis: Analysis, policy: TagPolicy) -> Outcome:
    assert analysis.track and analysis.prediction
    outcome = tagging.decide(analysis.track, analysis.prediction, policy)
    is_open = policy.find_open(analysis.track)
    return replace(outcome, source="heard") if is_open else outcome


def given_names(analysis: Analysis, policy: TagPolicy, units: UnitSettings) -> Names:
    """Return the genres that a person gave a file, and that it keeps; none where genretag did."""
    names = _kept_names(analysis, policy)
    own = units.find_origin(analysis.path).written if names else ()
    return tuple(name for name in names if name not in own)


def _kept_names(analysis: Analysis, policy: TagPolicy) -> Names:
    """Return the genres that a file has and keeps."""
    keeps = policy.mode == "fill" or isinstance(analysis.outcome, Unchanged)
    return policy.real(analysis.track.genres) if analysis.track and keeps else ()


def _collect_members(
    group: Group, analyses: tuple[Analysis, ...], policy: TagPolicy, units: UnitSettings
) -> tuple[Members, list[int]]:
    """Return what is known of a group, and the positions of the files to decide.

    A file with a genre counts by that where a person gave it, and by its sound, as far as it is
    known, where genretag did: so a run that goes on after an interrupt decides as before. Without
    the library, files with a person's genre do not count. To replace genres, or to add to them,
    all files count by their sound.
    """
    predictions: list[Prediction] = []
    given: list[Names] = []
    undecided: list[int] = []
    positions: list[int] = []
    for position in group.members:
        analysis = analyses[position]
        if names := given_names(analysis, policy, units):
            given += [names] if units.uses_library else []
            continue
        if analysis.outcome is None and analysis.track and policy.find_open(analysis.track):
            undecided.append(len(predictions))
            positions.append(position)
        if analysis.prediction:
            predictions.append(analysis.prediction)
    members = Members(
        group.kind,
        group.name,
        tuple(predictions),
        tuple(undecided),
        tuple(given),
        group.is_tagged,
        group.is_release,
    )
    return members, positions
