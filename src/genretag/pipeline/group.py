"""Stage 7: group files that are decided together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from genretag.domain.analysis import Analysis
from genretag.domain.grouping import (
    Group,
    album_keys,
    folder_key,
    group_by_album,
    group_by_artist,
    group_by_track,
)
from genretag.domain.outcome import Failed, Skipped
from genretag.domain.track import Track
from genretag.domain.unit import UnitKind

_GROUP: Mapping[UnitKind, Callable[[Sequence[Track]], list[Group]]] = {
    "album": group_by_album,
    "artist": group_by_artist,
    "track": group_by_track,
}

MOST_FILES = 2000
"""A folder with more files is decided in parts, so that it never fills the memory."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Files that no later file can have anything in common with.

    Attributes:
        analyses: in their order.
        by: what makes a unit.
    """

    analyses: tuple[Analysis, ...]
    by: UnitKind

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Which of them belong together, by their positions.

        A file that is left out or failed is in no group.
        """
        positions = [n for n, analysis in enumerate(self.analyses) if _is_member(analysis)]
        tracks = _tracks(self.analyses)
        return tuple(group.at(positions) for group in _GROUP[self.by](tracks))


def group(analyses: Iterable[Analysis], by: UnitKind) -> Iterator[Batch]:
    """Yield all analyses in their order, in batches.

    By album these are folders, as soon as they are complete; by artist all files together.
    """
    if by == "track":
        yield from (Batch((analysis,), by) for analysis in analyses)
    elif by == "artist":
        yield Batch(tuple(analyses), by)
    else:
        yield from _by_folders(analyses)


def _by_folders(analyses: Iterable[Analysis]) -> Iterator[Batch]:
    batch: list[Analysis] = []
    for analysis in analyses:
        if batch and (len(batch) >= MOST_FILES or not continues(batch, analysis)):
            yield Batch(tuple(batch), "album")
            batch = []
        batch.append(analysis)
    if batch:
        yield Batch(tuple(batch), "album")


def continues(batch: Sequence[Analysis], new: Analysis) -> bool:
    """Return whether a file is in the folder of those before it, or of an album of theirs."""
    last, folder = batch[-1].path.parent, new.path.parent
    if folder == last or folder_key(new.path) == folder_key(batch[-1].path):
        return True
    if not (folder.parent == last.parent or folder.parent == last or last.parent == folder):
        return False
    (key,) = album_keys(_tracks([new])) or ("",)
    return bool(key) and key in album_keys(_tracks(batch))


def _is_member(analysis: Analysis) -> bool:
    """Return whether a file is music: what is left out or failed belongs to nothing."""
    return bool(analysis.track) and not isinstance(analysis.outcome, Skipped | Failed)


def _tracks(analyses: Iterable[Analysis]) -> list[Track]:
    return [analysis.track for analysis in analyses if analysis.track and _is_member(analysis)]
