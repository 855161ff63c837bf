"""Plans what a person decided: reads the tags of files, and tells what would change."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.change import TagChange
from genretag.domain.decision import Decision
from genretag.domain.layout import Layout
from genretag.domain.outcome import Failed, Outcome, Planned, Unchanged
from genretag.domain.track import Track
from genretag.errors import FileError
from genretag.pipeline.annotate import annotate
from genretag.pipeline.decide import FindOrigin, is_decided


def plan_decisions(
    decisions: Iterable[Decision], layout: Layout, find_origin: FindOrigin
) -> Iterator[Outcome]:
    """Yield what decisions change; where they confirm the genres of a file, it is planned too.

    Args:
        decisions: files that are in several get the genres of the last.
        layout: how several genres are stored.
        find_origin: tells what is decided already.
    """
    last = {path: decision for decision in decisions for path in decision.paths}
    return annotate(
        Analysis(path, outcome=replace(_decide(path, one, layout, find_origin), unit=one.unit))
        for path, one in last.items()
    )


def _decide(path: Path, decision: Decision, layout: Layout, find_origin: FindOrigin) -> Outcome:
    try:
        track = tags.read_known(path)
    except FileError as error:
        return Failed(path=path, error=error)
    return _plan(track, decision, layout, find_origin)


def _plan(track: Track, decision: Decision, layout: Layout, find_origin: FindOrigin) -> Outcome:
    before, after = track.genres, decision.genres
    if before == after and is_decided(track, find_origin):
        return _leave(track, "has these genres already")
    if decision.expected is not None and not decision.expected.issuperset(before):
        return _leave(track, "got a genre meanwhile")
    change = TagChange(track.path, track.container or "", before, after, layout, track.stamp)
    return replace(Planned.of(change), by_person=True)


def _leave(track: Track, reason: str) -> Outcome:
    return Unchanged(path=track.path, before=track.genres, after=track.genres, reason=reason)
