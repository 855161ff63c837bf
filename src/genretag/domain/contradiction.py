"""Finds the albums and artists of a library whose genres contradict each other or are in doubt."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product, starmap

from genretag.domain.family import Choice, choose
from genretag.domain.genre import Family, is_same_name
from genretag.domain.grouping import Group
from genretag.domain.library import LibraryEntry, LibraryUnit, Reason
from genretag.domain.pooling import Pooling
from genretag.domain.prediction import ScoredGenre
from genretag.domain.verdict import Members, decide_together

NEAR = 0.1
"""Scores that differ by less may well stand the other way round."""


@dataclass(frozen=True)
class UnitRules:
    """By what units are judged.

    Attributes:
        threshold: the score of a unit from which a genre is written, in [0, 1].
        names: returns all that a genre or a family of the model is called in tags.
        pooling: of the model; None if it has none.
        families: of the model's genres.
        is_related: tells whether two names do not contradict each other.
    """

    threshold: float
    names: Callable[[str], tuple[str, ...]]
    pooling: Pooling | None = None
    families: tuple[Family, ...] = ()
    is_related: Callable[[str, str], bool] = is_same_name

    def choose(self, genres: Sequence[ScoredGenre], slack: float = 0.0) -> Choice | None:
        """Return what is sure, or lacks no more than `slack` for it; None if nothing does."""
        return choose(genres, self.families, self.threshold - slack)

    def any_related(self, names: Iterable[str], others: Iterable[str]) -> bool:
        """Tell whether one of `names` does not contradict one of `others`."""
        return any(starmap(self.is_related, product(names, others)))

    def list_names(self, choice: Choice) -> Iterator[str]:
        """Yield all that a genre, or a family and its genres, are called in tags."""
        for name in choice.names:
            yield from self.names(name)


def list_units(
    groups: Iterable[Group], entries: Sequence[LibraryEntry], rules: UnitRules, least: int = 2
) -> tuple[LibraryUnit, ...]:
    """Return the units to look at, first those where one decision settles most tracks.

    Of equal ones, contradictory ones come before doubtful ones; those with more reasons, and then
    the surest, come first among the former, and the least sure among the latter. Units that
    nothing is wrong with come last.

    Args:
        groups: by the positions of their tracks in `entries`.
        entries: files of the library.
        rules: by what to judge.
        least: how many tracks a unit has at least.
    """
    units = [_judge(group, entries, rules) for group in groups if len(group.members) >= least]
    return tuple(sorted(units, key=_order))


def _order(unit: LibraryUnit) -> tuple[bool, int, bool, int, float]:
    score = unit.best.score if unit.best else 0.0
    reasons, score = (len(unit.reasons), -score) if unit.is_contradictory else (0, score)
    return not unit.reasons, -len(unit.settled), not unit.is_contradictory, -reasons, score


def _judge(group: Group, entries: Sequence[LibraryEntry], rules: UnitRules) -> LibraryUnit:
    own = [entries[member] for member in group.members]
    unit = _judge_one(group, own[0]) if len(own) == 1 else _judge_several(group, own, rules)
    settled = [member for member in group.members if _is_settled(entries[member], unit)]
    return replace(unit, settled=tuple(settled))


def _is_settled(entry: LibraryEntry, unit: LibraryUnit) -> bool:
    """Tell whether a decision for one genre of a unit is one for this file too."""
    return entry.is_unsure or (unit.is_contradictory and entry.own is not None)


def _judge_one(group: Group, entry: LibraryEntry) -> LibraryUnit:
    """Return the unit of a track that belongs to no others."""
    prediction = entry.outcome.prediction
    reasons: list[Reason] = ["sound"] if entry.disagrees and not entry.is_decided else []
    return LibraryUnit(
        group.kind,
        group.name,
        group.members,
        prediction.genres if prediction else (),
        entry.own_best,
        tuple(["unsure"] if entry.is_unsure else reasons),
        entry.sure_family.scored_family if entry.sure_family else None,
    )


def _judge_several(group: Group, entries: Sequence[LibraryEntry], rules: UnitRules) -> LibraryUnit:
    sound = _score_sound(group, entries, rules)
    genres = _find_decision(group, entries) or sound
    choice, heard = rules.choose(genres), rules.choose(sound)
    return LibraryUnit(
        group.kind,
        group.name,
        group.members,
        genres,
        heard.best if heard else next(iter(sound), None),
        tuple(_find_reasons(entries, genres, sound, rules)),
        choice.scored_family if choice else None,
    )


def _score_sound(
    group: Group, entries: Sequence[LibraryEntry], rules: UnitRules
) -> tuple[ScoredGenre, ...]:
    """Return the scores of a group by the sound of all its tracks, whatever their tags say."""
    predictions = tuple(entry.own for entry in entries if entry.own and entry.own.genres)
    if not predictions:
        return ()
    members = Members(
        group.kind,
        group.name,
        predictions,
        tuple(range(len(predictions))),
        is_tagged=group.is_tagged,
        is_release=group.is_release,
    )
    verdicts = decide_together(
        members,
        rules.pooling,
        rules.threshold,
        lambda names: None,
        rules.families,
    )
    unit = verdicts[0].unit
    return unit.genres if unit else ()


def _find_decision(group: Group, entries: Sequence[LibraryEntry]) -> tuple[ScoredGenre, ...]:
    """Return the scores by which this very group was decided; empty if it was not.

    An artist's songs on a compilation are decided under the same name as all that he made.
    """
    same = (group.kind, group.name, len(group.members))
    units = filter(None, (entry.outcome.unit for entry in entries))
    return next((one.genres for one in units if (one.kind, one.name, one.tracks) == same), ())


def _find_reasons(
    entries: Sequence[LibraryEntry],
    genres: tuple[ScoredGenre, ...],
    sound: tuple[ScoredGenre, ...],
    rules: UnitRules,
) -> Iterator[Reason]:
    if not all(entry.is_decided for entry in entries if entry.genres):
        yield from _find_contradictions(entries, sound, rules)
    if any(_is_apart(entry, rules) for entry in entries):
        yield "apart"
    doubts = tuple(_find_doubts(genres, rules)) if any(one.is_open for one in entries) else ()
    yield from doubts
    if not doubts and any(entry.is_unsure for entry in entries):
        yield "unsure"


def _find_contradictions(
    entries: Sequence[LibraryEntry], sound: tuple[ScoredGenre, ...], rules: UnitRules
) -> Iterator[Reason]:
    tagged = dict.fromkeys(entry.genres for entry in entries if entry.genres)
    if len(tagged) > 1 and not _share_a_genre(tagged, rules):
        yield "tags"
    heard = rules.choose(sound)
    if tagged and heard:
        said = tuple(rules.list_names(heard))
        if not any(rules.any_related(said, genres) for genres in tagged):
            yield "sound"


def _find_doubts(genres: tuple[ScoredGenre, ...], rules: UnitRules) -> Iterator[Reason]:
    choice = rules.choose(genres)
    if not choice and rules.choose(genres, slack=NEAR):
        yield "below"
    is_family = bool(choice and choice.family)
    if not is_family and len(genres) > 1 and genres[0].score - genres[1].score < NEAR:
        yield "close"


def _share_a_genre(tagged: Iterable[tuple[str, ...]], rules: UnitRules) -> bool:
    """Return whether one of the genres of some tracks contradicts none of the tracks."""
    names = dict.fromkeys(name for genres in tagged for name in genres)
    return any(all(rules.any_related([name], genres) for genres in tagged) for name in names)


def _is_apart(entry: LibraryEntry, rules: UnitRules) -> bool:
    """Return whether a track surely has another genre than those it was decided with."""
    unit = entry.outcome.unit
    if not (unit and unit.genres and entry.is_sure):
        return False
    choice = rules.choose(unit.genres)
    names = choice.names if choice else (unit.genres[0].name,)
    return not rules.any_related(names, entry.best_names)
