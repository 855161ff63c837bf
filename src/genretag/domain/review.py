"""What waits for a person's decision: albums, songs of an artist and single tracks."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.domain.genre import Names
from genretag.domain.library import LibraryEntry, LibraryUnit, Reason
from genretag.domain.outcome import Outcome, Unsure
from genretag.domain.prediction import ScoredGenre
from genretag.domain.unit import Unit, UnitKind

GUESSES = 3
"""Genres of a model among which a person chooses."""


@dataclass(frozen=True)
class ReviewTrack:
    """A track that waits for a decision.

    Attributes:
        path: the file.
        title: from its tags, else its file name.
        artist: from its tags; may be empty.
        before: its genres now.
        genres: by its own sound, best first; empty if it is silent.
    """

    path: Path
    title: str
    artist: str
    before: Names
    genres: tuple[ScoredGenre, ...]


@dataclass(frozen=True)
class ReviewItem:
    """Tracks of an album or of an artist, or one track, that one decision settles.

    Attributes:
        kind: what the tracks have in common.
        name: for people.
        tracks: those that the decision is for, one at least.
        genres: of all together, best first; empty if all is silent.
        reasons: why a person should decide.
        present: the genres that the tracks and the others of the unit have now, with the number
            of tracks; most frequent first.
    """

    kind: UnitKind
    name: str
    tracks: tuple[ReviewTrack, ...]
    genres: tuple[ScoredGenre, ...]
    reasons: tuple[Reason, ...] = ("unsure",)
    present: tuple[tuple[Names, int], ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that the decision is for."""
        return tuple(track.path for track in self.tracks)

    @property
    def guesses(self) -> tuple[ScoredGenre, ...]:
        """The genres among which a person chooses, best first."""
        return self.genres[:GUESSES]

    @property
    def before(self) -> Names:
        """All genres that the tracks have now, each once."""
        return tuple(dict.fromkeys(name for track in self.tracks for name in track.before))

    @property
    def artist(self) -> str:
        """The artist of most of the tracks; empty where none has one."""
        artists = Counter(track.artist for track in self.tracks if track.artist)
        return artists.most_common(1)[0][0] if artists else ""


def list_items(
    units: Iterable[LibraryUnit], entries: Sequence[LibraryEntry]
) -> tuple[ReviewItem, ...]:
    """Return what waits for a decision, in the order of `units`."""
    return tuple(_make_item(unit, entries) for unit in units if unit.reasons and unit.settled)


def _make_item(unit: LibraryUnit, entries: Sequence[LibraryEntry]) -> ReviewItem:
    present = Counter(entries[n].genres for n in unit.members if entries[n].genres)
    return ReviewItem(
        unit.kind,
        unit.name,
        tuple(_make_track(entries[n]) for n in unit.settled),
        unit.genres,
        unit.reasons,
        tuple(present.most_common()),
    )


def _make_track(entry: LibraryEntry) -> ReviewTrack:
    outcome, own = entry.outcome, entry.own
    genres = own.genres if own else ()
    return ReviewTrack(outcome.path, entry.title, entry.artist, outcome.before, genres)


class UnsureItems:
    """Collects what a run leaves to a person, while its outcomes pass."""

    def __init__(self) -> None:
        self._tracks: defaultdict[int, list[ReviewTrack]] = defaultdict(list)
        self._units: dict[int, Unit] = {}

    def watch(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Yield the same outcomes; keep little of the unsure ones, as they may be very many."""
        for outcome in outcomes:
            if isinstance(outcome, Unsure):
                self._add(outcome)
            yield outcome

    def _add(self, outcome: Outcome) -> None:
        own = outcome.own or outcome.prediction
        genres = own.genres if own else ()
        # By identity: two albums may have the same values.
        key = id(outcome.unit) if outcome.unit else -len(self._tracks) - 1
        if outcome.unit:
            self._units[key] = outcome.unit
        track = ReviewTrack(outcome.path, outcome.path.name, "", outcome.before, genres)
        self._tracks[key].append(track)

    def list_items(self) -> tuple[ReviewItem, ...]:
        """Return the items, first those where one decision settles most tracks."""
        items = [self._make_item(key, tuple(tracks)) for key, tracks in self._tracks.items()]
        return tuple(sorted(items, key=lambda item: -len(item.tracks)))

    def _make_item(self, key: int, tracks: tuple[ReviewTrack, ...]) -> ReviewItem:
        if unit := self._units.get(key):
            return ReviewItem(unit.kind, unit.name, tracks, unit.genres)
        return ReviewItem("track", tracks[0].path.name, tracks, tracks[0].genres)
