"""Decides which scores count for each track of a unit: its own, or those of all."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genretag.domain.family import choose
from genretag.domain.genre import Family, Names, fold_name
from genretag.domain.metrics import Probabilities
from genretag.domain.pooling import Pooling, Votes, pool, unit_scores
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.unit import Source, Unit, UnitKind

Meaning = Callable[[Names], str | None]
"""From the genres in a file to the genre of the model that they mean; None for none."""


IsNarrow = Callable[[Names], bool]
"""Tells whether the genres in a file say more than the genre of the model that they mean."""


@dataclass(frozen=True)
class Members:
    """The tracks of a unit, and how they hang together.

    Attributes:
        kind: what they have in common.
        name: for people.
        predictions: those of the tracks to decide, and of others whose sound counts.
        undecided: positions among `predictions` of the tracks to decide.
        given: the genres that persons gave the tracks that are decided already.
        is_tagged: whether tags say that they belong together.
        is_release: whether all of them must get a genre, or none.
    """

    kind: UnitKind
    name: str
    predictions: tuple[Prediction, ...]
    undecided: tuple[int, ...]
    given: tuple[Names, ...] = ()
    is_tagged: bool = True
    is_release: bool = False

    @property
    def size(self) -> int:
        """The number of tracks that say something about the unit."""
        return len(self.predictions) + len(self.given)


@dataclass(frozen=True)
class Verdict:
    """What counts for one track.

    Attributes:
        prediction: the scores that decide.
        source: whose they are.
        unit: the tracks that were looked at together; None for a track by itself.
        names: under which the library has the best genre; empty if nobody gave it.
    """

    prediction: Prediction
    source: Source = "heard"
    unit: Unit | None = None
    names: Names = ()


def decide_together(
    members: Members,
    pooling: Pooling | None,
    threshold: float,
    meaning: Meaning,
    families: Sequence[Family] = (),
    is_narrow: IsNarrow = lambda names: False,
) -> list[Verdict]:
    """Return a verdict for each track to decide, in the order of `undecided`.

    The best genre of the unit goes to all its tracks if it reaches the threshold, or else its best
    family; but a track that is surely of another genre by its own sound keeps that, unless persons
    gave the unit's best to others. Where neither reaches it, an album by its tags stays as it is,
    and in other units each track is decided by its own scores in the light of all.

    Args:
        members: two tracks or more, one of them to decide.
        pooling: parameters of the model of units; without them all tracks get what their mean
            scores say, and none stands apart.
        threshold: from which a genre is written, in [0, 1].
        meaning: of genres that persons gave.
        families: of the model's genres.
        is_narrow: of genres that persons gave; such go only to all if half of the tracks have them.
    """
    columns, given = _add_given(members, meaning)
    votes = {column: len(names) for column, names in given.items()}
    # Of all tracks, not only of those to decide: a run that goes on must find what it found before.
    if pooling is None:
        shares, apart = average(members, columns, votes), np.zeros(len(members.predictions), bool)
        pooled = np.tile(shares, (len(members.predictions), 1))
    else:
        own, pooled = _pool_audible(members, columns, pooling, votes)
        shares, apart = agree(pooled, own, pooling.apart)
    ranked = rank_genres(columns, shares)
    unit = Unit(members.kind, members.name, members.size, ranked, len(members.undecided))
    best, passes = int(shares.argmax()), choose(ranked, families, threshold) is not None

    def verdict(position: int, is_apart: bool) -> Verdict:
        alone, row = members.predictions[position], pooled[position]
        if passes and is_apart and best not in votes:
            return Verdict(alone, "heard", unit)
        follows = passes or members.is_release
        if not (follows or alone.genres):
            return Verdict(alone, "heard", unit)
        column = best if follows else int(row.argmax())
        genres = ranked if follows else rank_genres(columns, row)
        source = "library" if column in votes else _source(members.kind)
        names = _most_common_names(given.get(column, ()))
        if is_narrow(names) and 2 * given[column].count(names) < members.size:
            names = ()
        return Verdict(replace(alone, genres=genres), source, unit, names)

    return [verdict(position, bool(apart[position])) for position in members.undecided]


def _pool_audible(
    members: Members, columns: Sequence[str], pooling: Pooling, votes: Votes
) -> tuple[Probabilities, Probabilities]:
    """Return the scores of all tracks by their own sound, and in the light of all.

    Both are [n_tracks, n_columns]. Silent tracks say nothing and keep no album back: their pooled
    scores are those of the others. Where all are silent, only `votes` say something.
    """
    own = _own_scores(members.predictions, columns)
    audible = np.array([bool(one.genres) for one in members.predictions])
    audible = audible if audible.any() else ~audible
    heard = pool(own[audible], pooling, members.is_tagged, votes)
    pooled = np.tile(unit_scores(heard), (len(own), 1))
    pooled[audible] = heard
    return own, pooled


def agree(
    pooled: Probabilities, own: Probabilities, apart: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the scores of a unit, [n_genres], and which of its tracks are apart, [n_tracks].

    A track is apart if its best genre by its own sound is not that of the unit, and reaches
    `apart`; the unit's scores do without it.

    Args:
        pooled: [n_tracks, n_genres], in the light of all tracks.
        own: the same by each track's own sound.
        apart: in [0, 1].
    """
    common = unit_scores(pooled).argmax()
    is_apart: NDArray[np.bool_] = (own.argmax(axis=1) != common) & (own.max(axis=1) >= apart)
    if is_apart.all():
        is_apart[:] = False
    return unit_scores(pooled[~is_apart]), is_apart


def average(members: Members, columns: Sequence[str], votes: Votes) -> NDArray[np.float64]:
    """Return the mean scores of a unit's tracks, [n_columns], for a model that cannot pool.

    They are not calibrated: tracks of an album are taken neither to agree nor to be mistaken
    together. A genre that a person gave a track scores 1 there, and all others 0. Silent tracks
    say nothing.
    """
    audible = [one.genres for one in members.predictions if one.genres]
    scores = [{genre.name: genre.score for genre in genres} for genres in audible]
    sums = np.array([sum(one.get(name, 0.0) for one in scores) for name in columns])
    for column, count in votes.items():
        sums[column] += count
    return sums / max(len(audible) + sum(votes.values()), 1)


def _source(kind: UnitKind) -> Source:
    return "heard" if kind == "track" else kind


def _add_given(
    members: Members, meaning: Meaning
) -> tuple[list[str], Mapping[int, Sequence[Names]]]:
    """Return all genres that the unit may have, and what persons gave by its genre's position.

    The model's genres come first, then names that it does not know; those of one name in several
    spellings are one. Sound says nothing against such a name, so at least half of the tracks must
    have it: one odd tag does not make an album another.
    """
    known = next((one.genres for one in members.predictions if one.genres), ())
    columns = sorted(genre.name for genre in known)
    positions = {fold_name(name): position for position, name in enumerate(columns)}
    given: defaultdict[str, list[Names]] = defaultdict(list)
    for names in members.given:
        given[fold_name(meaning(names) or names[0])].append(names)
    for name, tagged in given.items():
        if name not in positions and 2 * len(tagged) >= members.size:
            positions[name] = len(columns)
            columns.append(tagged[0][0])
    return columns, {positions[name]: given[name] for name in given if name in positions}


def _own_scores(predictions: Sequence[Prediction], columns: Sequence[str]) -> Probabilities:
    """Return the scores of each track, [n_tracks, n_columns], rows sum to 1 or less.

    A genre that the model does not know may sound like any, so sound speaks neither for it nor
    against it. A silent track has equal scores.
    """
    rows = np.full((len(predictions), len(columns)), 1 / len(columns))
    for row, prediction in zip(rows, predictions, strict=True):
        if prediction.genres:
            known = {genre.name: genre.score for genre in prediction.genres}
            row[:] = [known.get(name, 1 / len(known)) for name in columns]
            row /= 1 + (len(columns) - len(known)) / len(known)
    return rows


def _most_common_names(given: Sequence[Names]) -> Names:
    """Return the genres that most tracks have, as they stand in most of them."""
    return Counter(given).most_common(1)[0][0] if given else ()
