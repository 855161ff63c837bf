"""What to write into a file, decided from what it holds and what was heard."""

from dataclasses import dataclass
from typing import Literal, get_args

from genretag.domain.genre import folded, player_safe
from genretag.domain.outcome import Outcome, Planned, Skipped, Unchanged, Unsure
from genretag.domain.prediction import Prediction
from genretag.domain.track import Track

PolicyMode = Literal["fill", "replace", "add"]

RUNNER_UP = 0.5
"""A further genre is written if it scores at least this share of the best one's score."""


@dataclass(frozen=True)
class TagPolicy:
    """How predictions become tags.

    `fill` writes only where there is no genre, `replace` overwrites, `add` appends up to
    `max_genres` in all. Below `threshold` nothing is written. Of the model's genres the
    best is taken, and up to `top_k` in all if they score at least half as much.
    """

    mode: PolicyMode = "fill"
    threshold: float = 0.5
    top_k: int = 1
    max_genres: int = 5

    def __post_init__(self) -> None:
        if self.mode not in get_args(PolicyMode):
            raise ValueError(f"policy {self.mode!r} is none of {get_args(PolicyMode)}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"the threshold must lie in [0, 1], not {self.threshold}")
        if self.top_k < 1 or self.max_genres < 1:
            raise ValueError("top-k and max-genres must be at least 1")


def settled(track: Track, policy: TagPolicy) -> Outcome | None:
    """The outcome of a track that need not be heard, or None: `fill` keeps any genre it finds."""
    if track.container is None:
        return Skipped(path=track.path, reason="genretag cannot tag this container")
    if policy.mode == "fill" and track.genres:
        return Unchanged(
            path=track.path, before=track.genres, after=track.genres, reason="has a genre"
        )
    return None


def chosen(prediction: Prediction, policy: TagPolicy) -> tuple[str, ...]:
    """The genres sure enough to be written, best first; none if the best is below the threshold."""
    if not prediction.genres or prediction.genres[0].score < policy.threshold:
        return ()
    floor = RUNNER_UP * prediction.genres[0].score
    best = [genre for genre in prediction.genres[: policy.top_k] if genre.score >= floor]
    return tuple(player_safe(genre.name) for genre in best)


def merged(before: tuple[str, ...], new: tuple[str, ...], policy: TagPolicy) -> tuple[str, ...]:
    """The genres after the policy: `add` keeps the existing ones and their order, none twice."""
    if policy.mode == "replace":
        return new
    known = {folded(name) for name in before}
    added = [name for name in new if folded(name) not in known]
    room = max(0, policy.max_genres - len(before))
    return before + tuple(added[:room])


def decide(track: Track, prediction: Prediction, policy: TagPolicy) -> Outcome:
    """Planned, Unchanged or Unsure: what `policy` makes of what was heard in `track`."""
    before = track.genres
    new = chosen(prediction, policy)
    after = merged(before, new, policy) if new else before
    kind: type[Outcome] = Planned
    reason = None
    if not prediction.genres:
        kind, reason = Unsure, "nothing but silence was heard"
    elif not new:
        kind, reason = Unsure, f"best score is below {policy.threshold:.2f}"
    elif after == before:
        kind, reason = Unchanged, "has these genres already"
    return kind(path=track.path, before=before, after=after, prediction=prediction, reason=reason)
