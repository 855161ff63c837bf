"""Finds the albums and artists of a library whose genres contradict each other or are in doubt."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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

_INDEPENDENT = Pooling(
    outlier=0,
    weight=1,
    correlation=0,
    agreement=0,
    vote=0,
    coherent=0.5,
    coherent_folder=0.5,
    threshold=0,
    apart=1,
)
"""For a model that cannot pool: no track says anything of another, and scores are just averaged."""


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
    groups: Iterable[Group], entries: Sequence[LibraryEntry], rules: UnitRules
) -> tuple[LibraryUnit, ...]:
    """Return the units of two tracks or more: contradictory ones first, then doubtful ones.

    Among contradictory ones come first those with more reasons, then the surest; among the
    others, the least sure.

    Args:
        groups: by the positions of their tracks in `entries`.
        entries: files of the library.
        rules: by what to judge.
    """
    units = [_judge(group, entries, rules) for group in groups if len(group.members) > 1]
    return tuple(sorted(units, key=_order))


def _order(unit: LibraryUnit) -> tuple[int, int, float]:
    score = unit.best.score if unit.best else 0.0
    if unit.is_contradictory:
        return 0, -len(unit.reasons), -score
    return (1 if unit.reasons else 2), 0, score


def _judge(group: Group, entries: Sequence[LibraryEntry], rules: UnitRules) -> LibraryUnit:
    own = [entries[member] for member in group.members]
    sound = _score_sound(group, own, rules)
    genres = _find_decision(group, own) or sound
    choice, heard = rules.choose(genres), rules.choose(sound)
    return LibraryUnit(
        group.kind,
        group.name,
        group.members,
        genres,
        heard.best if heard else next(iter(sound), None),
        tuple(_find_reasons(own, genres, sound, rules)),
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
        rules.pooling or _INDEPENDENT,
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
    tagged = dict.fromkeys(entry.genres for entry in entries if entry.genres)
    if len(tagged) > 1 and not _share_a_genre(tagged, rules):
        yield "tags"
    heard = rules.choose(sound)
    if tagged and heard:
        said = tuple(rules.list_names(heard))
        if not any(rules.any_related(said, genres) for genres in tagged):
            yield "sound"
    if any(_is_apart(entry, rules) for entry in entries):
        yield "apart"
    if genres and any(entry.is_open for entry in entries):
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
