"""Decides what to write into a file, from its genres and its prediction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from genretag.domain.change import TagChange
from genretag.domain.distribution import (
    contradicts,
    distribute,
    drop_none,
    explain_full,
    find_empty,
)
from genretag.domain.family import Choice, choose
from genretag.domain.genre import Family, Names, distinct
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.naming import Naming, Spellings
from genretag.domain.outcome import Outcome, Planned, Unchanged, Unsure
from genretag.domain.placeholder import drop_placeholders, parse_placeholders
from genretag.domain.places import (
    COMMENT,
    GENRE,
    PLAIN_ROUTING,
    FieldChange,
    Place,
    Routing,
)
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
        is_multilabel: whether each genre scores by itself; those after the best must then reach
            the threshold as well.
        max_genres: how many genres `add` may leave in a file, at least 1.
        naming: the names under which genres are written.
        families: those of the model; the name of one is written where no genre is sure, but it is.
        broader: families of the model that are only written above a genre of them.
        layout: how several genres are stored.
        placeholders: folded names of genres in files that count as none.
        routing: the places where families and styles are written.

    Raises:
        ValueError: a value is out of range.
    """

    mode: PolicyMode = "fill"
    threshold: float = 0.5
    unit_threshold: float | None = None
    top_k: int = 1
    is_multilabel: bool = False
    max_genres: int = 5
    naming: Naming = field(default_factory=Naming)
    families: tuple[Family, ...] = ()
    broader: tuple[Family, ...] = ()
    layout: Layout = PLAIN
    placeholders: frozenset[str] = field(default_factory=parse_placeholders)
    routing: Routing = PLAIN_ROUTING

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

    def with_spellings(self, spellings: Spellings) -> "TagPolicy":
        """Return the policy for a library that spells genres so."""
        return replace(self, naming=self.naming.with_spellings(spellings))

    def choose(self, prediction: Prediction) -> Choice | None:
        """Return the genre or the family that a prediction is sure of; None if it is unsure."""
        return choose(prediction.genres, self.families, self.threshold)

    def real(self, genres: tuple[str, ...]) -> tuple[str, ...]:
        """Return `genres` without those that count as none."""
        return drop_placeholders(genres, self.placeholders)

    def find_open(self, track: Track) -> tuple[Place, ...]:
        """Return the places that may be written in a file.

        A comment that is more than a list of genres is somebody's own, and stays whatever the mode.
        """
        empty = find_empty(track, self.routing.places, self.placeholders)
        if self.mode == "fill":
            return empty
        return tuple(
            place
            for place in self.routing.places
            if place in empty or (place not in track.no_room and self._is_replaceable(track, place))
        )

    def _is_replaceable(self, track: Track, place: Place) -> bool:
        return place != COMMENT or all(map(self.naming.taxonomy.find, track.values(place)))


def selection(policy: TagPolicy, video: bool = False) -> Selection:
    """Return which tracks must be scored for `policy`; films only with `video`."""
    tagging: TagState = "untagged" if policy.mode == "fill" else "any"
    return Selection(tagging, policy.placeholders, video, policy.routing.places)


def select_confident(prediction: Prediction, policy: TagPolicy) -> list[ScoredGenre]:
    """Return the genres, or the one family, whose scores are high enough; best first."""
    choice = policy.choose(prediction)
    if choice is None or choice.family:
        return [choice.best] if choice else []
    floor = RUNNER_UP * choice.best.score
    if policy.is_multilabel:
        floor = max(floor, policy.threshold)
    return [genre for genre in prediction.genres[: policy.top_k] if genre.score >= floor]


def merge_genres(before: Names, new: Names, policy: TagPolicy, place: Place = GENRE) -> Names:
    """Merge new genres into those at a place: `add` keeps its own and their order, none twice.

    Placeholders go only if a genre takes their place.
    """
    if policy.mode == "replace":
        return new
    kept = drop_none(place, before, policy.placeholders)
    room = max(0, policy.max_genres - len(kept))
    distinct = policy.naming.distinct
    added = distinct((*kept, *new))[len(distinct(kept)) :][:room]
    return kept + added if added else before


def decide(
    track: Track, prediction: Prediction, policy: TagPolicy, names: tuple[str, ...] = ()
) -> Outcome:
    """Apply `policy` to the prediction for `track`: Planned, Unchanged or Unsure.

    `names` are written for its best genre in place of those that the policy has for it, unless the
    map drops that genre or changes one of them. Where the file has genres that say more than a new
    one, these stay in its place.
    """
    if not policy.find_open(track):
        return _keep(Unchanged, track, prediction, _explain_closed(track, policy))
    choice = policy.choose(prediction)
    if choice is None:
        silent = "nothing but silence was heard"
        reason = f"best score is below {policy.threshold:.2f}" if prediction.genres else silent
        return _keep(Unsure, track, prediction, reason)
    outcome = _decide_names(track, prediction, policy, () if choice.family else names, choice)
    return replace(outcome, family=choice.scored_family)


def _decide_names(
    track: Track, prediction: Prediction, policy: TagPolicy, given: Names, choice: Choice
) -> Outcome:
    """Return what a sure prediction changes; `given` names go before those of its genres."""
    naming, best = policy.naming, choice.best.name
    genres = [genre.name for genre in select_confident(prediction, policy)]
    genres = [genre for genre in genres if naming.genre_map.names(genre)]
    if not genres:
        return _keep(Unchanged, track, prediction, f"the map drops {best}")
    if any(map(naming.genre_map.changes, given)):
        given = ()
    new = naming.distinct(name for one in given for name in naming.keep(one))
    places = policy.find_open(track)
    present = _list_present(track, policy)
    narrower = [_list_narrower(genre, choice.family, present, policy) for genre in genres]
    if not new:
        new = naming.distinct(_list_names(genres, narrower, naming))
    families = policy.families or policy.broader
    if policy.mode == "fill" and contradicts(new, policy.real(track.genres), naming, families):
        return _keep(Unchanged, track, prediction, "its genre says otherwise")
    wanted = distribute(new, policy.routing, naming, families)
    after = {
        place: merge_genres(track.values(place), wanted[place], policy, place)
        for place in places
        if place in wanted
    }
    changed = {place: names for place, names in after.items() if names != track.values(place)}
    if any(narrower) and not changed:
        return _keep(Unchanged, track, prediction, "has a narrower genre")
    if not new:
        return _keep(Unchanged, track, prediction, f"the whitelist allows nothing for {best}")
    if not after:
        return _keep(Unchanged, track, prediction, "no style is sure")
    if not changed:
        return _keep(Unchanged, track, prediction, "has these genres already")
    change = TagChange(
        track.path,
        track.container or "",
        track.genres,
        changed.pop(GENRE, track.genres),
        policy.layout,
        track.stamp,
        fields=tuple(
            FieldChange(place, track.values(place), names) for place, names in changed.items()
        ),
    )
    lost = tuple(why for place, why in track.no_room.items() if place in wanted)
    return replace(Planned.of(change, prediction), notes=lost)


def _explain_closed(track: Track, policy: TagPolicy) -> str:
    own_comment = policy.mode != "fill" and COMMENT in policy.routing.places
    return "has a comment of its own" if own_comment else explain_full(track, policy.routing.places)


def _list_present(track: Track, policy: TagPolicy) -> Names:
    """Return the genres that a file has at the places of genres and styles."""
    places = (GENRE, *policy.routing.places)
    return distinct(
        name for place in places if place != COMMENT for name in policy.real(track.values(place))
    )


def _list_narrower(genre: str, family: Family | None, present: Names, policy: TagPolicy) -> Names:
    """Return the genres of a file that say more than one to be written, or than a family."""
    naming = policy.naming
    members = family.genres if family else ()
    called = [name for one in members for name in (one, *naming.genre_map.names(one)[:1])]
    return tuple(
        name
        for name in present
        if naming.says_more(name, (genre, *naming.names(genre)[:1]), called)
        and naming.genre_map.names(name)
        # `replace` writes the file's own anew, and may not write all.
        and (policy.mode == "add" or naming.allows(name))
    )


def _list_names(genres: Sequence[str], narrower: Sequence[Names], naming: Naming) -> Iterator[str]:
    """Yield what to write for genres, the narrower ones of a file in the place of each broader.

    In the same way new genres stand in the place of broader new ones, which say nothing more.
    """
    groups = [
        [naming.keep(name) for name in own if naming.allows(name)] if own else [naming.names(genre)]
        for genre, own in zip(genres, narrower, strict=True)
    ]
    written = [names for group in groups for names in group if names]
    for genre, own, group in zip(genres, narrower, groups, strict=True):
        above = (genre, *naming.names(genre)[:1])
        below = [names for names in written if _says_more(names, above, naming)]
        instead = [
            names for names in below if not any(_says_more(one, names[:1], naming) for one in below)
        ]
        kept = group if own or not instead else []
        yield from (name for names in (*kept, *instead) for name in names)


def _says_more(names: Names, above: Names, naming: Naming) -> bool:
    is_same = any(naming.taxonomy.is_same(names[0], one) for one in above)
    return not is_same and naming.says_more(names[0], above)


def _keep(kind: type[Outcome], track: Track, prediction: Prediction, reason: str) -> Outcome:
    same = track.genres
    return kind(path=track.path, before=same, after=same, prediction=prediction, reason=reason)
