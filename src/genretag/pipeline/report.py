"""Puts together what a report shows of a library; nothing is written into its files."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product, starmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.contradiction import UnitRules, list_units
from genretag.domain.genre import Names
from genretag.domain.grouping import Group
from genretag.domain.library import Library, LibraryEntry, select_interesting
from genretag.domain.naming import find_spellings
from genretag.domain.outcome import Failed, Skipped, Unchanged
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.projection import project_to_plane
from genretag.domain.selection import Selection
from genretag.domain.tagging import TagPolicy
from genretag.domain.timeline import Timeline
from genretag.domain.unit import UnitKind
from genretag.errors import FileError
from genretag.inference.session import DeviceError, Model
from genretag.pipeline.annotate import annotate_one
from genretag.pipeline.decide import BY_TRACK, FindOrigin, UnitSettings, is_decided
from genretag.pipeline.group import group
from genretag.pipeline.scan import decide_files
from genretag.pipeline.survey import Survey
from genretag.pipeline.windows import timeline

_FEWEST_POINTS = 3


@dataclass(frozen=True, eq=False)
class Found:
    """What a run found out about a library.

    Attributes:
        entries: one for each file that is shown.
        albums: which of them belong together by album.
        artists: the same by artist.
        skipped: how many files are not shown.
    """

    entries: tuple[LibraryEntry, ...]
    albums: tuple[Group, ...]
    artists: tuple[Group, ...]
    skipped: int


def decide_as_scan(
    analyses: Iterable[Analysis],
    policy: TagPolicy,
    selection: Selection,
    units: UnitSettings = BY_TRACK,
    survey: Survey | None = None,
) -> Iterator[Analysis]:
    """Yield each file with the outcome that it has in a scan, though more of them are analysed.

    Args:
        analyses: of all files, whether they have a genre or not.
        policy: how `scan` would tag them.
        selection: which of them `scan` would analyse. What goes wrong with another one becomes
            the error of an outcome that is no failure.
        units: how tracks are decided together.
        survey: how the library spells genres.
    """
    spared = (_spare(analysis, selection) for analysis in analyses)
    for analysis in decide_files(spared, policy, units, survey):
        yield replace(analysis, outcome=annotate_one(analysis))


def _spare(analysis: Analysis, selection: Selection) -> Analysis:
    outcome = analysis.outcome
    if not isinstance(outcome, Failed | Skipped):
        return analysis
    track = analysis.track
    if isinstance(outcome, Failed):
        with suppress(FileError):
            track = tags.read(analysis.path)
    kept = selection.exclude(track) if track else None
    if not isinstance(kept, Unchanged):
        return analysis
    return replace(analysis, track=track, outcome=replace(kept, error=outcome.error))


def collect_entries(
    analyses: Iterable[Analysis], policy: TagPolicy, units: UnitSettings = BY_TRACK
) -> Found:
    """Return an entry for each file that is shown, and how they belong together.

    Args:
        analyses: decided by `policy`, as `decide_as_scan` yields them.
        policy: how `scan` would tag them.
        units: knows which genres a person decided.
    """
    kept = list(analyses)
    entries: list[LibraryEntry] = []
    positions: list[int] = []
    for analysis in kept:
        positions.append(len(entries))
        if not isinstance(analysis.outcome, Skipped):
            entries.append(_entry(analysis, policy, units.find_origin))
    return Found(
        tuple(entries),
        tuple(_group(kept, "album", positions)),
        tuple(_group(kept, "artist", positions)),
        len(kept) - len(entries),
    )


def _entry(analysis: Analysis, policy: TagPolicy, find_origin: FindOrigin) -> LibraryEntry:
    outcome, track = analysis.as_outcome(), analysis.track
    prediction = outcome.prediction
    genres = policy.real(outcome.before)
    used = policy.for_source(outcome.source)
    choice = used.choose(prediction) if prediction else None
    best = choice.names if choice else [one.name for one in _best(prediction)]
    names = [name for genre in best for name in _names(genre, policy)]
    return LibraryEntry(
        outcome,
        (track and track.title) or outcome.path.name,
        track.artist if track else "",
        genres,
        any(starmap(policy.naming.is_related, product(names, genres))),
        outcome.after,
        is_sure=choice is not None,
        is_open=policy.mode != "fill" or not genres,
        sure_family=choice if choice and choice.family else None,
        is_decided=track is not None and is_decided(track, find_origin),
    )


def _best(prediction: Prediction | None) -> tuple[ScoredGenre, ...]:
    return prediction.genres[:1] if prediction else ()


def _group(analyses: list[Analysis], by: UnitKind, positions: list[int]) -> Iterator[Group]:
    """Yield the groups among files, by the `positions` of their entries."""
    start = 0
    for batch in group(analyses, by):
        end = start + len(batch.analyses)
        yield from (one.at(positions[start:end]) for one in batch.groups)
        start = end


def build_library(
    roots: Sequence[Path],
    found: Found,
    policy: TagPolicy,
    model: Model,
    units: UnitSettings,
    coverage: str,
) -> Library:
    """Return the whole report; the most interesting tracks are scored again, window by window."""
    entries, rules = found.entries, make_rules(policy, units)
    return Library(
        roots=tuple(roots),
        made=datetime.now(UTC).astimezone(),
        model=model.identity,
        genres=model.manifest.genres.names,
        placeholders=policy.placeholders,
        mode=policy.mode,
        threshold=policy.threshold,
        unit_threshold=rules.threshold,
        by=units.kind,
        entries=entries,
        skipped=found.skipped,
        points=_map_points(entries),
        albums=list_units(found.albums, entries, rules, least=1),
        artists=list_units(found.artists, entries, rules, least=1),
        written=_written_names(entries, policy, model),
        timelines=tuple(_timelines(entries, model, coverage)),
        is_calibrated=model.manifest.is_calibrated,
    )


def make_rules(policy: TagPolicy, units: UnitSettings) -> UnitRules:
    """Return by what albums and artists are judged."""
    return UnitRules(
        policy.for_units().threshold if units.pooling else policy.threshold,
        lambda genre: _names(genre, policy),
        units.pooling,
        policy.families,
        policy.naming.is_related,
    )


def _names(genre: str, policy: TagPolicy) -> tuple[str, ...]:
    """Return all that a genre is called: by the map, by its families, and by its other names."""
    families = (family.name for family in policy.families if genre in family.genres)
    names = [n for one in (genre, *families) for n in (one, *policy.naming.genre_map.names(one))]
    return (*names, *policy.naming.genre_map.other_names(names))


def _written_names(
    entries: Sequence[LibraryEntry], policy: TagPolicy, model: Model
) -> dict[str, Names]:
    """Return what is written for genres of the model, and for its families, by another name."""
    naming = policy.naming
    if naming.only is None:
        found = find_spellings((one.genres for one in entries), naming, policy.placeholders)
        naming = naming.with_spellings(found)
    genres = model.manifest.genres
    names = (*genres.names, *(family.name for family in genres.families))
    written = {name: naming.names(name) for name in names}
    return {name: new for name, new in written.items() if new not in ((), (name,))}


def _map_points(entries: Sequence[LibraryEntry]) -> NDArray[np.float64]:
    """Place each entry on the map; return [n_entries, 2]."""
    places = np.full((len(entries), 2), np.nan)
    embedded = [
        (n, entry.outcome.prediction.embedding)
        for n, entry in enumerate(entries)
        if entry.outcome.prediction
        and len(entry.outcome.prediction.embedding)
        and np.isfinite(entry.outcome.prediction.embedding).all()
    ]
    if len(embedded) >= _FEWEST_POINTS:
        places[[n for n, _ in embedded]] = project_to_plane(
            np.stack([point for _, point in embedded])
        )
    return places


def _timelines(
    entries: Sequence[LibraryEntry], model: Model, coverage: str
) -> Iterable[tuple[int, Timeline]]:
    for n in select_interesting(entries):
        # Somebody took it away meanwhile, or the device has gone: a page may lack it.
        with suppress(FileError, DeviceError):
            track = timeline(entries[n].outcome.path, model, coverage)
            if track.excerpts:  # nobody made it silent meanwhile
                # No page shows what the model got, and of a long track it is much.
                yield n, replace(track, mels=np.zeros((0, 0, 0), np.float32))
