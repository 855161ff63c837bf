"""Items that wait for a person's decision: albums, songs of an artist and single tracks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.domain.decision import parse_genres
from genretag.domain.genre import Names
from genretag.domain.library import LibraryEntry, LibraryUnit, Reason
from genretag.domain.naming import Naming, find_spellings
from genretag.domain.outcome import Outcome, Unsure
from genretag.domain.prediction import ScoredGenre
from genretag.domain.tagging import TagPolicy
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
        is_calibrated: whether scores are.
    """

    path: Path
    title: str
    artist: str
    before: Names
    genres: tuple[ScoredGenre, ...]
    is_calibrated: bool = True


@dataclass(frozen=True)
class ReviewItem:
    """Tracks of an album or of an artist, or one track, that one decision settles.

    Attributes:
        kind: what the tracks have in common.
        name: for people.
        tracks: those that the decision is for, one at least.
        guesses: of the model for all together, best first, by the names that files would get,
            several with `; ` between; empty if all is silent or none may be written.
        reasons: why a person should decide; none if that was done and is to be carried out.
        present: the genres that the tracks and the others of the unit have now, with the number
            of tracks; most frequent first.
    """

    kind: UnitKind
    name: str
    tracks: tuple[ReviewTrack, ...]
    guesses: tuple[ScoredGenre, ...]
    reasons: tuple[Reason, ...] = ("unsure",)
    present: tuple[tuple[Names, int], ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that the decision is for."""
        return tuple(track.path for track in self.tracks)

    @property
    def before(self) -> Names:
        """All genres that the tracks have now, each once."""
        return tuple(dict.fromkeys(name for track in self.tracks for name in track.before))

    @property
    def is_silent(self) -> bool:
        """Whether none of the tracks has a sound that the model could score."""
        return not any(track.genres for track in self.tracks)

    @property
    def is_calibrated(self) -> bool:
        """Whether the scores of the guesses are."""
        return all(track.is_calibrated for track in self.tracks)

    @property
    def artist(self) -> str:
        """The artist of most of the tracks; empty where none has one."""
        artists = Counter(track.artist for track in self.tracks if track.artist)
        return artists.most_common(1)[0][0] if artists else ""


def name_guesses(genres: Iterable[ScoredGenre], naming: Naming) -> tuple[ScoredGenre, ...]:
    """Return the best genres under the names that files would get; none of them twice.

    A genre that may not be written is left out.
    """
    named: dict[str, ScoredGenre] = {}
    for genre in genres:
        if name := "; ".join(naming.names(genre.name)):
            named.setdefault(name, ScoredGenre(name, genre.score))
        if len(named) == GUESSES:
            break
    return tuple(named.values())


def list_items(
    units: Iterable[LibraryUnit],
    entries: Sequence[LibraryEntry],
    naming: Naming,
    is_kept: Callable[[Path], bool] = lambda path: False,
) -> tuple[ReviewItem, ...]:
    """Return what waits for a decision or for its being carried out, in the order of `units`.

    Args:
        units: of `entries`.
        entries: files of the library.
        naming: of the guesses.
        is_kept: tells whether a decision for a file waits. Where others of an album are written
            already, the model may be in no doubt any more.
    """
    items = (_make_item(unit, entries, naming, is_kept) for unit in units)
    return tuple(filter(None, items))


def _make_item(
    unit: LibraryUnit,
    entries: Sequence[LibraryEntry],
    naming: Naming,
    is_kept: Callable[[Path], bool],
) -> ReviewItem | None:
    """Return an item with the tracks of a unit that wait; None if there are none."""
    doubtful = set(unit.settled if unit.reasons else ())
    waiting = (n for n in unit.members if n in doubtful or is_kept(entries[n].outcome.path))
    chosen = [entries[n] for n in waiting]
    tracks = tuple(_make_track(entry.outcome, entry.title, entry.artist) for entry in chosen)
    if not tracks:
        return None
    present = Counter(entries[n].genres for n in unit.members if entries[n].genres)
    return ReviewItem(
        unit.kind,
        _name_track(tracks[0]) if unit.kind == "track" else unit.name,
        tracks,
        name_guesses(unit.genres, naming),
        unit.reasons,
        tuple(present.most_common()),
    )


def _name_track(track: ReviewTrack) -> str:
    return " / ".join(filter(None, (track.artist or track.path.parent.name, track.title)))


def _make_track(outcome: Outcome, title: str, artist: str = "") -> ReviewTrack:
    own = outcome.own or outcome.prediction
    genres, is_calibrated = (own.genres, own.is_calibrated) if own else ((), True)
    return ReviewTrack(outcome.path, title, artist, outcome.before, genres, is_calibrated)


class UnsureItems:
    """Collects what a run leaves to a person, while its outcomes pass."""

    def __init__(self, policy: TagPolicy) -> None:
        self._policy = policy
        self._given: Counter[Names] = Counter()
        self._tracks: defaultdict[int, list[ReviewTrack]] = defaultdict(list)
        self._units: dict[int, Unit] = {}

    def watch(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Yield the same outcomes; keep little of the unsure ones, as they may be very many."""
        for outcome in outcomes:
            self._given[outcome.before] += 1
            if isinstance(outcome, Unsure):
                self._add(outcome)
            yield outcome

    def _add(self, outcome: Outcome) -> None:
        # By identity: two albums may have the same values.
        key = id(outcome.unit) if outcome.unit else -len(self._tracks) - 1
        if outcome.unit:
            self._units[key] = outcome.unit
        self._tracks[key].append(_make_track(outcome, outcome.path.name))

    def list_items(self) -> tuple[ReviewItem, ...]:
        """Return the items, first those where one decision settles most tracks."""
        naming, placeholders = self._policy.naming, self._policy.placeholders
        spellings = find_spellings(self._given.elements(), naming, placeholders)
        naming = naming.with_spellings(spellings)
        items = [self._make_item(key, naming) for key in self._tracks]
        return tuple(sorted(items, key=lambda item: -len(item.tracks)))

    def _make_item(self, key: int, naming: Naming) -> ReviewItem:
        tracks, unit = tuple(self._tracks[key]), self._units.get(key)
        if unit:
            return ReviewItem(unit.kind, unit.name, tracks, name_guesses(unit.genres, naming))
        [track] = tracks
        return ReviewItem("track", _name_track(track), tracks, name_guesses(track.genres, naming))


def read_answer(item: ReviewItem, answer: str) -> Names:
    """Return the genres that an answer means: a guess by its number, or names.

    Raises:
        ValueError: it makes no sense; says why.
    """
    if answer.isascii() and answer.isdigit():
        number = int(answer)
        if not 1 <= number <= len(item.guesses):
            raise ValueError(f"there is no guess {number}")
        answer = item.guesses[number - 1].name
    return parse_genres(answer)


def matches(item: ReviewItem, words: str) -> bool:
    """Tell whether each of some words is in the name, the guesses or the tracks of an item."""
    texts = [item.name, *item.before, *(one.name for one in item.guesses)]
    texts += [text for track in item.tracks for text in (track.title, track.artist)]
    text = "\n".join(texts).casefold()
    return all(word in text for word in words.casefold().split())
