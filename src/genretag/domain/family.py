"""Decides what scores are sure of: a genre, or else a family of genres."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, isnan

from genretag.domain.genre import Family
from genretag.domain.prediction import ScoredGenre


@dataclass(frozen=True, slots=True)
class Choice:
    """A genre, or a family of genres, with its score.

    Attributes:
        best: its name and its score.
        family: the family; None for a genre.
    """

    best: ScoredGenre
    family: Family | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The name, and the genres of a family."""
        return (self.best.name, *(self.family.genres if self.family else ()))

    @property
    def scored_family(self) -> ScoredGenre | None:
        """The family with its score; None for a genre."""
        return self.best if self.family else None


def best_family(genres: Iterable[ScoredGenre], families: Iterable[Family]) -> Choice | None:
    """Return the family with the highest score, the sum of its genres' scores; None for none.

    Of equal ones it is the first by name. Sums are at most 1.

    >>> scored = (ScoredGenre("Pop", 0.4), ScoredGenre("Rock", 0.35), ScoredGenre("Metal", 0.25))
    >>> best_family(scored, [Family("Rock", ("Metal", "Rock"))]).best
    ScoredGenre(name='Rock', score=0.6)
    """
    scores = {genre.name: genre.score for genre in genres}
    found: list[Choice] = []
    for family in families:
        total = fsum(scores.get(genre, 0.0) for genre in family.genres)
        if not isnan(total):
            found.append(Choice(ScoredGenre(family.name, min(total, 1.0)), family))
    return min(found, key=lambda one: (-one.best.score, one.best.name), default=None)


def choose(
    genres: Sequence[ScoredGenre], families: Iterable[Family], threshold: float
) -> Choice | None:
    """Return what is sure: the best genre if it reaches the threshold, else the best family.

    Args:
        genres: all genres of a prediction, best first.
        families: of the model.
        threshold: in [0, 1].

    Returns:
        None if neither reaches it. A score that is not a number never does.
    """
    if not genres or isnan(genres[0].score):
        return None
    if genres[0].score >= threshold:
        return Choice(genres[0])
    family = best_family(genres, families)
    return family if family and family.best.score >= threshold else None
