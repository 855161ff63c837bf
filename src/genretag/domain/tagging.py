"""Decides what to write into a file, from its genres and its prediction."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from genretag.domain.change import TagChange
from genretag.domain.family import Choice, choose
from genretag.domain.genre import Family, distinct, fold_name
from genretag.domain.genre_map import IDENTITY_MAP, GenreMap
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.outcome import Outcome, Planned, Unchanged, Unsure
from genretag.domain.placeholder import drop_placeholders, parse_placeholders
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.selection import Selection, TagState
from genretag.domain.track import Track
from genretag.domain.unit import Source

PolicyMode = Literal["fill", "replace", "add"]

RUNNER_UP = 0.5
"""A further genre is written if it scores at least this share of the best one's score."""


@dataclass(frozen=True)
class TagPolicy:
    """How predictions become tags.

    Attributes:
        mode: `fill` writes only where there is no genre, `replace` overwrites, `add` appends.
        threshold: nothing is written if the best score is below it, in [0, 1], and that of each
            family.
        unit_threshold: the same for scores of several tracks together; None for `threshold`.
        top_k: how many genres of the model are taken at most, at least 1; those after the best
            must score at least half as much.
        max_genres: how many genres `add` may leave in a file, at least 1.
        genre_map: names under which genres are written.
        families: those of the model; the name of one is written where no genre is sure, but it is.
        layout: how several genres are stored.
        placeholders: folded names of genres in files that count as none.

    Raises:
        ValueError: a value is out of range.
    """

    mode: PolicyMode = "fill"
    threshold: float = 0.5
    unit_threshold: float | None = None
    top_k: int = 1
    max_genres: int = 5
    genre_map: GenreMap = IDENTITY_MAP
    families: tuple[Family, ...] = ()
    layout: Layout = PLAIN
    placeholders: frozenset[str] = field(default_factory=parse_placeholders)

    def __post_init__(self) -> None:
        if self.mode not in get_args(PolicyMode):
            raise ValueError(f"policy {self.mode!r} is none of {get_args(PolicyMode)}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"the threshold must lie in [0, 1], not {self.threshold}")
        if self.top_k < 1 or self.max_genres < 1:
            raise ValueError("top-k and max-genres must be at least 1")

    def for_units(self) -> "TagPolicy":
        """Return the policy for scores of several tracks together."""
        return self if self.unit_threshold is None else replace(self, threshold=self.unit_threshold)

    def for_source(self, source: Source | None) -> "TagPolicy":
        """Return the policy for scores of a track's own sound, or else of several tracks."""
        return self if source in (None, "heard") else self.for_units()

    def choose(self, prediction: Prediction) -> Choice | None:
        """Return the genre or the family that a prediction is sure of; None if it is unsure."""
        return choose(prediction.genres, self.families, self.threshold)

    def real(self, genres: tuple[str, ...]) -> tuple[str, ...]:
        """Return `genres` without those that count as none."""
        return drop_placeholders(genres, self.placeholders)


def selection(policy: TagPolicy, video: bool = False) -> Selection:
    """Return which tracks must be scored for `policy`; films only with `video`."""
    tagging: TagState = "untagged" if policy.mode == "fill" else "any"
    return Selection(tagging, policy.placeholders, video)


def select_confident(prediction: Prediction, policy: TagPolicy) -> list[ScoredGenre]:
    """Return the genres, or the one family, whose scores are high enough; best first."""
    choice = policy.choose(prediction)
    if choice is None or choice.family:
        return [choice.best] if choice else []
    floor = RUNNER_UP * choice.best.score
    return [genre for genre in prediction.genres[: policy.top_k] if genre.score >= floor]


def map_genres(genres: Iterable[ScoredGenre], policy: TagPolicy) -> tuple[str, ...]:
    """Return the names of genres by the policy's map, each once; none for dropped ones."""
    return distinct(name for genre in genres for name in policy.genre_map.names(genre.name))


def merge_genres(
    before: tuple[str, ...], new: tuple[str, ...], policy: TagPolicy
) -> tuple[str, ...]:
    """Merge new genres into those of a file: `add` keeps its own and their order, none twice.

    Placeholders go only if a genre takes their place.
    """
    if policy.mode == "replace":
        return new
    kept = policy.real(before)
    room = max(0, policy.max_genres - len(kept))
    added = distinct((*kept, *new))[len(distinct(kept)) :][:room]
    return kept + added if added else before


def decide(
    track: Track, prediction: Prediction, policy: TagPolicy, names: tuple[str, ...] = ()
) -> Outcome:
    """Apply `policy` to the prediction for `track`: Planned, Unchanged or Unsure.

    `names` are written for its best genre in place of those that the policy's map has, unless the
    map drops that genre or changes one of them. In place of a family's name, those of its genres
    are written that the file has already, as they say more.
    """
    if policy.mode == "fill" and policy.real(track.genres):
        return _keep(Unchanged, track, prediction, "has a genre")
    choice = policy.choose(prediction)
    if choice is None:
        silent = "nothing but silence was heard"
        reason = f"best score is below {policy.threshold:.2f}" if prediction.genres else silent
        return _keep(Unsure, track, prediction, reason)
    if choice.family:
        names = _list_present(choice.family, track.genres, policy.genre_map)
    outcome = _decide_names(track, prediction, policy, names)
    return replace(outcome, family=choice.scored_family)


def _list_present(family: Family, genres: tuple[str, ...], genre_map: GenreMap) -> tuple[str, ...]:
    present = set(map(fold_name, genres))
    written = {genre: genre_map.names(genre) for genre in family.genres}
    return distinct(
        name
        for genre, names in written.items()
        if not present.isdisjoint(map(fold_name, (genre, *names[:1])))
        for name in names
    )


def _decide_names(
    track: Track, prediction: Prediction, policy: TagPolicy, names: tuple[str, ...]
) -> Outcome:
    """Return what a sure prediction changes; `names`, if any, go before those of the map."""
    best = select_confident(prediction, policy)
    mapped = map_genres(best, policy)
    if not mapped:
        return _keep(Unchanged, track, prediction, f"the map drops {best[0].name}")
    as_given = names and not any(map(policy.genre_map.changes, names))
    after = merge_genres(track.genres, names if as_given else mapped, policy)
    if after == track.genres:
        return _keep(Unchanged, track, prediction, "has these genres already")
    change = TagChange(
        track.path, track.container or "", track.genres, after, policy.layout, track.stamp
    )
    return Planned.of(change, prediction)


def _keep(kind: type[Outcome], track: Track, prediction: Prediction, reason: str) -> Outcome:
    same = track.genres
    return kind(path=track.path, before=same, after=same, prediction=prediction, reason=reason)
