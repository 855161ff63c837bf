"""What to write into a file, decided from what it holds and what was heard."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from genretag.domain.change import TagChange
from genretag.domain.genre import distinct
from genretag.domain.genre_map import AS_THEY_ARE, GenreMap
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.outcome import Outcome, Planned, Unchanged, Unsure
from genretag.domain.placeholder import placeholders, real
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.selection import Selection, Tagging
from genretag.domain.track import Track

PolicyMode = Literal["fill", "replace", "add"]

RUNNER_UP = 0.5
"""A further genre is written if it scores at least this share of the best one's score."""


@dataclass(frozen=True)
class TagPolicy:
    """How predictions become tags.

    `fill` writes only where there is no genre, `replace` overwrites, `add` appends up to
    `max_genres` in all.
    Below `threshold` nothing is written. Of the model's genres the best is taken, and up to
    `top_k` in all if they score at least half as much. They are written under the names that
    `genre_map` gives them, laid out by `layout`. Genres of a file whose folded name is one of
    `placeholders` count as none.
    """

    mode: PolicyMode = "fill"
    threshold: float = 0.5
    top_k: int = 1
    max_genres: int = 5
    genre_map: GenreMap = AS_THEY_ARE
    layout: Layout = PLAIN
    placeholders: frozenset[str] = field(default_factory=placeholders)

    def __post_init__(self) -> None:
        if self.mode not in get_args(PolicyMode):
            raise ValueError(f"policy {self.mode!r} is none of {get_args(PolicyMode)}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"the threshold must lie in [0, 1], not {self.threshold}")
        if self.top_k < 1 or self.max_genres < 1:
            raise ValueError("top-k and max-genres must be at least 1")

    def real(self, genres: tuple[str, ...]) -> tuple[str, ...]:
        """`genres` without those that count as none."""
        return real(genres, self.placeholders)


def selection(policy: TagPolicy, video: bool = False) -> Selection:
    """Return which tracks must be scored for `policy`; films only with `video`."""
    tagging: Tagging = "untagged" if policy.mode == "fill" else "any"
    return Selection(tagging, policy.placeholders, video)


def sure(prediction: Prediction, policy: TagPolicy) -> list[ScoredGenre]:
    """The genres sure enough to be written, best first; none if the best is below the threshold."""
    # Put this way round, a score that is not a number is never enough.
    if not (prediction.genres and prediction.genres[0].score >= policy.threshold):
        return []
    floor = RUNNER_UP * prediction.genres[0].score
    return [genre for genre in prediction.genres[: policy.top_k] if genre.score >= floor]


def named(best: Iterable[ScoredGenre], policy: TagPolicy) -> tuple[str, ...]:
    """What these genres are called under the policy's map; nothing if it drops them."""
    return distinct(name for genre in best for name in policy.genre_map.names(genre.name))


def merged(before: tuple[str, ...], new: tuple[str, ...], policy: TagPolicy) -> tuple[str, ...]:
    """The genres after the policy: `add` keeps the real ones and their order, none twice.

    Placeholders go only where a genre comes.
    """
    if policy.mode == "replace":
        return new
    kept = policy.real(before)
    room = max(0, policy.max_genres - len(kept))
    added = distinct((*kept, *new))[len(distinct(kept)) :][:room]
    return kept + added if added else before


def decide(track: Track, prediction: Prediction, policy: TagPolicy) -> Outcome:
    """Planned, Unchanged or Unsure: what `policy` makes of what was heard in `track`."""
    if policy.mode == "fill" and policy.real(track.genres):
        return _left(Unchanged, track, prediction, "has a genre")
    best = sure(prediction, policy)
    if not best:
        silent = "nothing but silence was heard"
        reason = f"best score is below {policy.threshold:.2f}" if prediction.genres else silent
        return _left(Unsure, track, prediction, reason)
    names = named(best, policy)
    if not names:
        return _left(Unchanged, track, prediction, f"the map drops {best[0].name}")
    after = merged(track.genres, names, policy)
    if after == track.genres:
        return _left(Unchanged, track, prediction, "has these genres already")
    change = TagChange(
        track.path, track.container or "", track.genres, after, policy.layout, track.stamp
    )
    return Planned.of(change, prediction)


def _left(kind: type[Outcome], track: Track, prediction: Prediction, reason: str) -> Outcome:
    same = track.genres
    return kind(path=track.path, before=same, after=same, prediction=prediction, reason=reason)
