"""The result of `genretag inspect` for one file."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import fmean

from genretag.domain.family import Choice
from genretag.domain.genre import fold_name
from genretag.domain.occlusion import Band, Effect
from genretag.domain.prediction import ScoredGenre
from genretag.domain.stored_tags import StoredTag
from genretag.domain.timeline import Timeline
from genretag.domain.unit import Source, Unit


@dataclass(frozen=True)
class Member:
    """What one track says about its unit.

    Attributes:
        path: its file.
        genre: the best one by its sound, or what the genre means that a person gave it; None for
            a silent track.
        score: of that genre, in [0, 1]; None for one that was given.
        given: the genres that a person gave it, where they count.
        is_own: whether it is the track that is inspected.
    """

    path: Path
    genre: str | None = None
    score: float | None = None
    given: tuple[str, ...] = ()
    is_own: bool = False


@dataclass(frozen=True)
class Decision:
    """What `scan` would decide for a file if it had no genre.

    Attributes:
        genres: the scores that decide, best first; none for a silent track.
        names: what would be written; empty if it is unsure.
        threshold: the score from which that is, in [0, 1].
        source: whose scores they are.
        unit: the tracks that are decided together; None for a track by itself.
        members: those of the unit, in the order of their files.
        failed: the files beside it that could not be read.
        choice: the genre or the family that is sure; None if neither is.
    """

    genres: tuple[ScoredGenre, ...]
    names: tuple[str, ...]
    threshold: float
    source: Source
    unit: Unit | None = None
    members: tuple[Member, ...] = ()
    failed: tuple[Path, ...] = ()
    choice: Choice | None = None

    @property
    def family(self) -> ScoredGenre | None:
        """The family that is sure where no genre is."""
        return self.choice.scored_family if self.choice else None

    @property
    def best(self) -> ScoredGenre | None:
        """That family, or else the genre with the highest score; None for a silent track."""
        return self.family or next(iter(self.genres), None)

    def agrees(self, member: Member) -> bool | None:
        """Return whether a member's genre is the decided one or of that family; None for none."""
        if member.genre is None or self.best is None:
            return None
        names = self.choice.names if self.choice else (self.best.name,)
        return fold_name(member.genre) in map(fold_name, names)


@dataclass(frozen=True, eq=False)
class Inspection:
    """The tags of one file, the prediction, and what speaks for it.

    Attributes:
        path: the file.
        container: what holds the tags; None if genretag cannot tag it.
        tags: as they are stored, in the order in which they are read.
        genres: as genretag reads them from the tags.
        stale: names of second tags that show another genre.
        timeline: predictions window by window.
        threshold: the score from which the best genre of a track by itself is written, in [0, 1].
        effects: effects of the stretches of each window on the best genre.
        bands: effects of the octaves of each window on it.
        set_probability: with what probability `likely_set` holds the true genre; None for no set.
        likely_set: a prediction set, best first.
        decision: what `scan` would decide; None for a file that it leaves out.
        family: the family that a track by itself is sure of where no genre is.
    """

    path: Path
    container: str | None
    tags: tuple[StoredTag, ...]
    genres: tuple[str, ...]
    stale: tuple[str, ...]
    timeline: Timeline
    threshold: float
    effects: tuple[tuple[Effect, ...], ...] = ()
    bands: tuple[tuple[Effect, ...], ...] = ()
    set_probability: float | None = None
    likely_set: tuple[ScoredGenre, ...] = ()
    decision: Decision | None = None
    family: ScoredGenre | None = None

    @property
    def best(self) -> ScoredGenre | None:
        """The genre with the highest score; None if all windows are silent."""
        return next(iter(self.timeline.prediction.genres), None)

    @property
    def is_sure(self) -> bool:
        """Whether a genre or a family scores enough to be written into a track by itself."""
        is_sure = self.best is not None and self.best.score >= self.threshold
        return is_sure or self.family is not None

    @property
    def octaves(self) -> tuple[tuple[Band, float], ...]:
        """Each octave and its mean worth over the windows, from the lowest."""
        worth: dict[Band, list[float]] = {}
        for effect in chain.from_iterable(self.bands):
            if effect.part.band:
                worth.setdefault(effect.part.band, []).append(effect.worth)
        return tuple((band, fmean(found)) for band, found in worth.items())
