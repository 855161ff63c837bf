"""A person's way through what waits for a decision."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.domain.decision import Decision
from genretag.domain.genre import Names
from genretag.domain.grouping import fold_artist
from genretag.domain.review import ReviewItem
from genretag.domain.unit import Unit
from genretag.library.decisions import Decisions


@dataclass(frozen=True)
class Progress:
    """The progress of a review.

    Attributes:
        items: how many there are.
        decided_items: of these, how many are decided whole.
        tracks: in all items.
        decided_tracks: of these, how many are decided.
    """

    items: int
    decided_items: int
    tracks: int
    decided_tracks: int


class Review:
    """Items and what is decided for them. Each step is kept at once, and can be taken back.

    Args:
        items: in the order in which they are shown.
        decisions: keeps what is decided; what was decided in an earlier review counts, and can
            be taken back item by item.
    """

    def __init__(self, items: Sequence[ReviewItem], decisions: Decisions) -> None:
        self.items = tuple(items)
        self.decisions = decisions
        self._steps = self._find_earlier_steps()

    def _find_earlier_steps(self) -> list[dict[Path, Names]]:
        """Return what takes back the decisions of earlier reviews, the last at the end."""
        order = {path: n for n, path in enumerate(self.decisions.genres)}
        places = [
            {path: order[path.absolute()] for path in item.paths if self.find_genres(path)}
            for item in self.items
        ]
        places = sorted(filter(None, places), key=lambda one: max(one.values()))
        return [dict.fromkeys(one, ()) for one in places]

    @property
    def progress(self) -> Progress:
        """The number of items and tracks, and of those decided."""
        paths = [path for item in self.items for path in item.paths]
        return Progress(
            len(self.items),
            sum(map(self.is_decided, self.items)),
            len(paths),
            sum(bool(self.find_genres(path)) for path in paths),
        )

    def find_genres(self, path: Path) -> Names:
        """Return the genres that are decided for a file; none if it is not."""
        return self.decisions.genres.get(path.absolute(), ())

    def find_common(self, item: ReviewItem) -> Names:
        """Return the genres that are decided for all tracks of an item; none if they differ."""
        decided = {self.find_genres(path) for path in item.paths}
        return decided.pop() if len(decided) == 1 else ()

    def is_decided(self, item: ReviewItem) -> bool:
        """Tell whether all tracks of an item are decided."""
        return all(map(self.find_genres, item.paths))

    def find_by_artist(self, item: ReviewItem) -> tuple[ReviewItem, ...]:
        """Return the items by the artist of one, itself among them."""
        artist = fold_artist(item.artist)
        same = (one for one in self.items if artist and fold_artist(one.artist) == artist)
        return tuple(same) or (item,)

    def decide(self, paths: Iterable[Path], genres: Names) -> tuple[Path, ...]:
        """Record what files get, and return them; no genres take a decision back."""
        return self._step(dict.fromkeys(paths, genres))

    def keep(self, items: Iterable[ReviewItem]) -> tuple[Path, ...]:
        """Record that tracks keep the genres that they have, and return those that have any."""
        tracks = (track for item in items for track in item.tracks)
        return self._step({track.path: track.before for track in tracks if track.before})

    def _step(self, genres: dict[Path, Names]) -> tuple[Path, ...]:
        before = {path: self.find_genres(path) for path in genres}
        self._record(genres)
        self._steps.append(before)
        return tuple(genres)

    def undo(self) -> tuple[Path, ...]:
        """Take the last step back; return its files, none if there was no step."""
        if not self._steps:
            return ()
        self._record(self._steps[-1])
        return tuple(self._steps.pop())

    def _record(self, genres: dict[Path, Names]) -> None:
        # The next review may be started in another folder.
        self.decisions.record({path.absolute(): names for path, names in genres.items()})

    def list_decisions(self) -> Iterator[Decision]:
        """Yield what is decided for the items, the tracks of one with the same genres together."""
        for item in self.items:
            genres = dict.fromkeys(map(self.find_genres, item.paths))
            for names in filter(None, genres):
                paths = tuple(path for path in item.paths if self.find_genres(path) == names)
                unit = Unit(item.kind, item.name, len(item.paths), undecided=len(paths))
                expected = frozenset(item.before)
                yield Decision(names, paths, unit if len(paths) > 1 else None, expected)
